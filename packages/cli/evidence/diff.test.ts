import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { AssayError } from '@assay/core';
import { parseEventLog } from '@assay/measurement';
import {
  buildIma,
  buildLog,
  corpusLog,
  corpusLogs,
  type EventWish,
  editLog,
  healthyLogs,
} from '@assay/measurement/testing';
import fc from 'fast-check';
import type { Change } from './diff/change.ts';
import { wordChanges } from './diff/words.ts';
import { diff } from './diff.ts';
import { fileOf, testWorld } from './testing/world.ts';

type Bytes = Uint8Array;

async function changesOf(t: TestContext, old: Bytes, now: Bytes) {
  const world = testWorld();
  const code = await diff(fileOf(t, old), fileOf(t, now), { all: true, json: true }, world);
  const report = JSON.parse(world.written()) as {
    same: boolean;
    changes: Change[];
    differing_pcrs?: { pcrs: number[] };
  };
  assert.equal(code, report.same ? 0 : 1);
  return { changes: report.changes, pcrs: report.differing_pcrs?.pcrs ?? [] };
}

async function pageOf(t: TestContext, old: Bytes, now: Bytes): Promise<string> {
  const world = testWorld();
  await diff(fileOf(t, old), fileOf(t, now), { all: false, json: false }, world);
  return world.written();
}

const sha256 = (text: string) => createHash('sha256').update(text).digest();
const utf16 = (text: string) => Buffer.from(text, 'utf16le');
const grub = (words: string): EventWish => ({
  pcr: 8,
  type: 'EV_IPL',
  data: Buffer.from(`grub_cmd: ${words}\0`),
  digests: { sha256: sha256(words) },
});
const cmdline = (words: string): EventWish => ({
  pcr: 8,
  type: 'EV_IPL',
  data: Buffer.from(`kernel_cmdline: ${words}\0`),
  digests: { sha256: sha256(words) },
});
const variable = (name: string, value: Bytes, type = 'EV_EFI_VARIABLE_DRIVER_CONFIG', pcr = 7): EventWish => {
  const head = Buffer.from('61dfe48bca93d211aa0d00e098032b8c', 'hex');
  const lengths = new BigUint64Array([BigInt(name.length), BigInt(value.length)]);
  return { pcr, type, data: Buffer.concat([head, Buffer.from(lengths.buffer), utf16(name), value]) };
};
const version = (text: string): EventWish => ({ pcr: 0, type: 'EV_S_CRTM_VERSION', data: utf16(`${text}\0`) });
const blob = (at: number, content: string): EventWish => ({
  pcr: 0,
  type: 'EV_EFI_PLATFORM_FIRMWARE_BLOB',
  data: Buffer.from(new BigUint64Array([BigInt(at), 4096n]).buffer),
  digests: { sha256: sha256(content) },
});
const file = (path: string, content: string): EventWish => ({
  pcr: 9,
  type: 'EV_IPL',
  data: Buffer.from(`${path}\0`),
  digests: { sha256: sha256(content) },
});
const separators = [0, 1, 2, 3, 4, 5, 6, 7].map(
  (pcr): EventWish => ({ pcr, type: 'EV_SEPARATOR', data: new Uint8Array(4) }),
);

const boot = ({
  crtm = '1.2',
  blobs = ['a', 'b', 'c'],
  secure = 1,
  line = '/vmlinuz ro quiet',
  kernel = 'kernel',
  order = [0, 1],
} = {}) =>
  buildLog([
    version(crtm),
    ...blobs.map((content, i) => blob(0x1000 * i, content)),
    variable('SecureBoot', Uint8Array.of(secure)),
    variable('BootOrder', Buffer.from(Uint16Array.from(order).buffer), 'EV_EFI_VARIABLE_BOOT2', 1),
    ...separators,
    grub(`linux ${line}`),
    file('/vmlinuz', kernel),
    cmdline(line),
    { pcr: 5, type: 'EV_EFI_ACTION', data: Buffer.from('Exit Boot Services Invocation') },
  ]);

test('a boot is no different from itself, be it real or made by hand', async (t) => {
  for (const log of [...corpusLogs.map(corpusLog), boot()])
    assert.deepEqual(await changesOf(t, log, log), { changes: [], pcrs: [] });
  assert.equal(await pageOf(t, boot(), boot()), 'no difference in what was measured\n');
});

test('the order in which things were measured makes no difference', async (t) => {
  const log = parseEventLog(corpusLog('event-gce-ubuntu-2104-log'));
  const swapped = editLog(log, (frames) => frames.with(9, frames[10]!).with(10, frames[9]!));
  assert.deepEqual((await changesOf(t, corpusLog('event-gce-ubuntu-2104-log'), swapped)).changes, []);
});

