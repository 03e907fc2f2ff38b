// What is said of each component, whether a policy asks for it or not.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { bootAggregateOf, parseEventLog, withDigests, writeEventLog } from '@assay/measurement';
import { buildIma, editLog, honestIma, imaPcrValue } from '@assay/measurement/testing';
import { judge } from './appraise.ts';
import { bootPcrs, defaultPcrs } from './policy/policy.ts';
import { KnownGood } from './reference/known-good.ts';
import { filesTaught, referenceFrom } from './reference/learn.ts';
import {
  extended,
  factsOfLog,
  measurements,
  namedValue,
  pcrValuesOf,
  scene,
  testPolicy,
  valuesOf,
} from './testing/index.ts';
import { verifyEvidence } from './verify-evidence.ts';

const golden = scene();
const log = parseEventLog(golden.log);
const learnt = valuesOf(referenceFrom(golden.appraise()));
const changed = (at: number) => writeEventLog(withDigests(log, at, { sha256: new Uint8Array(32).fill(9) }));
const kernelOnly = testPolicy({ known_good: ['hypervisor'] }, { pcrs: bootPcrs });
const [kernelAt, initrdAt] = [10, 22];

test('a component that nobody asks for is shown as it is, and costs no trust by not being known', () => {
  const { verdict } = golden.appraise({ log: changed(initrdAt) }, { policy: kernelOnly });
  assert.equal(verdict.trust, 'trusted');
  assert.equal(verdict.reason, 'hypervisor is known good: no more is asked for; vouched for by a software TPM');
  assert.deepEqual(
    verdict.components.map(({ trust, demanded }) => [trust, demanded]),
    [
      ['trusted', false],
      ['trusted', false],
      ['trusted', undefined],
      ['untrusted', false],
    ],
  );
  const [unknown] = verdict.findings.filter(({ code }) => code === 'measurement-unknown');
  assert.deepEqual([unknown?.component, unknown?.allowed], ['operating_system', true]);
  const nothing = golden.appraise({}, { policy: kernelOnly, knownGood: new KnownGood(learnt.slice(2, 3)) }).verdict;
  assert.equal(nothing.trust, 'trusted');
  assert.ok(!nothing.findings.some(({ code }) => code === 'reference-missing'));
  const { verdict: other } = golden.appraise({ log: changed(kernelAt) }, { policy: kernelOnly });
  assert.equal(other.trust, 'untrusted', 'what is asked for counts');
});

test('what speaks against the evidence counts, whatever component it is about', () => {
  const strayed = editLog(log, (frames) =>
    frames.map((one, i) => (i === 14 ? { ...one, data: Buffer.from('lies') } : one)),
  );
  const { verdict } = golden.appraise({ log: strayed }, { policy: kernelOnly });
  assert.equal(verdict.trust, 'untrusted');
  const lied = verdict.findings.filter(({ allowed }) => !allowed);
  assert.ok(lied.length > 0 && lied.every(({ component }) => component === 'firmware'));
  const secret = golden.appraise({ pcrs: new Map([[1, extended(new Uint8Array(32), 'x')]]) }, { policy: kernelOnly });
  assert.equal(secret.verdict.trust, 'untrusted');
});

test('a reason names what stood in the place of a known event', () => {
  const kernel = namedValue(
    'linux',
    'hypervisor',
    measurements({ claim: 'kernel image', digests: { sha256: '09'.repeat(32) } }),
    {
      version: '6.2',
    },
  );
  const { verdict } = golden.appraise({ log: changed(kernelAt) }, { knownGood: new KnownGood([...learnt, kernel]) });
  assert.equal(verdict.trust, 'trusted', verdict.reason);
  const { reason, values } = verdict.components[2] ?? assert.fail();
  assert.equal(reason, '2 measurements, as known good; kernel image as in linux 6.2');
  assert.deepEqual(values, ['hypervisor-2', 'linux']);
  const retired = new KnownGood([...learnt, { ...kernel, state: 'retired' }]);
  const was = golden.appraise({ log: changed(kernelAt) }, { knownGood: retired });
  assert.deepEqual(
    [was.verdict.trust, was.verdict.findings[0]?.code, was.verdict.components[2]?.values],
    ['untrusted', 'measurement-retired', ['hypervisor-2', 'linux']],
  );
  assert.ok(was.measured, 'evidence of what was retired is sound');
  const never = golden.appraise({ log: changed(kernelAt) }).verdict.components[2] ?? assert.fail();
  assert.ok(!('values' in never), 'what was never known rests on nothing');
});

