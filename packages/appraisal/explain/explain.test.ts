// What an operator is told of boots that differ: real logs of shim, GRUB and a kernel, and the lab's.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { AssayError } from '@assay/core';
import { parseEventLog, withDigests, writeEventLog } from '@assay/measurement';
import { editLog, frameOf, logGuids, variableData } from '@assay/measurement/testing';
import fc from 'fast-check';
import { type JudgementInput, judge } from '../appraise.ts';
import { bootPcrs } from '../policy/policy.ts';
import type { QuotedEvent } from '../reference/learn.ts';
import { measurements, namedValue, scene, sequence, testPolicy } from '../testing/index.ts';
import { acceptable } from './accept.ts';
import { explain } from './explain.ts';
import { wholeName } from './sought.ts';
import { type Booted, booted, labLog, recordedLog, taughtBy } from './testing/boot.ts';

const day = 86_400_000;
const golden = scene(recordedLog('secure-boot'));
const lab = scene(labLog());
const labEvents = parseEventLog(labLog());
const other = createHash('sha256').update('another').digest();
const changed = (index: number) => writeEventLog(withDigests(labEvents, index, { sha256: other }));
const kernel = 10;

test('nothing differs on a host that is trusted', () => {
  const { told, verdict } = booted(golden, golden.log);
  assert.equal(verdict.trust, 'trusted');
  assert.deepEqual([told.differences, told.commands], [[], []]);
  assert.equal(told.summary, `node1 is trusted in pool default: ${verdict.reason}`);
});

test('another command line is told by the words that differ', () => {
  const { told } = booted(golden, recordedLog('other-command-line'));
  const line = told.differences.find(({ claim }) => claim === 'kernel command line');
  assert.match(
    line?.text ?? '',
    /^event 42 \(PCR 8, EV_IPL\) measures another kernel command line .*: … init=\/bin\/sh$/,
  );
  assert.match(line?.expected ?? '', /^sha256 65a67832.*“kernel_cmdline: \/kernel console=ttyS0 quiet”\)$/);
  assert.match(line?.seen ?? '', /^sha256 a4347cdf.*“kernel_cmdline: \/kernel console=ttyS0 quiet init=\/bin\/sh”\)$/);
  assert.equal(line?.finding.code, 'measurement-unknown');
  const [first] = told.differences.filter(({ component }) => component === 'hypervisor');
  assert.match(
    first?.resembles ?? '',
    /^same kernel file, kernel image as what was learnt from golden .*, other kernel command line: … init=\/bin\/sh$/,
  );
  assert.match(told.summary, /^node1 is untrusted in pool default: event 42 .*init=\/bin\/sh; 2 more things differ$/);
});

test('another kernel is told once, with what it resembles and the commands that would mend it', () => {
  const { told } = booted(golden, recordedLog('other-kernel'));
  assert.deepEqual(
    told.differences.map(({ claim, event }) => [claim, event?.index]),
    [
      ['kernel file', 39],
      ['kernel image', 40],
    ],
    'event 41 is event 40 once more',
  );
  assert.match(told.differences[0]?.resembles ?? '', /^same command that starts the kernel, kernel command line as /);
  assert.deepEqual(
    told.commands.map(({ command }) => command),
    [
      'assay reference import-package PACKAGE.deb',
      'assay host accept node1 --component hypervisor --because "…"',
      'assay host attest node1',
    ],
    'not learnt from the host that shows it',
  );
  assert.ok(told.commands.every(({ effect }) => effect.length > 10));
});

test('learning from the host comes last, and not where a package differs', () => {
  const commands = (index: number) => booted(lab, changed(index)).told.commands.map(({ command }) => command);
  assert.deepEqual(commands(21), [
    'assay host accept node1 --component hypervisor --because "…"',
    'assay host attest node1',
    'assay reference learn node1',
  ]);
  assert.ok(!commands(kernel).some((command) => command.includes(' learn ')));
});

