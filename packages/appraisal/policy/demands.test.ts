// What a policy asks of the TPM, of the quote and of IMA.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AssayError } from '@assay/core';
import { bootAggregateOf, parseEventLog } from '@assay/measurement';
import { buildIma, honestIma, imaPcrValue } from '@assay/measurement/testing';
import type { PolicyDocument } from '@assay/protocol';
import type { Endorsement } from '../endorsement/endorsement.ts';
import { pcrValuesOf, scene, testPolicy } from '../testing/index.ts';
import { bootPcrs, defaultPcrs } from './policy.ts';

const host = scene(undefined, defaultPcrs);
const honest = host.input();
const boot = pcrValuesOf(parseEventLog(host.log), [{ hash: 'sha256', pcrs: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9] }]);

function judged(document: Partial<PolicyDocument>, endorsement: Partial<Endorsement> = {}) {
  const of = { ...honest.endorsement, ...endorsement };
  const { verdict } = host.appraise({}, { policy: testPolicy(document), endorsement: of });
  return [verdict.trust, ...verdict.findings.filter(({ allowed }) => !allowed).map(({ code }) => code)];
}

test('a software TPM, and a cloud’s virtual one, are enough where the policy says so', () => {
  assert.deepEqual(judged({ tpm: { software: true } }), ['trusted']);
  assert.deepEqual(judged({ tpm: {} }), ['untrusted', 'software-tpm']);
  assert.deepEqual(judged({ tpm: { software: false } }), ['untrusted', 'software-tpm']);
  const { verdict } = host.appraise({}, { policy: testPolicy({ tpm: {} }) });
  assert.match(verdict.findings[0]?.message ?? '', /a hardware TPM \(the policy does not accept software TPMs\)/);
  const virtual = { software: false, virtual: true };
  assert.deepEqual(judged({ tpm: {} }, virtual), ['trusted'], 'the server accepts its CA');
  assert.deepEqual(judged({ tpm: { virtual: true } }, virtual), ['trusted']);
  assert.deepEqual(judged({ tpm: { virtual: false } }, virtual), ['untrusted', 'virtual-tpm']);
  assert.deepEqual(judged({ tpm: { virtual: false } }, { software: false }), ['trusted']);
});

test('a TPM is of a maker the policy names, by its id or by the CA that vouched for it', () => {
  const tpm = { manufacturer: 'INTC', model: 'ADL', version: 'id:1' };
  const of = (vendors: string[], changes: Partial<Endorsement> = {}) =>
    judged({ tpm: { software: true, vendors } }, { tpm, anchor: 'CN=Some CA', ...changes });
  assert.deepEqual(of(['INTC']), ['trusted']);
  assert.deepEqual(of(['IFX', 'INTC']), ['trusted']);
  assert.deepEqual(of(['CN=Some CA']), ['trusted']);
  for (const vendors of [['IFX'], ['INT'], ['intc'], ['CN=Some'], []])
    assert.deepEqual(of(vendors), ['untrusted', 'tpm-vendor']);
  const { tpm: _, ...old } = honest.endorsement;
  const { verdict } = host.appraise(
    {},
    { policy: testPolicy({ tpm: { software: true, vendors: ['INTC'] } }), endorsement: old },
  );
  assert.deepEqual([verdict.trust, verdict.findings[0]?.code], ['unknown', 'tpm-vendor-unknown']);
});

test('a bank or a PCR that the policy rests on and the quote lacks makes a host unknown', () => {
  for (const pcrs of [{ sha384: [0] }, { sha256: [0, 14] }, { sha256: [0], sha384: [7] }])
    assert.deepEqual(judged({ evidence: { pcrs }, known_good: ['firmware'] }), ['unknown', 'policy-pcrs-not-quoted']);
  assert.deepEqual(judged({ evidence: { pcrs: { sha256: [0, 7] } }, known_good: ['firmware'] }), ['trusted']);
});

test('where IMA is required, a host that measures nothing with it is untrusted', () => {
  const zero = { pcrs: new Map([[10, new Uint8Array(32)]]) };
  const codes = (required: boolean) =>
    host.findings(zero, { policy: testPolicy({ ima: { required } }) }).map(({ code }) => code);
  assert.deepEqual(codes(true), ['ima-required']);
  assert.deepEqual(codes(false), []);
  const narrow = scene(undefined, bootPcrs);
  const unproven = narrow.findings({}, { policy: testPolicy({ ima: { required: true } }) }).map(({ code }) => code);
  assert.deepEqual(unproven, ['policy-pcrs-not-quoted']);
});

test('where IMA is required, a host that sends a list of what it measured has what is asked for', () => {
  const policy = testPolicy({ ima: { required: true } });
  const list = honestIma('ima-ng', 1, bootAggregateOf(boot.sha256 ?? new Map(), 'sha256'));
  const sent = { pcrs: new Map([[10, imaPcrValue(list, 'sha256')]]), imaLog: { offset: 0, data: buildIma(list) } };
  assert.deepEqual(host.findings(sent, { policy }), []);
});

test('an endorsement that does not hold any more is a finding of its own', () => {
  const withdrawn = new AssayError('ek-revoked', 'EK certificate', 'one that stands', 'revoked');
  const { verdict } = host.appraise({}, { withdrawn });
  assert.deepEqual([verdict.trust, verdict.findings[0]?.code], ['untrusted', 'ek-revoked']);
});

test('a list that is missing or not proven is no host without IMA: another finding says so', () => {
  const policy = testPolicy({ ima: { required: true } });
  const codes = (...args: Parameters<typeof host.findings>) => host.findings(...args).map(({ code }) => code);
  assert.deepEqual(codes({ pcrs: new Map([[10, new Uint8Array(32).fill(1)]]) }, { policy }), ['ima-list-missing']);
  const broken = codes({ log: host.log.subarray(0, 100), bootedLog: host.log, pcrValues: false }, { policy });
  assert.ok(broken.length > 0 && !broken.includes('ima-required'), broken.join());
});
