import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { makeEvidence, softwareTpm } from '@assay/appraisal/testing';
import { AssayError } from '@assay/core';
import { parseEventLog } from '@assay/measurement';
import {
  buildIma,
  buildLog,
  type CorpusLog,
  corpusLog,
  corpusLogs,
  editLog,
  expectedPcrs,
  healthyLogs,
  imaPcrValue,
} from '@assay/measurement/testing';
import { show } from './show.ts';
import { fileOf, type TestWorld, testWorld } from './testing/world.ts';

type Report = {
  kind: string;
  pcrs: Record<string, Record<string, string>>;
  strange: { code: string; offset?: number; event?: number; usual?: true }[];
  events: { description: string; strange: string[] }[];
};

async function shown(files: readonly string[], world: TestWorld = testWorld(), all = false): Promise<string> {
  const code = await show(files, { all, json: false }, world);
  assert.equal(code, world.complaints.length ? 1 : 0);
  return world.written();
}

async function reports(files: readonly string[], world = testWorld()) {
  await show(files, { all: false, json: true }, world);
  const { evidence, together } = JSON.parse(world.written()) as {
    evidence: Report[];
    together: { holds: string[]; strange: { code: string }[] };
  };
  return { evidence, together };
}

const logFile = (t: TestContext, name: CorpusLog) => fileOf(t, corpusLog(name));
const codes = (report: Report | undefined, grave = true) =>
  (report?.strange ?? []).filter(({ usual }) => !grave || !usual).map(({ code }) => code);

test('PCR values shown of a real log are those its TPM held', async (t) => {
  for (const name of corpusLogs) {
    const { evidence } = await reports([logFile(t, name)]);
    for (const [bank, values] of Object.entries(expectedPcrs(name)))
      for (const [pcr, value] of values) assert.equal(evidence[0]?.pcrs[bank]?.[pcr], value, `${name} ${bank} ${pcr}`);
  }
});

test('nothing is said to be strange about a healthy log that healthy machines do not have', async (t) => {
  for (const name of healthyLogs) {
    assert.deepEqual(codes((await reports([logFile(t, name)])).evidence[0]), [], name);
  }
});

test('a person reads first what was booted', async (t) => {
  const page = await shown([logFile(t, 'event-gce-ubuntu-2104-log')]);
  const [summary = ''] = page.split('PCRs the log leads to');
  for (const words of [
    'GCE Virtual Firmware v1',
    /secure boot\s+off/,
    /grubx64\.efi/,
    /kernel\s+\/boot\/vmlinuz/,
    'panic=-1',
  ])
    assert.match(summary, new RegExp(words));
  assert.match(
    page,
    /^ {2} {2}14 {4}4 {2}EV_EFI_ACTION +3d6772b4 {2}action “Calling EFI Application from Boot Option”$/m,
  );
});

test('L05 a missing separator is listed as strange, with the PCR', async (t) => {
  const log = parseEventLog(corpusLog('ovmf-linux-6.1'));
  const separator = log.events.findIndex(({ pcr, type }) => pcr === 2 && type === 'EV_SEPARATOR');
  const without = editLog(log, (frames) => frames.toSpliced(separator, 1));
  assert.deepEqual(codes((await reports([logFile(t, 'ovmf-linux-6.1')])).evidence[0]), []);
  assert.deepEqual(codes((await reports([fileOf(t, without)])).evidence[0]), ['separator-missing']);
  assert.match(await shown([fileOf(t, without)]), /^! separator-missing: .*PCR 2/m);
});

test('L04 an event whose data is not what was measured is marked in its row, and listed with its place in the file', async (t) => {
  const log = parseEventLog(corpusLog('ovmf-linux-6.1'));
  const action = log.events.find(({ type }) => type === 'EV_EFI_ACTION');
  assert.ok(action);
  const lie = editLog(log, (frames) =>
    frames.with(action.index, { ...action.frame, data: Buffer.from('Calling EFI Application from Boot Optiom') }),
  );
  const file = fileOf(t, lie);
  const found = (await reports([file])).evidence[0];
  assert.ok(
    found?.strange.some(
      ({ code, event, offset }) => code === 'log-data-mismatch' && event === action.index && offset === action.offset,
    ),
  );
  const page = await shown([file]);
  assert.match(page, new RegExp(`^! +${action.index} `, 'm'));
  assert.match(page, new RegExp(`^! log-data-mismatch, at byte ${action.offset}: .*event ${action.index} `, 'm'));
});

test('L23 a log cut anywhere is shown up to there, and the place is named', async (t) => {
  const whole = corpusLog('ovmf-linux-6.1');
  for (const length of [100, 500, whole.length - 1]) {
    const { evidence } = await reports([fileOf(t, whole.subarray(0, length))]);
    assert.ok(codes(evidence[0]).includes('log-broken'), `${length}`);
  }
});

/** Bold and colours. */
const ours = [1, 22, 31, 33, 39].map((style) => `\u001b[${style}m`);