test('commands are of the pool that was asked for', () => {
  const policy = testPolicy({ pool: 'silver' }, { pcrs: bootPcrs });
  const accepts = ({ told }: Booted) =>
    told.commands.flatMap(({ command }) => (/accept/.test(command) ? [command] : []));
  assert.deepEqual(accepts(booted(lab, changed(kernel), undefined, { policy })), [
    'assay host accept node1 --component hypervisor --pool silver --because "…"',
  ]);
  const { verdict } = booted(lab, lab.log);
  const state = { findings: [{ code: 'pool-foreign', message: 'x' }], pool: 'silver' };
  const labels = { zone: 'dmz', 'rack.id': 'a 1' };
  const foreign = explain({ verdict: { ...verdict, ...state }, connected: true, labels, now: lab.now });
  assert.deepEqual(
    foreign.commands.map(({ command }) => command),
    ["assay host label node1 zone=dmz 'rack.id=a 1'"],
  );
  assert.match(foreign.findings[0]?.remedy ?? '', /assay host show/);
});

test('a kernel of a package is called by its name, also when only the command line differs', () => {
  const values = taughtBy(golden, {});
  const seen = booted(golden, recordedLog('other-kernel')).events;
  const one = (claim: string) => seen.find((part) => part.claim === claim)?.digests ?? {};
  const name = 'linux-image';
  const content = measurements(
    { claim: 'kernel image', digests: one('kernel image') },
    { claim: 'kernel file', digests: one('kernel file') },
  );
  const known = namedValue(name, 'hypervisor', content, { version: '6.1.0-31' });
  const both = editLog(parseEventLog(recordedLog('other-command-line')), (frames) => {
    const kernels = parseEventLog(recordedLog('other-kernel')).events;
    const line = parseEventLog(recordedLog('other-command-line')).events;
    return frames.map((frame, i) => {
      const is = line[i];
      const from =
        is && kernels.find(({ pcr, type, index }) => pcr === is.pcr && type === is.type && index === is.index);
      return from && [39, 40, 41].includes(i) ? from.frame : frame;
    });
  });
  const { told } = booted(golden, both, [...values, known]);
  const [first] = told.differences.filter(({ component }) => component === 'hypervisor');
  assert.match(
    first?.resembles ?? '',
    /same kernel file, kernel image as linux-image 6\.1\.0-31, other .*: … init=\/bin\/sh/,
  );
});

test('where several are known good, one is told and how many others there are', () => {
  const values = taughtBy(golden, {});
  const of = (text: string, name: string) => {
    const digests = { sha256: createHash('sha256').update(text).digest('hex') };
    return namedValue(name, 'hypervisor', measurements({ claim: 'kernel image', digests }));
  };
  const gone = { ...of('0', 'linux 0'), state: 'retired' as const };
  const { told } = booted(golden, recordedLog('other-kernel'), [
    ...values,
    of('1', 'linux 1'),
    of('2', 'linux 2'),
    gone,
  ]);
  const difference = told.differences.find(({ claim }) => claim === 'kernel image');
  assert.match(difference?.expected ?? '', /^sha256 .*, or one of 2 others known good$/);
  assert.doesNotMatch(told.differences.find(({ claim }) => claim === 'kernel file')?.expected ?? '', /other/);
  // Of two sequences, while an update is under way, the one that stays the same is told.
  const update = {
    ...namedValue('aa', 'hypervisor', sequence(booted(lab, changed(kernel)).events, 'hypervisor')),
    state: 'next' as const,
  };
  const third = writeEventLog(
    withDigests(labEvents, kernel, { sha256: createHash('sha256').update('third').digest() }),
  );
  const [during] = booted(lab, third, [...taughtBy(lab), update]).told.differences;
  const old = labEvents.events[kernel]?.digests.sha256?.toHex();
  assert.equal(during?.expected, `sha256 ${old}, or 1 other known good`);
  assert.equal(during?.finding.expected, during?.expected);
});

