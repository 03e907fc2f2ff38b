import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { parseIni } from './ini.ts';
import { loadConfig } from './load.ts';
import { flag, integer, list, multi, number, path, port, secret, text } from './option.ts';
import { sampleFile } from './sample.ts';

const options = {
  DEFAULT: {
    filters: multi({ help: 'May be repeated.', default: ['one', 'two'] }),
    words: list({ help: 'Some words.', default: ['a', 'b'] }),
    none: list({ help: 'No words.', default: [] }),
    dollar: text({ help: 'A dollar sign.', default: 'a$b$$c' }),
    empty: text({ help: 'Nothing.', default: '' }),
  },
  trust: {
    server: text({ help: 'Host name.' }),
    port: port({ help: 'Port.', default: 8443, aliases: ['old_port'] }),
    timeout: integer({ help: 'Seconds.', default: 60, min: 0 }),
    ratio: number({ help: 'Ratio.', default: 1.5 }),
    insecure: flag({ help: 'No check.', default: false }),
    ca: path({ help: 'CA.', optional: true }),
    state: path({ help: 'Folder.', default: '/var/lib/x' }),
    blob: secret({ help: 'Secret.' }),
    host: text({ help: `Long help. ${'word '.repeat(60)}`, default: 'this-machine', sample: '(the host name)' }),
  },
};
const sample = sampleFile('For a test.', options, {
  trust: { port: port({ help: 'Other.', default: 1 }) },
  more: { x: text({ help: 'X.', default: 'y' }) },
});

const folder = mkdtempSync(join(tmpdir(), 'assay-sample-'));
after(() => rmSync(folder, { recursive: true }));

test('a sample sets nothing and has no line beyond 100 letters', () => {
  assert.deepEqual(parseIni(sample, 'sample'), []);
  for (const line of sample.split('\n')) assert.ok(line.length <= 100, line);
});

test('each option stands once, below its help, with kind and default', () => {
  assert.match(sample, /# Port\.\n# \(port: a port from 1 to 65535\)\n# Former names: old_port\n#port = 8443\n/);
  assert.match(sample, /# Host name\.\n# \(text; required\)\n#server =\n/);
  assert.match(sample, /\[more\]\n\n# X\./);
  assert.equal(sample.match(/#port =/g)?.length, 1);
  assert.ok(!sample.includes('this-machine'));
});

test('taking out the number signs changes no default', () => {
  const required = ['server', 'blob', 'ca', 'host'];
  const taken = sample
    .split('\n')
    .map((line) => (/^#\w/.test(line) && !required.some((name) => line.startsWith(`#${name} `)) ? line.slice(1) : line))
    .join('\n');
  const plain = '[trust]\nserver = a\nblob = b\n';
  writeFileSync(join(folder, 'plain'), plain);
  writeFileSync(join(folder, 'taken'), `${taken}\n${plain}`);
  const { warnings: _, ...one } = loadConfig([join(folder, 'plain')], options);
  const { warnings: __, ...other } = loadConfig([join(folder, 'taken')], options);
  assert.deepEqual(other, one);
});