test('a command line that the policy allows needs no reference value, one it does not allow does', () => {
  const line = 'console=ttyS0 quiet';
  const said = { sha256: digestOfOptions(line) };
  const booted = writeEventLog(withDigests(log, 21, said));
  const of = (allow: string[]) =>
    golden.appraise({ log: booted }, { policy: testPolicy({ command_line: { allow } }, { pcrs: bootPcrs }) }).verdict;
  assert.equal(of([line]).trust, 'trusted', of([line]).reason);
  assert.match(of([line]).components[2]?.reason ?? '', /; kernel command line as the policy allows$/);
  assert.equal(of(['console=ttyS0']).trust, 'untrusted');
});

test('a reason names four of the values that are good by themselves, and how many more there are', () => {
  const firmware = factsOfLog(golden.log, []).events.filter(
    ({ component, event }) => component === 'firmware' && event.type !== 'EV_SEPARATOR',
  );
  const single = namedValue('board', 'firmware', measurements(...firmware));
  const { verdict } = golden.appraise({}, { knownGood: new KnownGood([single, ...learnt.slice(1)]) });
  const { trust, reason, values } = verdict.components[0] ?? assert.fail();
  assert.deepEqual([trust, values], ['trusted', ['board']], reason);
  const claims = new Set(firmware.map(({ claim }) => claim));
  const said = reason.split('; ');
  assert.equal(said[0], '21 measurements, as known good');
  assert.deepEqual(
    said.slice(1, 5),
    [...claims].slice(0, 4).map((claim) => `${claim} as in board`),
  );
  assert.deepEqual(said.slice(5), [`${claims.size - 4} more`]);
});

test('what the policy does not want hides neither what is not known nor what a component was good by', () => {
  const unwanted = testPolicy({ secure_boot: { state: 'on' }, known_good: ['firmware'] }, { pcrs: bootPcrs });
  const codesOf = (log: Uint8Array) => golden.findings({ log }, { policy: unwanted }).map(({ code }) => code);
  assert.deepEqual(codesOf(golden.log), ['secure-boot-off']);
  assert.deepEqual(codesOf(changed(2)), ['secure-boot-off', 'measurement-unknown']);
  const [firmware] = golden.appraise({}, { policy: unwanted }).verdict.components;
  assert.deepEqual([firmware?.trust, firmware?.values], ['untrusted', ['firmware-0']]);
});

test('what came of IMA’s list is said of the operating system alone', () => {
  const host = scene(undefined, defaultPcrs);
  const boot = pcrValuesOf(log, [{ hash: 'sha256', pcrs: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9] }]);
  const list = honestIma('ima-ng', 3, bootAggregateOf(boot.sha256 ?? new Map(), 'sha256'));
  const pcrs = new Map([[10, imaPcrValue(list, 'sha256')]]);
  const { verdict } = host.appraise({ pcrs, imaLog: { offset: 0, data: buildIma(list) } });
  assert.equal(verdict.trust, 'trusted', verdict.reason);
  assert.deepEqual(
    verdict.components.map(({ reason }) => /; IMA list of \d+ entries proven/.test(reason)),
    [false, false, false, true],
  );
  const [taught = assert.fail()] = filesTaught([{ offset: 0, bytes: buildIma(list) }]);
  const known = new KnownGood([...learnt, namedValue('files', taught.component, taught.content)]);
  const policy = testPolicy({ ima: { files: 'known-good' } });
  const sent = { pcrs, imaLog: { offset: 0, data: buildIma(list) } };
  const good = host.appraise(sent, { policy, knownGood: known }).verdict;
  assert.equal(good.trust, 'trusted', good.reason);
  assert.deepEqual(
    good.components.map(({ values }) => values?.includes('files')),
    [false, false, false, true],
  );
});

test('without a policy nothing is compared, and it says so', () => {
  const input = golden.input();
  const { verdict } = judge({ ...input, verification: verifyEvidence(input), policy: undefined });
  assert.deepEqual([verdict.trust, verdict.findings.map(({ code }) => code)], ['unknown', ['policy-missing']]);
  assert.match(verdict.components[0]?.reason ?? '', /no policy/);
});

test('with a PCR that nothing explains, what the policy allows is asked anew and nothing is remembered', () => {
  const open = { pcrs: new Map([[9, extended(new Uint8Array(32), 'x')]]) };
  const input = golden.input(open);
  const shaky = judge({ ...input, verification: verifyEvidence(input) }).verdict;
  assert.deepEqual(
    shaky.components.map(({ trust }) => trust),
    ['trusted', 'trusted', 'unknown', 'untrusted'],
  );
  assert.equal(golden.appraise().verdict.trust, 'trusted');
});

function digestOfOptions(line: string): Uint8Array {
  return new Uint8Array(
    createHash('sha256')
      .update(Buffer.from(`${line}\0`, 'utf16le'))
      .digest(),
  );
}