test('another Secure Boot database is told in words, and that it is one', () => {
  const log = parseEventLog(golden.log);
  const db = log.events.find((event) => event.kind === 'variable' && event.content?.name === 'db');
  const empty = { pcr: 7, type: db?.type ?? '', data: variableData(logGuids.imageSecurity, 'db', new Uint8Array()) };
  const edited = editLog(log, (frames) => frames.with(db?.index ?? -1, frameOf(empty, ['sha256', 'sha384'])));
  const { told } = booted(golden, edited);
  const difference = told.differences.find(({ claim }) => claim === 'secure boot db');
  assert.match(difference?.expected ?? '', /2 certificates \(.*Microsoft/);
  assert.match(difference?.seen ?? '', /\(variable db: empty\)$/);
  assert.match(
    told.commands.find(({ command }) => / accept /.test(command))?.effect ?? '',
    /Secure Boot is another one/,
  );
});

test('what was measured beside what is known is told event by event, and what is missing as well', () => {
  const { told } = booted(golden, recordedLog('extra-application'));
  assert.equal(told.differences.length, 10);
  assert.ok(told.differences.every(({ expected, event }) => expected === undefined && event !== undefined));
  assert.match(told.differences[0]?.text ?? '', /measures a boot loader image that is not known good$/);
  const without = booted(golden, recordedLog('no-secure-boot')).told;
  const missing = without.differences.find(
    ({ text }) => text === 'no kernel image was measured where one is known good',
  );
  assert.deepEqual([missing?.event, missing?.seen], [undefined, undefined]);
  assert.match(missing?.expected ?? '', /^sha256 5f21ff2c/);
  assert.match(without.summary, /measures another secure boot state than is known good/);
});

test('what was retired is told from what was never known: name, when and why, and how to take it back', () => {
  const values = taughtBy(lab);
  const image = { claim: 'kernel image', digests: { sha256: other.toHex() } };
  const retired_at = new Date(lab.now.getTime() - 3 * day).toISOString();
  const old = namedValue('linux-image', 'hypervisor', measurements(image), {
    version: '6.1.0-30',
    state: 'retired',
    retired_at,
    retired_because: 'CVE-2026-1\u001b[31m',
  });
  const [difference, ...rest] = booted(lab, changed(kernel), [...values, old]).told.differences;
  assert.deepEqual(rest, []);
  assert.match(
    difference?.text ?? '',
    /a kernel image of linux-image 6\.1\.0-30, retired 3 days ago because CVE-2026-1\\u\{1b\}\[31m$/,
  );
  assert.equal(difference?.value, 'linux-image');
  assert.equal(difference?.finding.code, 'measurement-retired');
  const { told } = booted(lab, changed(kernel), [...values, old]);
  assert.ok(told.commands.some(({ command }) => command === 'assay reference reinstate linux-image'));
  assert.ok(!told.commands.some(({ command }) => /accept|learn|import/.test(command)), 'nothing that goes round it');
});

test('a component that is, as a whole, what was retired or is good later, is told so', () => {
  for (const [state, pattern, command] of [
    [{ state: 'retired' }, /^the hypervisor as a whole is what was learnt from golden .*, retired$/, 'reinstate'],
    [
      { state: 'next', from: '2100-01-01T00:00:00.000Z' },
      /^the hypervisor as a whole is .*, good from 2100-01-01/,
      'promote',
    ],
  ] as const) {
    const values = taughtBy(lab).map((value) => (value.component === 'hypervisor' ? { ...value, ...state } : value));
    const { told } = booted(lab, lab.log, values);
    const [difference, ...rest] = told.differences;
    assert.deepEqual(rest, []);
    assert.match(difference?.text ?? '', pattern);
    assert.equal(difference?.value, 'hypervisor-2');
    assert.ok(told.commands.some((one) => one.command === `assay reference ${command} hypervisor-2`));
  }
});

test('of several sequences that were retired every line names the one that equals what was measured', () => {
  const retired = (log: Uint8Array, id: string, at: string) =>
    namedValue(id, 'hypervisor', sequence(booted(lab, log).events, 'hypervisor'), {
      state: 'retired',
      retired_at: new Date(lab.now.getTime() - day).toISOString(),
      retired_because: at,
    });
  // By id, and in the order they were added, the older one comes first; both kernels are good by themselves.
  const digests = (text: string) => ({ sha256: createHash('sha256').update(text).digest('hex') });
  const kernels = namedValue(
    'kernels',
    'hypervisor',
    measurements({ claim: 'kernel image', digests: digests('another') }),
  );
  const rest = taughtBy(lab).filter(({ component }) => component !== 'hypervisor');
  const values = [...rest, kernels, retired(lab.log, 'aa', 'old'), retired(changed(kernel), 'bb', 'new')];
  for (const given of [values, values.toReversed()]) {
    const { told, verdict } = booted(lab, changed(kernel), given);
    const [difference, ...others] = told.differences;
    assert.deepEqual(others, []);
    for (const text of [difference?.text, difference?.resembles, difference?.seen, told.summary, verdict.reason])
      assert.match(text ?? '', /^(?!.*\b(aa|old)\b).*\b(bb|new)\b/);
    assert.equal(difference?.value, 'bb');
    assert.deepEqual(
      told.commands.flatMap(({ command }) => (command.includes(' reference ') ? [command] : [])),
      ['assay reference reinstate bb'],
    );
  }
  // Beside a good sequence it is told event by event, and names the same.
  const beside = booted(lab, changed(kernel), [
    ...taughtBy(lab),
    retired(changed(kernel), 'cc', 'new'),
    retired(writeEventLog(withDigests(parseEventLog(changed(kernel)), 21, { sha256: other })), 'dd', 'old'),
  ]);
  assert.deepEqual(
    beside.told.differences.map(({ claim, value }) => [claim, value]),
    [['kernel image', 'cc']],
  );
  assert.match(beside.verdict.reason, /cc/);
});

test('of a component of which nothing is known one thing is told', () => {
  const values = taughtBy(golden).filter(({ component }) => component !== 'boot_loader');
  const { told } = booted(golden, golden.log, values);
  assert.deepEqual(
    told.differences.map(({ component, text }) => [component, text]),
    [['boot_loader', 'nothing is known to be good of the boot loader']],
  );
  assert.ok(told.commands.some(({ command }) => command === 'assay reference learn node1'));
});

test('what nobody asks for is no difference', () => {
  const policy = testPolicy({ known_good: ['firmware'] }, { pcrs: bootPcrs });
  const { told, verdict } = booted(lab, changed(kernel), undefined, { policy });
  assert.deepEqual([verdict.trust, told.differences, told.commands], ['trusted', [], []]);
});

test('known measurements in another order are told as such, not by the name of what they are', () => {
  const log = parseEventLog(golden.log);
  const [shim, grub] = booted(golden, golden.log).events.filter(({ claim }) => claim === 'boot loader image');
  const [a, b] = [shim?.event.index ?? -1, grub?.event.index ?? -1];
  const swapped = editLog(log, (frames) =>
    frames.with(a, frames[b] ?? assert.fail()).with(b, frames[a] ?? assert.fail()),
  );
  const singles = [shim, grub].map((part) => ({ claim: 'boot loader image', digests: part?.digests ?? {} }));
  const both = namedValue('both', 'boot_loader', measurements(...singles));
  const { told } = booted(golden, swapped, [...taughtBy(golden), both]);
  const [difference] = told.differences.filter(({ component }) => component === 'boot_loader');
  assert.equal(difference?.text, difference?.finding.message);
});

test('what no single measurement shows is sought on other hosts by the whole component', () => {
  const soughtBy = (log: Uint8Array, component: string) =>
    booted(golden, log).told.differences.flatMap((one) => (one.component === component && one.sought ? [one] : []));
  const without = soughtBy(recordedLog('no-secure-boot'), 'hypervisor').find(({ seen }) => seen === undefined);
  const { sought = assert.fail() } = without ?? {};
  assert.ok('whole' in sought);
  const { events } = booted(golden, recordedLog('no-secure-boot'));
  const quoted = [{ hash: 'sha256', pcrs: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9] }];
  const whole = (all: readonly QuotedEvent[]) => wholeName('hypervisor', all, quoted, ['sha256']);
  assert.equal(sought.whole, whole(events));
  const own = events.filter(({ component }) => component === 'hypervisor');
  assert.notEqual(whole(own.toReversed()), whole(own), 'order counts');
  assert.notEqual(whole(own.slice(1)), whole(own));
  assert.equal(whole([...events].filter(({ component }) => component !== 'firmware')), whole(events));
  assert.notEqual(whole([]), undefined, 'that nothing was measured is something as well');
  assert.equal(wholeName('hypervisor', [], [{ hash: 'sha256', pcrs: [4] }], ['sha256']), undefined);
});

test('an extra component is told by its PCR', () => {
  const policy = testPolicy({ known_good: ['hypervisor', 'rack'], extras: [{ name: 'rack', pcrs: [1] }] });
  const rack = namedValue('r', 'rack', {
    form: 'pcr-values',
    values: [{ bank: 'sha256', pcr: 1, value: 'ab'.repeat(32) }],
  });
  const { told } = booted(lab, lab.log, [...taughtBy(lab), rack], { policy });
  const difference = told.differences.find(({ component }) => component === 'rack');
  assert.deepEqual([difference?.claim, difference?.expected], ['PCR 1', 'ab'.repeat(32)]);
});

test('findings that are no difference come with meaning and remedy, those that count first', () => {
  const { told } = booted(lab, lab.log, taughtBy(lab), {
    policy: testPolicy({ tpm: { software: false } }, { pcrs: bootPcrs }),
  });
  assert.deepEqual(
    told.findings.map(({ finding }) => [finding.code, finding.allowed ?? false]),
    [
      ['software-tpm', false],
      ['boot-direct-kernel', true],
    ],
  );
  assert.ok(told.findings.every(({ meaning, remedy }) => meaning.length > 10 && remedy.length > 5));
});

test('a host without evidence, without policy, or whose verdict expired is told what to do', () => {
  const { verdict } = booted(lab, lab.log, undefined, { policy: undefined });
  assert.equal(verdict.trust, 'unknown');
  const { told } = booted(lab, lab.log, undefined, { policy: undefined });
  assert.ok(told.commands.some(({ command }) => command === 'assay policy apply FILE'));
  for (const code of ['no-evidence', 'verdict-expired']) {
    const bare = { ...verdict, findings: [{ code, message: 'of a test' }] };
    const alone = explain({ verdict: bare, connected: true, now: lab.now });
    assert.deepEqual(alone.differences, []);
    assert.ok(alone.commands.some(({ command }) => command === 'assay host attest node1'));
    const mute = explain({ verdict: bare, connected: false, now: lab.now });
    assert.deepEqual(
      mute.commands.map(({ command }) => command),
      ['assay agent'],
      'who is not connected cannot be asked',
    );
  }
  const strange = explain({
    verdict: { ...verdict, findings: [{ code: 'of-tomorrow', message: 'x' }] },
    connected: true,
    now: lab.now,
  });
  assert.equal(strange.findings[0]?.meaning, 'x');
  // Expired, it is told what the recorded evidence came to as well.
  const late = booted(lab, changed(kernel));
  const expired = { ...late.verdict, trust: 'unknown' as const, findings: [{ code: 'verdict-expired', message: 'x' }] };
  const both = explain({
    verdict: expired,
    recorded: { input: late.input, verdict: late.verdict },
    connected: true,
    now: lab.now,
  });
  assert.deepEqual([both.differences[0]?.claim, both.findings[0]?.finding.code], ['kernel image', 'verdict-expired']);
});

/** On one line each, whatever a host wrote into its log. */
function assertPlain(told: unknown): void {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  for (const text of textsOf(told)) assert.doesNotMatch(text, /[\u0000-\u001f\u007f-\u009f\u2028\u202e]/);
}
const textsOf = (value: unknown): string[] =>
  typeof value === 'string'
    ? [value]
    : typeof value === 'object' && value !== null
      ? Object.entries(value).flatMap(([key, of]) => (key === 'path' || key === 'soughtFile' ? [] : textsOf(of)))
      : [];

test('a command line with escapes and newlines is told on one line', () => {
  const words = '/kernel quiet \u001b[2J\r\n"a\u202eb\u0007 c" ';
  const hash = (bank: string) => createHash(bank).update(words).digest();
  const log = editLog(parseEventLog(golden.log), (frames) => {
    const digests = { sha256: hash('sha256'), sha384: hash('sha384') };
    const at = frames.findIndex(({ data }) => Buffer.from(data).toString('latin1').startsWith('kernel_cmdline'));
    const data = Buffer.from(`kernel_cmdline: ${words}\0`);
    return frames.with(at, frameOf({ pcr: 8, type: 'EV_IPL', data, digests }, ['sha256', 'sha384']));
  });
  const { told } = booted(golden, log);
  const line = told.differences.find(({ claim }) => claim === 'kernel command line');
  assert.match(line?.text ?? '', /\\u\{1b\}\[2J/);
  assertPlain(told);
});

const isSound = (input: JudgementInput) => judge(input).measured !== undefined;

test('whatever happens to a log, it is explained; and accepting each component that differs makes it trusted', () => {
  const frames = parseEventLog(labLog()).events.length;
  const edit = fc.record({
    at: fc.integer({ min: 1, max: frames - 1 }),
    to: fc.integer({ min: 1, max: frames - 1 }),
    how: fc.constantFrom('replace', 'remove', 'insert', 'move', 'double'),
  });
  fc.assert(
    fc.property(fc.array(edit, { maxLength: 4 }), (edits) => {
      const log = editLog(parseEventLog(labLog()), (all) =>
        edits.reduce((now, { at, to, how }) => {
          const [one] = now.slice(at, at + 1);
          if (!one) return now;
          const another = { ...one, digests: one.digests.map((digest) => ({ ...digest, digest: other })) };
          if (how === 'replace') return now.with(at, another);
          if (how === 'remove') return now.toSpliced(at, 1);
          if (how === 'insert') return now.toSpliced(to, 0, another);
          return how === 'double' ? now.toSpliced(to, 0, one) : now.toSpliced(at, 1).toSpliced(to, 0, one);
        }, all),
      );
      let host = booted(lab, log);
      assertPlain(host.told);
      const asked = host.verdict.findings.some(({ code, allowed }) => code === 'measurement-unknown' && !allowed);
      assert.equal(host.told.differences.length > 0, asked);
      for (const { component } of host.told.differences) {
        try {
          const values = acceptable(host.input, { component }).map((value, i) => ({
            ...namedValue(`${component}-accepted-${i}`, component, value.content),
            source: value.source,
          }));
          host = host.with(...values);
        } catch (error) {
          assert.ok(error instanceof AssayError);
          if (error.code === 'accept-not-found') continue; // with another difference of the same component
          assert.deepEqual([error.code, isSound(host.input)], ['accept-not-verified', false]);
          assert.equal(host.verdict.trust, 'untrusted');
          return;
        }
      }
      assert.equal(host.verdict.trust, isSound(host.input) ? 'trusted' : 'untrusted', host.verdict.reason);
      assert.deepEqual(host.told.differences, []);
    }),
    { numRuns: 150 },
  );
});

test('a hostile log of 8,000 strange events is explained in bounded time and size', () => {
  const many = editLog(labEvents, (frames) => [
    ...frames,
    ...Array.from({ length: 8000 }, (_, i) =>
      frameOf({ pcr: 9, type: 'EV_IPL', data: Buffer.from(`${i}\0`) }, ['sha256']),
    ),
  ]);
  const values = Array.from({ length: 20 }, (_, i) =>
    namedValue(`v${i}`, 'operating_system', sequence(booted(lab, changed(22 - (i % 2))).events, 'operating_system')),
  );
  const began = performance.now();
  const { told } = booted(lab, many, [...taughtBy(lab), ...values]);
  assert.ok(performance.now() - began < 5000);
  assert.ok(told.differences.length <= 400);
  assert.ok(JSON.stringify(told).length < 1_000_000);
});
