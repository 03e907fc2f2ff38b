import assert from 'node:assert/strict';
import { test } from 'node:test';
import { check, fromBase64, toBase64, Verdict } from '@assay/protocol';
import fc from 'fast-check';
import { asksAgain } from './appraise.ts';
import { unknownVerdict } from './index.ts';
import { extended, scene, softwareTpm } from './testing/index.ts';
import { verifyEvidence } from './verify-evidence.ts';

const honest = scene();

test('an honest golden host is trusted, and the verdict says what rests on what', () => {
  const { verdict, state, measured } = honest.appraise();
  check(Verdict, verdict, 'verdict');
  assert.equal(verdict.trust, 'trusted');
  assert.equal(verdict.reason, 'all measurements are known good; vouched for by a software TPM');
  assert.equal(verdict.ak_name, honest.tpm.akName.toHex());
  assert.equal(verdict.software_tpm, true);
  assert.equal(verdict.verified_at, honest.now.toISOString());
  assert.equal(Date.parse(verdict.expires_at) - Date.parse(verdict.verified_at), 90_000);
  assert.deepEqual(verdict.components, [
    { component: 'firmware', trust: 'trusted', reason: '21 measurements, as known good', values: ['firmware-0'] },
    { component: 'boot_loader', trust: 'trusted', reason: 'none measured, as known good', values: ['boot_loader-1'] },
    { component: 'hypervisor', trust: 'trusted', reason: '2 measurements, as known good', values: ['hypervisor-2'] },
    {
      component: 'operating_system',
      trust: 'trusted',
      reason: '1 measurement, as known good',
      values: ['operating_system-3'],
    },
  ]);
  assert.deepEqual(state, {
    tpm: {
      clock: '1000',
      reset_count: 1,
      restart_count: 0,
      safe: true,
      firmware_version: '1',
      boot: { id: '6d1ab1f4-0b0c-4e1b-9f7e-000000000001', reset_count: 1, restart_count: 0 },
    },
  });
  assert.deepEqual([verdict.reset_count, verdict.restart_count], [1, 0]);
  assert.ok(measured);
});

test('the same evidence gives the same verdict: appraisal is a function', () => {
  const input = honest.input();
  const again = scene();
  assert.deepEqual(honest.appraise({}, input).verdict, honest.appraise({}, input).verdict);
  assert.notEqual(again.appraise().verdict.ak_name, honest.appraise().verdict.ak_name);
});

test('Q31 evidence that does not verify leaves nothing known, nothing learnt, nothing stored', () => {
  const lies = [
    ['quote-nonce', honest.appraise({ nonce: new Uint8Array(32) })],
    ['quote-signature', honest.appraise({ akKey: softwareTpm().akKey })],
    ['quote-type', honest.appraise({ type: 0x8014 })],
    ['message-base64', honest.appraise({}, { evidence: { ...honest.input().evidence, quote: 'QQ' } })],
    ['evidence-unreadable', honest.appraise({}, { ak: new Uint8Array(1) })],
  ] as const;
  for (const [code, { verdict, state, measured }] of lies) {
    check(Verdict, verdict, 'verdict');
    assert.equal(verdict.trust, 'untrusted');
    assert.deepEqual(
      verdict.findings.map((one) => one.code),
      [code],
    );
    for (const { trust, reason } of verdict.components)
      assert.deepEqual([trust, reason], ['unknown', 'nothing is known of it: the evidence did not verify']);
    assert.equal(verdict.ak_name, undefined);
    assert.equal(state, undefined);
    assert.equal(measured, undefined);
  }
});

test('a host is asked again at once for what another round may heal, and for nothing else', () => {
  const again = (code: string) =>
    asksAgain([
      { code: 'log-broken', message: 'x' },
      { code, message: 'x' },
    ]);
  for (const code of ['ima-list-unfinished', 'ima-list-behind', 'log-left-out']) assert.ok(again(code), code);
  for (const code of ['ima-list-mismatch', 'measurement-unknown']) assert.ok(!again(code), code);
  assert.ok(!honest.appraise().goesOn);
});

test('what rests on a PCR the log does not explain is not known, the rest is', () => {
  const { verdict } = honest.appraise({ pcrs: new Map([[9, extended(new Uint8Array(32), 'x')]]) });
  assert.equal(verdict.trust, 'untrusted');
  assert.deepEqual(
    verdict.components.map(({ trust }) => trust),
    ['trusted', 'trusted', 'unknown', 'untrusted'],
  );
  assert.match(verdict.reason, /PCR 9 \(sha256\) holds what its boot log does not explain/);
});