test('each change is named by its component, and by what it is', async (t) => {
  const page = await pageOf(
    t,
    boot(),
    boot({
      crtm: '1.3',
      blobs: ['a', 'B', 'C'],
      secure: 0,
      line: '/vmlinuz ro init=/bin/sh',
      kernel: 'another',
      order: [1, 0],
    }),
  );
  for (const line of [
    'firmware',
    '  firmware version: “1.2” → “1.3”',
    '  firmware code: 2 changed',
    '  secure boot: on → off',
    '  boot order: Boot0000, Boot0001 → Boot0001, Boot0000',
    'hypervisor',
    '  kernel command line: removed quiet; added init=/bin/sh',
    `  kernel file: other digest, sha256 ${sha256('kernel').toString('hex')} → ${sha256('another').toString('hex')} (“/vmlinuz”)`,
    'PCRs the logs lead to differently (sha256): 0-1, 7-9',
  ])
    assert.ok(page.split('\n').includes(line), `${line}\n---\n${page}`);
  assert.doesNotMatch(page, /separator|action|boot loader$/m);
});

test('what changed in a list is told with its digests', async (t) => {
  const { changes } = await changesOf(t, boot(), boot({ blobs: ['a', 'B', 'C'] }));
  const hex = (text: string) => sha256(text).toString('hex');
  for (const [i, name] of ['b', 'c'].entries())
    assert.match(
      changes[0]?.details[i] ?? '',
      new RegExp(`^changed: .*, sha256 ${hex(name)} → ${hex(name.toUpperCase())}$`),
    );
});

test('a change says which events it rests on, for programs', async (t) => {
  const { changes } = await changesOf(t, boot(), boot({ crtm: '1.3' }));
  assert.deepEqual(changes, [
    {
      component: 'firmware',
      what: 'firmware version',
      change: 'changed',
      text: 'firmware version: “1.2” → “1.3”',
      details: [],
      old: [1],
      new: [1],
    },
  ]);
});

test('a certificate less in db is named', async (t) => {
  const log = parseEventLog(corpusLog('event-arch-linux'));
  const db = log.events.find(({ kind, description }) => kind === 'variable' && description.startsWith('variable db:'))!;
  const value = db.kind === 'variable' && db.content ? db.content.value : new Uint8Array();
  const first = Buffer.from(value).readUInt32LE(16); // SignatureListSize of the first list, a certificate
  const wish = {
    ...db.frame,
    data: Buffer.concat([
      db.data.subarray(0, 16 + 8),
      Buffer.from(new BigUint64Array([BigInt(value.length - first)]).buffer),
      db.data.subarray(32, 36),
      value.subarray(first),
    ]),
  };
  const digests = wish.digests.map(({ algorithm, digest }) => ({
    algorithm,
    digest: createHash(digest.length === 20 ? 'sha1' : 'sha256')
      .update(wish.data)
      .digest(),
  }));
  const less = editLog(log, (frames) => frames.with(db.index, { ...wish, digests }));
  const { changes } = await changesOf(t, corpusLog('event-arch-linux'), less);
  assert.deepEqual(
    changes.map(({ text }) => text),
    ['db: certificate CN=Joe Richey (DB) removed'],
  );
});

test('every pair of different real boots differs, both ways, and no measurement that differs is left out', async (t) => {
  for (const old of healthyLogs)
    for (const now of healthyLogs.filter((name) => name !== old)) {
      const { changes, pcrs } = await changesOf(t, corpusLog(old), corpusLog(now));
      assert.ok(changes.length > 0 && pcrs.length > 0, `${old} ${now}`);
      const [was, is] = [corpusLog(old), corpusLog(now)].map((bytes) =>
        parseEventLog(bytes).events.filter(({ kind }) => kind !== 'no-action'),
      );
      const digest = ({ digests: { sha256: value } }: { digests: { sha256?: Uint8Array } }) => value?.toHex() ?? '';
      const mine = new Set(was?.map((event) => `${event.pcr} ${digest(event)}`));
      const fresh = is?.filter((event) => !mine.has(`${event.pcr} ${digest(event)}`)).map(({ index }) => index) ?? [];
      const told = new Set(changes.flatMap((change) => change.new));
      assert.deepEqual(
        fresh.filter((index) => !told.has(index)),
        [],
      );
    }
});