test('L34 a hostile event steers no terminal, neither as text nor as JSON', async (t) => {
  const log = buildLog([{ pcr: 8, type: 'EV_IPL', data: Buffer.from('grub_cmd: \u001b[2J\u009b31m\u202e\0') }]);
  for (const json of [false, true]) {
    const world = testWorld({ terminal: 100 });
    await show([fileOf(t, log)], { all: true, json }, world);
    const plain = ours.reduce((text, colour) => text.replaceAll(colour, ''), world.written());
    assert.match(plain, /31m/);
    assert.doesNotMatch(plain.replaceAll('\n', ''), /[\p{Cc}\p{Cf}]/u);
  }
});

const ima = [{ path: 'boot_aggregate' }, { path: '/usr/bin/login' }, { path: '/usr/sbin/sshd' }];

test('an IMA list is shown with its files and what PCR 10 would hold', async (t) => {
  const page = await shown([fileOf(t, buildIma(ima))]);
  assert.match(page, /3 entries/);
  assert.match(page, /\/usr\/bin 1, \/usr\/sbin 1/);
  assert.match(page, new RegExp(imaPcrValue(ima, 'sha256').toString('hex')));
  assert.match(page, /^ {2} +1 {2}ima-ng +sha256:\w{8} +\/usr\/bin\/login$/m);
  assert.match(page, /strange +nothing is/);
});

test('I01 a violation is marked and listed', async (t) => {
  const { evidence } = await reports([fileOf(t, buildIma([...ima, { path: '/var/log/x', violation: true }]))]);
  assert.deepEqual(codes(evidence[0]), ['ima-violation']);
  assert.match(
    await shown([fileOf(t, buildIma([...ima, { path: '/var/log/x', violation: true }]))]),
    /^! +3 .*\/var\/log\/x$/m,
  );
});

test('of a long list the ends are shown, and all of it when that is asked for', async (t) => {
  const long = [...ima, ...Array.from({ length: 500 }, (_, i) => ({ path: `/usr/lib/${i}` }))];
  const file = fileOf(t, buildIma(long));
  const short = await shown([file]);
  assert.match(short, /… 463 more: --all shows them/);
  assert.ok(short.includes('/usr/lib/499') && !short.includes('/usr/lib/250'));
  assert.match(await shown([file], testWorld(), true), /\/usr\/lib\/250/);
});

test('a bank that no event carries is no reproach to a log that SHA-256 proves; one that only some carry is', async (t) => {
  const log = corpusLog('event-arch-linux');
  const sizes = parseEventLog(log);
  assert.ok(sizes.algorithms.length > 1, 'a log of several banks');
  const lacking = (keep: (index: number) => boolean) =>
    editLog(sizes, (frames) =>
      frames.map((frame, index) =>
        index === 0 || keep(index)
          ? frame
          : { ...frame, digests: frame.digests.filter(({ digest }) => digest.length === 32) },
      ),
    );
  const none = fileOf(
    t,
    lacking(() => false),
  );
  const [report] = (await reports([none])).evidence;
  assert.deepEqual(codes(report), []);
  assert.ok(codes(report, false).includes('log-no-digest'));
  assert.match(await shown([none]), /^· log-no-digest: no event has a digest of bank \w+: sha256 proves it$/m);
  const some = fileOf(
    t,
    lacking((index) => index < 10),
  );
  assert.ok(codes((await reports([some])).evidence[0]).includes('log-no-digest'));
});

test('stored evidence is taken apart, and its parts are held against one another', async (t) => {
  const { akKey, akPublic } = softwareTpm();
  const log = corpusLog('ovmf-linux-6.1');
  const evidence = makeEvidence({ akKey, nonce: Buffer.from('0badcafe', 'hex'), log });
  const key = fileOf(t, akPublic);
  const honest = await reports([fileOf(t, JSON.stringify(evidence)), key]);
  assert.deepEqual(
    honest.evidence.map(({ kind }) => kind),
    ['boot-log', 'attest', 'signature', 'pcr-values', 'public-key'],
  );
  assert.deepEqual([honest.together.holds.length, honest.together.strange], [3, []]);
  const other = makeEvidence({
    akKey,
    nonce: Buffer.from('0badcafe', 'hex'),
    log: corpusLog('event-sd-boot-fedora37'),
  });
  const mixed = await reports([
    fileOf(t, JSON.stringify({ ...evidence, event_log: other.event_log, quote: other.quote })),
    key,
  ]);
  const page = await shown([fileOf(t, JSON.stringify({ ...evidence, event_log: other.event_log }))]);
  assert.match(page, /log-replay-mismatch[\s\S]*Or the files are of different boots/);
  const strange = new Set(mixed.together.strange.map(({ code }) => code));
  assert.deepEqual(strange, new Set(['quote-signature', 'pcr-digest-mismatch', 'log-replay-mismatch']));
});

test('a log that several files come with is read from standard input as well', async (t) => {
  const world = testWorld({ stdin: corpusLog('event-uefivar') });
  assert.match(
    await shown(['-', logFile(t, 'event-uefiaction')], world),
    /standard input: boot log[\s\S]*file: boot log/,
  );
});

