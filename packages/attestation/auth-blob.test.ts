import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { AssayError } from '@assay/core';
import { createLog } from '@assay/daemon';
import { testClock } from '@assay/daemon/testing';
import { openSecrets, readAuthBlobs, rightCheck } from './auth-blob.ts';

const [older, newer, asking, other] = [
  'sixteen-letters!',
  'seventeen-letters',
  'one-that-only-asks',
  'another-that-only-asks',
] as const;

function folder(t: TestContext): string {
  const made = mkdtempSync(join(tmpdir(), 'assay-secrets-'));
  t.after(() => rmSync(made, { recursive: true }));
  return made;
}

test('T11 the server refuses a secret that is missing, empty, short, known, one of many, or readable by others', (t) => {
  const file = join(folder(t), 'auth-blob');
  const write = (text: string) => writeFileSync(file, text, { mode: 0o600 });
  assert.throws(() => readAuthBlobs(file), { code: 'config-value' });
  const known = ['i-am-openstack', 'i-am-openstack-too', 'changeme-changeme', 'CHANGE_ME_OR_ELSE', 'must change!....'];
  const bad = ['', '\n', 'short', 'fifteen-letters', 'with a space in it', ...known];
  const lists = [
    [older, 'short'],
    ['short', older],
    [older, '', newer],
    [older, newer, asking],
  ].map((lines) => lines.join('\n'));
  for (const text of [...bad, ...bad.slice(2).map((line) => `${older}\n${line}\n`), ...lists])
    assert.throws(
      () => {
        write(text);
        readAuthBlobs(file);
      },
      (error) => {
        assert.ok(error instanceof AssayError, text);
        assert.equal(error.code, 'config-value');
        for (const line of text.split('\n'))
          if (line.length > 3) assert.ok(!error.message.includes(line), 'the secret is not shown');
        return true;
      },
    );
  write(`${older}\r\n`);
  assert.deepEqual(readAuthBlobs(file), [older]);
  write(`${older}\n${newer}`);
  assert.deepEqual(readAuthBlobs(file), [older, newer]);
  for (const mode of [0o640, 0o604, 0o660]) {
    chmodSync(file, mode);
    assert.throws(() => readAuthBlobs(file), { code: 'config-value' });
  }
  assert.equal(statSync(file).mode & 0o777, 0o660);
});

test('T09 only the whole secret is the secret, under each of the names it is sent by', () => {
  const right = rightCheck({ write: [older, newer], read: [asking] });
  for (const name of ['x-auth-blob', 'auth_blob', 'auth-blob']) {
    assert.equal(right({ [name]: older }), 'write');
    assert.equal(right({ [name]: newer }), 'write');
    assert.equal(right({ [name]: asking }), 'read');
    for (const wrong of ['', 'sixteen-letters', 'sixteen-letters!!', 'SIXTEEN-LETTERS!', 'x'.repeat(100_000)])
      assert.equal(right({ [name]: wrong }), undefined);
  }
  assert.equal(right({}), undefined);
  assert.equal(rightCheck({ write: [], read: [] })({ 'x-auth-blob': '' }), undefined);
});

test('T09 two names may say the same; what differs is two guesses, and neither counts', () => {
  const right = rightCheck({ write: [older, newer], read: [asking] });
  assert.equal(right({ 'x-auth-blob': older, auth_blob: older }), 'write');
  for (const second of ['wrong', '', newer, asking])
    assert.equal(right({ 'x-auth-blob': older, 'auth-blob': second }), undefined, second);
});

