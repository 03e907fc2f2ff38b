import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { AssayError } from '@assay/core';
import { loadConfig } from './load.ts';
import { flag, integer, list, multi, number, oneOf, path, port, type Sections, secret, text } from './option.ts';

const folder = mkdtempSync(join(tmpdir(), 'assay-config-'));
after(() => rmSync(folder, { recursive: true }));

const options = {
  DEFAULT: {
    scheduler_available_filters: multi({ help: 'Filters that exist.', default: ['all'] }),
    scheduler_default_filters: list({ help: 'Filters used.', default: ['RamFilter'] }),
    state_path: path({ help: 'Folder.', default: '/var/lib/nova' }),
  },
  trusted_computing: {
    attestation_server: text({ help: 'Host name.' }),
    attestation_port: port({ help: 'Port.', default: 8443, aliases: ['port', 'old_section.port'] }),
    attestation_auth_blob: secret({ help: 'Secret.', optional: true }),
    attestation_server_ca_file: path({ help: 'CA.', optional: true }),
    attestation_insecure_ssl: flag({ help: 'No check.', default: false }),
    attestation_auth_timeout: integer({ help: 'Seconds.', default: 60, min: 0, max: 3600 }),
    ratio: number({ help: 'Ratio.', default: 1.5 }),
    mode: oneOf(['strict', 'lenient'], { help: 'Mode.', default: 'strict' }),
  },
} satisfies Sections;

let files = 0;
function file(content: string): string {
  const name = join(folder, `${files++}.conf`);
  writeFileSync(name, content);
  return name;
}
const load = (...contents: string[]) => loadConfig(contents.map(file), options);

test('declared options come with their types, absent ones with their defaults', () => {
  const { DEFAULT, trusted_computing: trust } = load('[trusted_computing]\nattestation_server = attest.example\n');
  const server: string = trust.attestation_server;
  const blob: string | undefined = trust.attestation_auth_blob;
  const timeout: number = trust.attestation_auth_timeout;
  const mode: 'strict' | 'lenient' = trust.mode;
  assert.deepEqual([server, blob, timeout, mode], ['attest.example', undefined, 60, 'strict']);
  assert.deepEqual(trust.attestation_port, 8443);
  assert.deepEqual(DEFAULT.scheduler_default_filters, ['RamFilter']);
});

test('a later file wins, the last repetition wins, multi gathers from all', () => {
  const conf = load(
    '[DEFAULT]\nscheduler_available_filters = a\nscheduler_available_filters = b\n[trusted_computing]\nattestation_server = one\nattestation_port = 1\nattestation_port = 2\n',
    '[DEFAULT]\nscheduler_available_filters = c\n[Trusted_Computing]\nattestation_server = two\n',
  );
  assert.deepEqual(conf.DEFAULT.scheduler_available_filters, ['a', 'b', 'c']);
  assert.equal(conf.trusted_computing.attestation_server, 'two');
  assert.equal(conf.trusted_computing.attestation_port, 2);
});