test('nothing is claimed from a PCR that the log does not explain, nor from any when the values are not proven', () => {
  const kernels = (...args: Parameters<typeof honest.input>) => {
    const verified = verifyEvidence(honest.input(...args));
    assert.ok(verified.authentic);
    return [verified.claims.kernel.length, verified.claims.secureBoot?.value];
  };
  assert.deepEqual(kernels(), [1, 'off']);
  const extra = (pcr: number) => ({ pcrs: new Map([[pcr, new Uint8Array(32).fill(1)]]) });
  assert.deepEqual(kernels(extra(4)), [0, 'off']);
  assert.deepEqual(kernels(extra(7)), [1, undefined]);
  assert.deepEqual(kernels({ pcrDigest: new Uint8Array(32) }), [0, undefined]);
});

test('a host of which nothing is known has an unknown verdict', () => {
  const { policy, now, endorsement } = honest.input();
  const why = { code: 'no-answer', message: 'no answer within 10 s' };
  const verdict = unknownVerdict({ host: 'node1', why, policy, endorsement, now });
  check(Verdict, verdict, 'verdict');
  assert.equal(verdict.trust, 'unknown');
  assert.equal(verdict.reason, why.message);
  assert.equal(verdict.components.length, 4);
  assert.equal(verdict.software_tpm, true);
  assert.equal(unknownVerdict({ host: 'node1', why, policy, endorsement: undefined, now }).software_tpm, false);
});

test('any changed byte of quote or signature, and any of the log that changes its meaning, costs the trust', () => {
  const { evidence, ...rest } = honest.input();
  const claims = (input: Parameters<typeof verifyEvidence>[0]) => {
    const verified = verifyEvidence(input);
    return verified.authentic
      ? { ...verified.claims, events: verified.events.map(({ reference }) => reference) }
      : undefined;
  };
  const known = claims(honest.input());
  let harmless = 0;
  for (const field of ['quote', 'signature', 'event_log'] as const) {
    const bytes = fromBase64(evidence[field] ?? '', field);
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (at, mask) => {
        const changed = Uint8Array.from(bytes);
        changed[at] = (changed[at] ?? 0) ^ mask;
        const input = { ...rest, evidence: { ...evidence, [field]: toBase64(changed) } };
        const { verdict } = honest.appraise({}, input);
        check(Verdict, verdict, 'verdict');
        if (verdict.trust !== 'trusted') return;
        assert.equal(field, 'event_log');
        // A label that no digest covers may be anything: nothing proven hangs on it.
        harmless++;
        const { firmware, bootLoader, kernel, initrd, events, ...said } = claims(input) ?? assert.fail();
        assert.deepEqual(said, { ...said, secureBoot: known?.secureBoot, firmwareVersion: known?.firmwareVersion });
        const digests = (of: typeof known) => of?.events.map(({ pcr, type, digests }) => [pcr, type, digests.sha256]);
        assert.deepEqual(digests(claims(input)), digests(known));
      }),
      { numRuns: 200 },
    );
  }
  assert.ok(harmless < 150, 'most of a log is covered');
});

test('any log at all is appraised, and none but the golden host’s is trusted', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (log) => {
      const { verdict } = honest.appraise({ log, bootedLog: honest.log });
      assert.equal(verdict.trust, 'untrusted');
    }),
    { numRuns: 100 },
  );
});

test('a log with a hundred thousand contradictions has a verdict of bounded size, quickly', () => {
  const event = Buffer.alloc(4 + 4 + 4 + 2 + 32 + 4 + 4);
  event.writeUInt32LE(7, 0);
  event.writeUInt32LE(0x8000_0007, 4);
  event.writeUInt32LE(1, 8);
  event.writeUInt16LE(0x000b, 12);
  event.writeUInt32LE(4, 46);
  const log = Buffer.concat([honest.log, ...Array<Buffer>(80_000).fill(event)]);
  const input = honest.input({ log, bootedLog: honest.log });
  const start = performance.now();
  const { verdict } = honest.appraise({}, input);
  assert.ok(performance.now() - start < 5000);
  assert.equal(verdict.trust, 'untrusted');
  assert.ok(JSON.stringify(verdict).length < 100_000);
});
