// What evidence proves, whatever a policy makes of it: which PCRs stay unexplained, and what is claimed of the others.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bootAggregateOf, parseEventLog } from '@assay/measurement';
import {
  buildIma,
  type EventWish,
  editLog,
  frameOf,
  honestIma,
  type ImaWish,
  imaExtends,
  imaPcrValue,
} from '@assay/measurement/testing';
import { defaultPcrs } from './policy/policy.ts';
import { checkAk } from './quote/ak.ts';
import { bootLog } from './testing/boots.ts';
import { extended, pcrValuesOf, scene, testPolicy } from './testing/index.ts';
import { verifyEvidence } from './verify-evidence.ts';

const host = scene(undefined, defaultPcrs);
const log = parseEventLog(host.log);
const boot = pcrValuesOf(log, [{ hash: 'sha256', pcrs: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9] }]);
const list = honestIma('ima-ng', 3, bootAggregateOf(boot.sha256 ?? new Map(), 'sha256'));
/** A kernel that measured this, and a list of it. */
const measured = (wishes: readonly ImaWish[]) => ({
  pcrs: new Map<number, Uint8Array>([[10, imaPcrValue(wishes, 'sha256')]]),
  imaLog: { offset: 0, data: buildIma(wishes) },
});
const zero = new Uint8Array(32);

function verified(input: ReturnType<typeof host.input>) {
  const verification = verifyEvidence(input);
  return verification.authentic ? verification : assert.fail(verification.findings[0].message);
}
const unexplained = (...args: Parameters<typeof host.input>) => verified(host.input(...args)).unexplained;

test('an AK that was checked before vouches as its public area does', () => {
  const input = host.input();
  assert.ok(input.ak instanceof Uint8Array);
  assert.equal(verified({ ...input, ak: checkAk(input.ak) }).sha256, verified(input).sha256);
});

test('a list of IMA’s explains PCR 10, and no other PCR', () => {
  const { pcrs, imaLog } = measured(list);
  assert.deepEqual(unexplained({ pcrs, imaLog }), new Set());
  assert.deepEqual(unexplained({ pcrs }), new Set([10]), 'it was not sent');
  const violated = measured([...list, { path: '/x', violation: true }]);
  assert.deepEqual(unexplained(violated), new Set(), 'what is wrong in a list is not the list');
  const nine = extended(boot.sha256?.get(9) ?? assert.fail(), 'x');
  assert.deepEqual(unexplained({ pcrs: new Map([...pcrs, [9, nine]]), imaLog }), new Set([9]));
});

const inTen = (digest: Uint8Array): EventWish => ({ pcr: 10, type: 'EV_IPL', digests: { sha256: digest } });
const withEvents = (...wishes: EventWish[]) =>
  editLog(log, (frames) => [...frames, ...wishes.map((one) => frameOf(one, ['sha256']))]);

test('an event of a boot log in PCR 10 proves itself there: that PCR is zero, or a list explains it, proves nothing of it', () => {
  const told = { log: withEvents(inTen(new Uint8Array(32).fill(5))), bootedLog: host.log };
  for (const wish of [told, { ...told, ...measured(list) }]) {
    const { findings, unexplained: open } = verified(host.input(wish));
    assert.deepEqual(open, new Set([10]));
    assert.ok(findings.some(({ code, pcr }) => code === 'log-replay-mismatch' && pcr === 10));
  }
});

test('what IMA measured is not hidden by telling of it in the boot log', () => {
  const evil = [...list, { path: '/usr/bin/evil' }];
  const told = withEvents(...evil.map((one) => inTen(imaExtends(one, 'sha256'))));
  const policy = testPolicy({ known_good: ['hypervisor'], ima: { files: 'known-good' } });
  const { pcrs, imaLog } = measured(evil);
  const codes = (...args: Parameters<typeof host.findings>) => [
    ...new Set(host.findings(...args).map(({ code }) => code)),
  ];
  assert.deepEqual(codes({ pcrs, imaLog }, { policy }), ['ima-file-unknown']);
  for (const pcrValues of [{}, { pcrValues: false as const }])
    assert.deepEqual(codes({ log: told, pcrs, ...pcrValues }, { policy }), ['ima-list-missing']);
});

test('with one PCR that nothing explains, what is claimed of the others is what the quote covers', () => {
  const claimed = (wanted: number[], pcr?: number) => {
    const { input } = scene(bootLog('secure-boot'), [{ bank: 'sha256', pcrs: wanted }]);
    const { claims } = verified(input(pcr === undefined ? {} : { pcrs: new Map([[pcr, zero]]) }));
    return [claims.secureBoot?.value, claims.commandLine !== undefined, claims.kernel.length > 0];
  };
  const all = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9];
  assert.deepEqual(claimed(all), ['on', true, true]);
  assert.deepEqual(claimed(all, 1), ['on', true, true]);
  assert.deepEqual(claimed(all.slice(0, 8), 1), ['on', false, true], 'nobody asked for PCR 8');
  assert.deepEqual(claimed(all.slice(0, 7), 1), [undefined, false, true]);
});

test('why a TPM has no tags is handed on, and what it certified of them is part of the evidence’s digest', () => {
  const input = host.input();
  const plain = verified(input);
  const also = (more: Partial<typeof input.evidence>) =>
    verified({ ...input, evidence: { ...input.evidence, ...more } });
  assert.ok(!('tagsAbsent' in plain));
  assert.equal(also({ nv_absent: 'nothing there' }).tagsAbsent, 'nothing there');
  const digests = ['AAAA', 'BBBB'].map((attest) => also({ nv: { attest, signature: 'AAAA' } }).sha256);
  assert.equal(new Set([plain.sha256, ...digests]).size, 3);
});