test('one file that cannot be read or recognised costs the exit code, not the others', async (t) => {
  const world = testWorld();
  const page = await shown([fileOf(t, 'nothing we know'), logFile(t, 'event-uefivar'), '/nowhere/at-all'], world);
  assert.match(page, /boot log/);
  assert.deepEqual(
    world.complaints.map((error) => error instanceof AssayError && error.code),
    ['file-unknown', 'file-unreadable'],
  );
});

test('without a file it is this machine’s own log, list and PCR values; without those it says what it takes', async (t) => {
  const root = mkdtempSync(join(tmpdir(), 'assay-evidence-'));
  t.after(() => rmSync(root, { recursive: true, force: true }));
  const none = testWorld({ root });
  assert.equal(await shown([], none), '');
  assert.equal((none.complaints[0] as AssayError).code, 'machine-evidence');
  const put = (path: string, bytes: Uint8Array | string) => {
    mkdirSync(join(root, path, '..'), { recursive: true });
    writeFileSync(join(root, path), bytes);
  };
  put('sys/kernel/security/tpm0/binary_bios_measurements', corpusLog('ovmf-linux-6.1'));
  put('sys/kernel/security/ima/binary_runtime_measurements', buildIma(ima));
  const held = expectedPcrs('ovmf-linux-6.1').sha256;
  for (let pcr = 0; pcr < 24; pcr++) {
    const value = pcr === 10 ? imaPcrValue(ima, 'sha256').toString('hex') : (held?.get(pcr) ?? '0'.repeat(64));
    put(`sys/class/tpm/tpm0/pcr-sha256/${pcr}`, `${value.toUpperCase()}\n`);
  }
  const { together, evidence } = await reports([], testWorld({ root }));
  assert.deepEqual(
    evidence.map(({ kind }) => kind),
    ['boot-log', 'ima-list', 'pcr-values'],
  );
  assert.match(together.holds.join('\n'), /leads to the sha256 values of .* in PCR 0-9/);
  assert.match(together.holds.join('\n'), /leads to PCR 10 of .* after 3 entries/);
  assert.deepEqual(
    together.strange.map(({ code }) => code),
    ['ima-boot-aggregate'],
    'the list is made by hand, of another boot',
  );
});

test('what a host with a real firmware, kernel and TPM sent belongs together', async () => {
  const boot = (file: string) =>
    fileURLToPath(new URL(`../../../test/corpus/boots/secure-boot/${file}`, import.meta.url));
  const { together, evidence } = await reports(['boot.json', 'event-log.bin', 'ima.bin', 'ima.txt'].map(boot));
  assert.deepEqual(
    evidence.flatMap((report) => codes(report)),
    [],
  );
  assert.deepEqual(together.strange, []);
  for (const said of [
    /quote has the digest of these values/,
    /sha256 values .* PCR 0-9/,
    /ima\.bin leads to PCR 10/,
    /ima\.txt leads to PCR 10/,
    /belongs to the boot/,
  ])
    assert.match(together.holds.join('\n'), said);
});

test('I01 of more violations than are kept all are counted, and what is left out is said', async (t) => {
  const many = Array.from({ length: 1200 }, (_, i) => ({ path: `/var/log/${i}`, violation: true }));
  const file = fileOf(t, buildIma([...ima, ...many]));
  const short = await shown([file]);
  assert.match(short, /strange +1200 things/);
  assert.match(short, /ima-violation: and 1180 more \(--all\)/);
  assert.match(await shown([file], testWorld(), true), /ima-violation: and 200 more, left out here: at most 1000/);
  const world = testWorld();
  await show([file], { all: true, json: true }, world);
  assert.deepEqual(JSON.parse(world.written()).evidence[0].strange_left_out, { 'ima-violation': 200 });
});

test('what is no file that can be read is said in words, and what is under /sys is the kernel’s', async () => {
  const world = testWorld();
  await shown([import.meta.dirname, '/nowhere/at-all'], world);
  const [folder, none] = world.complaints.map((error) => (error as AssayError).message);
  assert.match(folder ?? '', /got a directory; name its files$/);
  assert.match(none ?? '', /got none of this name$/);
});

const launcher = join(import.meta.dirname, '../main.ts');

test('the reader of our output may go away, and the shell sees no fault', async (t) => {
  const long = fileOf(t, buildIma(Array.from({ length: 30_000 }, (_, i) => ({ path: `/usr/lib/${i}` }))));
  const child = spawn(process.execPath, [launcher, 'evidence', 'show', '--all', long], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let complaint = '';
  child.stderr.on('data', (part) => (complaint += part));
  child.stdout.once('data', () => child.stdout.destroy());
  const code = await new Promise((resolve) => child.on('close', resolve));
  assert.deepEqual([code, complaint], [0, '']);
});

test('a key shown by its name is the one tpm2-tools names: nameAlg and the hash of the public area', async (t) => {
  const area = softwareTpm().akPublic;
  const page = await shown([fileOf(t, area)]);
  assert.match(page, new RegExp(`name +000b${createHash('sha256').update(area).digest('hex')}`));
  assert.match(page, /for +attestation: signs only what its TPM says$/m);
});