const where = (error: unknown) => (error as AssayError).where.replace(/^.*\//, '');

for (const [option, value, got] of [
  ['attestation_port', 'eight', 'eight'],
  ['attestation_port', '0', '0'],
  ['attestation_port', '65536', '65536'],
  ['attestation_port', '', 'nothing'],
  ['attestation_port', '8443 # comment', '8443 # comment'],
  ['attestation_auth_timeout', '-1', '-1'],
  ['attestation_auth_timeout', '1e3', '1e3'],
  ['attestation_insecure_ssl', 'maybe', 'maybe'],
  ['ratio', '1,5', '1,5'],
  ['mode', 'Strict', 'Strict'],
  ['attestation_server', '', 'nothing'],
] as const) {
  test(`${option} = ${value} is refused with file, section and option`, () => {
    assert.throws(
      () => load(`[trusted_computing]\nattestation_server = a\n${option} = ${value}\n`),
      (error: AssayError) => {
        assert.equal(error.code, 'config-value');
        assert.match(where(error), new RegExp(`^\\d+\\.conf \\[trusted_computing\\] ${option}$`));
        assert.ok(error.message.includes(`got ${got}`), error.message);
        assert.ok(error.message.includes('line 3'), error.message);
        return true;
      },
    );
  });
}

test('a required option that is absent is refused with what to add', () => {
  assert.throws(
    () => load('[DEFAULT]\n'),
    (error: AssayError) =>
      error.code === 'config-missing' &&
      /\[trusted_computing\] attestation_server$/.test(error.where) &&
      error.message.includes('Host name'),
  );
});

test('a file that is missing, or no UTF-8, is refused by name', () => {
  assert.throws(() => loadConfig([join(folder, 'none.conf')], options), { code: 'config-file' });
  const name = join(folder, 'latin1.conf');
  writeFileSync(name, Buffer.from([0x5b, 0x61, 0xe9, 0x5d]));
  assert.throws(() => loadConfig([name], options), { code: 'config-file', where: name });
});

test('the boolean words are those of oslo.config, in any case', () => {
  for (const [word, value] of [
    ['True', true],
    ['1', true],
    ['ON', true],
    ['yes', true],
    ['false', false],
    ['0', false],
    ['Off', false],
    ['no', false],
  ] as const)
    assert.equal(
      load(`[trusted_computing]\nattestation_server = a\nattestation_insecure_ssl = ${word}\n`).trusted_computing
        .attestation_insecure_ssl,
      value,
    );
});

test('a list drops blanks around its words and a comma at its end', () => {
  const conf = load(
    '[DEFAULT]\nscheduler_default_filters = RamFilter,\n  ComputeFilter , TrustedFilter,\n[trusted_computing]\nattestation_server = a\n',
  );
  assert.deepEqual(conf.DEFAULT.scheduler_default_filters, ['RamFilter', 'ComputeFilter', 'TrustedFilter']);
});

test('$option takes another value, also from another section, a default, or an option that is not ours', () => {
  const conf = load(
    '[DEFAULT]\nbase = /srv\nstate_path = $base/nova\n[trusted_computing]\nattestation_server = ${DEFAULT.base}$$x\\$y $1\nattestation_server_ca_file = ${DEFAULT.state_path}/${attestation_port}.pem\n',
  );
  assert.equal(conf.DEFAULT.state_path, '/srv/nova');
  assert.equal(conf.trusted_computing.attestation_server, '/srv$x$y $1');
  assert.equal(conf.trusted_computing.attestation_server_ca_file, '/srv/nova/8443.pem');
});

test('$option that is set nowhere, or refers to itself, is refused', () => {
  assert.throws(() => load('[trusted_computing]\nattestation_server = $none\n'), { code: 'config-value' });
  assert.throws(() => load('[trusted_computing]\nattestation_server = $a\na = $attestation_server\n'), {
    code: 'config-value',
  });
});

test('a secret is never shown', () => {
  for (const blob of ['hunter2$none', 'hunter2$attestation_auth_blob'])
    assert.throws(
      () => load(`[trusted_computing]\nattestation_server = a\nattestation_auth_blob = ${blob}\n`),
      (error: AssayError) => error.code === 'config-value' && !/hunter2|none/.test(error.message),
    );
});

test('a secret in a file that everybody can read is warned about', () => {
  const name = file('[trusted_computing]\nattestation_server = a\nattestation_auth_blob = hunter2\n');
  chmodSync(name, 0o644);
  assert.match(loadConfig([name], options).warnings.join(), /everybody on this machine can read the secret/);
  chmodSync(name, 0o640);
  assert.deepEqual(loadConfig([name], options).warnings, []);
});

test('a former name is read with a warning, the present one wins over it', () => {
  const conf = load('[trusted_computing]\nattestation_server = a\nport = 1000\n');
  assert.equal(conf.trusted_computing.attestation_port, 1000);
  assert.match(conf.warnings[0] ?? '', /line 3: \[trusted_computing\] port is a former name/);
  const both = load(
    '[trusted_computing]\nattestation_server = a\nattestation_port = 2000\nport = 1000\n[old_section]\nport = 3000\n',
  );
  assert.equal(both.trusted_computing.attestation_port, 2000);
});

test('a relative path counts from the folder of its file', () => {
  const conf = load('[trusted_computing]\nattestation_server = a\nattestation_server_ca_file = tls/ca.pem\n');
  assert.equal(conf.trusted_computing.attestation_server_ca_file, join(folder, 'tls/ca.pem'));
});

test('what is not ours is left alone: one warning per section, a slip of the pen by name', () => {
  const conf = load(
    '[DEFAULT]\nlog_dir = /var/log/nova\ntransport_url = rabbit://\n[neutron]\nurl = x\n[trusted_computing]\nattestation_server = a\natestation_port = 1\n[trusted_computng]\nx = y\n[default]\na = b\n',
  );
  assert.deepEqual(
    conf.warnings.map((line) => line.replace(/^.*\/\d+\.conf/, '')),
    [
      ' line 8: [trusted_computing] atestation_port is not an option of this service; is attestation_port meant?',
      ': section [trusted_computng] is not read; is [trusted_computing] meant?',
      ': section [default] is not read; is [DEFAULT] meant?',
      ' [DEFAULT]: options this service does not read: log_dir, transport_url',
    ],
  );
});