test('one changed digest anywhere is told', () => {
  const log = parseEventLog(corpusLog('event-gce-ubuntu-2104-log'));
  const measured = log.events.filter(({ kind }) => kind !== 'no-action').map(({ index }) => index);
  return fc.assert(
    fc.asyncProperty(fc.constantFrom(...measured), async (index) => {
      const { diffLogs } = await import('./diff/boot-log.ts');
      const changed = editLog(log, (frames) => {
        const frame = frames[index]!;
        const digests = frame.digests.map(({ algorithm, digest }) => ({
          algorithm,
          digest: Uint8Array.from(digest, (byte) => byte ^ 1),
        }));
        return frames.with(index, { ...frame, digests });
      });
      const { changes } = diffLogs(log, parseEventLog(changed));
      const was = log.events[changes[0]?.old[0] ?? -1]; // of several events that are alike, any one
      assert.deepEqual(
        [changes.length, was?.description, changes[0]?.new],
        [1, log.events[index]?.description, [index]],
      );
    }),
    { numRuns: 30 },
  );
});

test('IMA: files that are new, changed and gone are counted and named; order and repetition are not', async (t) => {
  const entry = (path: string, content = path) => ({ path, digest: sha256(content) });
  const old = [{ path: 'boot_aggregate' }, entry('/bin/a'), entry('/bin/b'), entry('/bin/c')];
  const now = [
    { path: 'boot_aggregate', digest: sha256('x') },
    entry('/bin/b', 'B'),
    entry('/bin/a'),
    entry('/bin/d'),
    entry('/bin/a'),
  ];
  const { changes } = await changesOf(t, buildIma(old), buildIma(now));
  assert.equal(changes[0]?.text, 'IMA: 1 file new, 1 changed, 1 not measured any more');
  assert.deepEqual(changes[0]?.details, [
    `new: /bin/d, sha256:${sha256('/bin/d').toString('hex')}`,
    `changed: /bin/b, sha256:${sha256('/bin/b').toString('hex')} → sha256:${sha256('B').toString('hex')}`,
    `gone: /bin/c, sha256:${sha256('/bin/c').toString('hex')}`,
  ]);
  assert.deepEqual(
    (
      await changesOf(
        t,
        buildIma(old),
        buildIma(old.toReversed().toSorted((a) => (a.path === 'boot_aggregate' ? -1 : 0))),
      )
    ).changes,
    [],
  );
});

test('command lines are compared word by word', () => {
  assert.deepEqual(wordChanges('root=/dev/a ro', 'root=/dev/b ro'), ['root=/dev/a → /dev/b']);
  assert.deepEqual(wordChanges('a b', 'b a'), ['the same words in another order']);
  assert.deepEqual(wordChanges('x="a b" y', 'x="a c" y'), ['x="a b" → "a c"']);
  assert.deepEqual(wordChanges('console=a', 'console=a console=b'), ['added console=b']);
  assert.deepEqual(wordChanges('a  b ', 'a b'), []);
  fc.assert(
    fc.property(fc.string(), fc.string(), (a, b) => wordChanges(a, b).length >= 0 && wordChanges(a, a).length === 0),
  );
});

const recorded = (boot: string, file = 'event-log.bin') =>
  readFileSync(new URL(`../../../test/corpus/boots/${boot}/${file}`, import.meta.url));

test('of boots that were recorded, those alike do not differ, and of each other the component that changed is named', async (t) => {
  const against = (boot: string) => pageOf(t, recorded('secure-boot'), recorded(boot));
  assert.equal(await against('secure-boot-again'), 'no difference in what was measured\n');
  for (const [boot, said] of [
    ['other-command-line', /^hypervisor\n[\s\S]* {2}kernel command line: added init=/m],
    ['other-kernel', /^hypervisor\n[\s\S]* {2}kernel image: other digest, sha256 /m],
    ['other-initrd', /^operating system\n {2}initrd file: other digest, sha256 /m],
    ['extra-application', /^boot loader\n {2}boot loader image: /m],
    ['no-secure-boot', /^firmware\n[\s\S]* {2}secure boot: on → off$/m],
  ] as const)
    assert.match(await against(boot), said, boot);
});

test('what cannot be compared is said, with the code diff has for trouble', async (t) => {
  await assert.rejects(
    () =>
      diff(
        fileOf(t, boot()),
        fileOf(t, buildIma([{ path: 'boot_aggregate' }])),
        { all: false, json: false },
        testWorld(),
      ),
    (error) => error instanceof AssayError && error.code === 'evidence-incomparable',
  );
  const run = (...args: string[]) =>
    new Promise((resolve) =>
      execFile(process.execPath, [join(import.meta.dirname, '../main.ts'), 'evidence', 'diff', ...args], (error) =>
        resolve(error?.code ?? 0),
      ),
    );
  const [one, other] = [fileOf(t, boot()), fileOf(t, boot({ secure: 0 }))];
  assert.deepEqual(
    await Promise.all([run(one, one), run(one, other), run(one), run(one, '/nowhere'), run('--help')]),
    [0, 1, 2, 2, 0],
  );
});