function opened(t: TestContext) {
  const at = folder(t);
  const files = { auth_blob_file: join(at, 'write'), read_only_auth_blob_file: join(at, 'read') };
  const write = (...lines: string[]) => writeFileSync(files.auth_blob_file, lines.join('\n'), { mode: 0o600 });
  const read = (...lines: string[]) => writeFileSync(files.read_only_auth_blob_file, lines.join('\n'), { mode: 0o600 });
  write(older);
  read(asking);
  const clock = testClock();
  const lines: { level: string; msg: string; reason?: string }[] = [];
  const log = createLog('test', 'info', { write: (line: string) => void lines.push(JSON.parse(line)) });
  const right = openSecrets(files, { clock, log });
  const rights = (...secrets: string[]) => secrets.map((secret) => right({ 'x-auth-blob': secret }));
  return { files, write, read, clock, lines, log, rights };
}

test('a secret is replaced while clients still send the old one, and the old one ends when it is taken out', (t) => {
  const { write, clock, rights } = opened(t);
  assert.deepEqual(rights(older, newer, asking), ['write', undefined, 'read']);
  write(older, newer);
  assert.deepEqual(rights(older, newer), ['write', undefined], 'looked at once a second');
  clock.pass(1_000);
  assert.deepEqual(rights(older, newer, asking), ['write', 'write', 'read']);
  write(newer);
  clock.pass(1_000);
  assert.deepEqual(rights(older, newer, asking), [undefined, 'write', 'read']);
});

test('T11 a file that is wrong has no new secrets, one that is gone keeps its own, and the other goes on being read', (t) => {
  const { files, write, read, clock, lines, rights } = opened(t);
  read(asking, 'short');
  write(newer);
  clock.pass(1_000);
  assert.deepEqual(rights(older, newer, asking), [undefined, 'write', 'read']);
  clock.pass(1_000);
  rights(newer);
  const errors = lines.filter(({ level }) => level === 'error');
  assert.equal(errors.length, 1);
  assert.match(errors[0]?.reason ?? '', /read_only_auth_blob_file/);
  rmSync(files.auth_blob_file);
  clock.pass(1_000);
  assert.deepEqual(rights(newer), ['write']);
  read(other);
  clock.pass(1_000);
  assert.deepEqual(rights(asking, other), [undefined, 'read']);
});

test('T11 a secret that was taken out ends, also where its file is wrong otherwise', (t) => {
  const { write, read, clock, rights } = opened(t);
  write(older, newer);
  clock.pass(1_000);
  assert.deepEqual(rights(older, newer), ['write', 'write']);
  write(newer, '', 'short');
  read('short');
  clock.pass(1_000);
  assert.deepEqual(rights(older, newer, asking, 'short'), [undefined, 'write', undefined, undefined]);
  write(newer, '', '');
  clock.pass(1_000);
  assert.deepEqual(rights(older, newer), [undefined, 'write'], 'lines at the end that are empty do no harm');
});

test('T24 no secret, good or wrong, gets into the log', (t) => {
  const { write, read, clock, lines, rights } = opened(t);
  const guess = 'a-guess-of-somebody';
  rights(older, asking, guess);
  for (const change of [
    () => write(newer, 'short-but-secret'),
    () => read(newer),
    () => write('with a blank, secret'),
  ]) {
    change();
    clock.pass(1_000);
    rights(older, newer, guess);
  }
  const text = JSON.stringify(lines);
  assert.ok(lines.length > 2);
  for (const secret of [older, newer, asking, guess, 'short-but-secret', 'blank, secret'])
    assert.ok(!text.includes(secret), secret);
});

test('T11 a secret that only asks is in one file alone: at start refused, later not taken', (t) => {
  const { files, write, read, clock, log, rights } = opened(t);
  read(asking, older);
  assert.throws(() => openSecrets(files, { clock, log }), {
    code: 'config-value',
    where: `[attestation_server] read_only_auth_blob_file ${files.read_only_auth_blob_file}`,
  });
  clock.pass(1_000);
  assert.deepEqual(rights(older, asking), ['write', 'read']);
  write(newer);
  clock.pass(1_000);
  assert.deepEqual(rights(older, newer), ['read', 'write'], 'now it stands in one alone');
});
