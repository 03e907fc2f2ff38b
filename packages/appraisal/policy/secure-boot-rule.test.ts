// Secure Boot and its keys, on boots that were recorded.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { claimsOf, parseEventLog } from '@assay/measurement';
import {
  buildLog,
  corpusLog,
  type EventWish,
  editLog,
  logGuids,
  secureBoot,
  separator,
  variableData,
} from '@assay/measurement/testing';
import type { PolicyDocument } from '@assay/protocol';
import { bootLog } from '../testing/boots.ts';
import { scene, testPolicy } from '../testing/index.ts';
import { verifyEvidence } from '../verify-evidence.ts';
import { defaultPcrs } from './policy.ts';
import { secureBootFindings } from './secure-boot-rule.ts';

type Rules = NonNullable<PolicyDocument['secure_boot']>;

function verified(log: Uint8Array, wanted = defaultPcrs) {
  const verification = verifyEvidence(scene(log, wanted).input());
  return verification.authentic ? verification : assert.fail(verification.findings[0].message);
}
const on = verified(bootLog('secure-boot'));
const off = verified(bootLog('no-secure-boot'));
const findings = (of: ReturnType<typeof verified>, rules: Rules) =>
  secureBootFindings(testPolicy({ secure_boot: rules }), of);
const codes = (of: ReturnType<typeof verified>, rules: Rules) => findings(of, rules).map(({ code }) => code);
const keysOf = (variable: string) =>
  (on.claims.secureBootKeys[variable]?.value ?? []).map(({ fingerprint }) => fingerprint);
const [db = ''] = keysOf('db');
const stranger = '5a'.repeat(32);

test('Secure Boot has to be proven on: off is untrusted, not proven unknown', () => {
  assert.deepEqual(codes(on, { state: 'on' }), []);
  assert.deepEqual(codes(off, { state: 'on' }), ['secure-boot-off']);
  const without7 = verified(bootLog('secure-boot'), [{ bank: 'sha256', pcrs: [0, 1, 2, 3, 4, 5, 6] }]);
  assert.deepEqual(codes(without7, { state: 'on' }), ['secure-boot-unproven']);
  assert.match(findings(verified(corpusLog('event-arch-linux')), { state: 'on' })[0]?.seen ?? '', /neither 0 nor 1/);
  assert.deepEqual(codes(off, {}), []);
});

test('a host with Secure Boot off is not trusted by a policy that asks for it, and the reason names it', () => {
  const host = scene(bootLog('no-secure-boot'), defaultPcrs);
  assert.equal(host.appraise().verdict.trust, 'trusted');
  const { verdict } = host.appraise({}, { policy: testPolicy({ secure_boot: { state: 'on' } }) });
  assert.equal(verdict.trust, 'untrusted');
  assert.match(verdict.reason, /Secure Boot: expected on, got off/);
  const { trust, reason } = verdict.components[0] ?? assert.fail();
  assert.deepEqual([trust, /Secure Boot/.test(reason)], ['untrusted', true]);
});

test('keys are required, limited and forbidden by fingerprint, in each variable by itself', () => {
  assert.ok(keysOf('db').length > 0);
  const all = keysOf('db');
  assert.deepEqual(codes(on, { keys: { db: { require: all, only: all, forbid: [stranger] } } }), []);
  assert.deepEqual(codes(on, { keys: { db: { require: [stranger] } } }), ['secure-boot-key-missing']);
  assert.deepEqual(codes(on, { keys: { db: { only: [stranger] } } }), ['secure-boot-key-foreign']);
  assert.deepEqual(codes(on, { keys: { db: { only: [] } } }), ['secure-boot-key-foreign']);
  assert.deepEqual(codes(on, { keys: { db: { forbid: [db] } } }), ['secure-boot-key-forbidden']);
  assert.deepEqual(codes(on, { keys: { dbx: { require: [db] } } }), ['secure-boot-key-missing'], 'it is in db');
  assert.match(
    findings(on, { keys: { db: { forbid: [db] } } })[0]?.message ?? '',
    new RegExp(`db: .*${db.slice(0, 16)}`),
  );
});

test('keys are told by name and fingerprint, three of many, with the event they are in', () => {
  const [found] = findings(on, { keys: { db: { only: [] } } });
  const all = on.claims.secureBootKeys['db'] ?? assert.fail();
  const told = all.value.map(({ name, fingerprint }) => (name === fingerprint ? name : `${name} (${fingerprint})`));
  const more = all.value.length > 3 ? ` and ${all.value.length - 3} more` : '';
  assert.equal(found?.seen, `${told.slice(0, 3).join(', ')}${more}`);
  assert.equal(found?.event, all.events[0]);
  const entry = (name: string, fingerprint: string) => ({ ...(all.value[0] ?? assert.fail()), name, fingerprint });
  const seen = (count: number) => {
    const value = Array.from({ length: count }, (_, i) => entry(i === 0 ? 'f0' : `name ${i}`, `f${i}`));
    const claims = { ...on.claims, secureBootKeys: { db: { ...all, value } } };
    return secureBootFindings(testPolicy({ secure_boot: { keys: { db: { only: [] } } } }), { claims })[0]?.seen;
  };
  assert.equal(seen(3), 'f0, name 1 (f1), name 2 (f2)');
  assert.equal(seen(5), 'f0, name 1 (f1), name 2 (f2) and 2 more');
});

test('what is not proven is told with the reason of its own claim', () => {
  const claims = {
    ...on.claims,
    secureBootKeys: {},
    withheld: [
      { claim: 'kernel' as const, reason: 'another', events: [1] },
      { claim: 'secureBootKeys' as const, reason: 'its own', events: [2] },
    ],
  };
  const of = (some: typeof claims) =>
    secureBootFindings(testPolicy({ secure_boot: { keys: { db: {} } } }), { claims: some })[0];
  assert.deepEqual([of(claims)?.seen, of(claims)?.event], ['its own', 2]);
  const silent = of({ ...claims, withheld: [] });
  assert.equal(silent?.seen, 'the boot log does not have it');
  assert.ok(silent && !('event' in silent));
});

test('keys of a variable that is not proven are unknown, whatever it is called', () => {
  for (const variable of ['MokList', 'DB', 'constructor', '__proto__', ''])
    assert.deepEqual(codes(on, { keys: Object.fromEntries([[variable, { forbid: [db] }]]) }), ['secure-boot-unproven']);
  const honest = scene(bootLog('secure-boot'), defaultPcrs);
  const log = editLog(parseEventLog(bootLog('secure-boot')), (frames) =>
    frames.map((frame) => (frame.pcr === 7 ? { ...frame, data: frame.data.map((byte) => byte ^ 1) } : frame)),
  );
  const lied = verifyEvidence(honest.input({ log }));
  assert.ok(lied.authentic);
  const unproven = 'secure-boot-unproven';
  assert.deepEqual(codes(lied, { keys: { db: { forbid: [stranger] } }, state: 'on' }), [unproven, unproven]);
});

test('where shim verifies nothing Secure Boot is off, whatever the firmware says; not proven it is unknown', () => {
  const booted = (...late: EventWish[]) => {
    const log = parseEventLog(buildLog([secureBoot([1]), separator(7), ...late]));
    const claims = claimsOf(log, ['sha256']);
    return secureBootFindings(testPolicy({ secure_boot: { state: 'on' } }), { claims }).map(({ code }) => code);
  };
  const state = (value: number[], name = 'MokSBState', guid = logGuids.shim) => ({
    pcr: 7,
    type: 'EV_EFI_VARIABLE_AUTHORITY' as const,
    data: variableData(guid, name, Uint8Array.from(value)),
  });
  assert.deepEqual(booted(), []);
  assert.deepEqual(booted(state([0])), []);
  for (const value of [1, 2, 255]) assert.deepEqual(booted(state([value])), ['secure-boot-off']);
  assert.deepEqual(booted(state([1], 'MokSBStateRT')), ['secure-boot-off']);
  assert.deepEqual(booted(state([0]), state([1])), ['secure-boot-off']);
  assert.deepEqual(booted(state([1], 'MokSBState', logGuids.global)), [], 'nobody’s');
  const digests = {
    sha256: createHash('sha256')
      .update(state([1]).data)
      .digest(),
  };
  for (const lie of [
    { ...state([0]), digests },
    { ...state([1], 'SbatLevel'), digests },
    { ...state([1]), type: 'EV_EFI_ACTION' as const },
    state([]),
    state([1, 0]),
  ])
    assert.deepEqual(booted(lie), ['secure-boot-unproven']);
  const cut = {
    sha256: createHash('sha256')
      .update(state([1]).data.subarray(0, -1))
      .digest(),
  };
  assert.deepEqual(booted({ ...state([0]), digests: cut }), ['secure-boot-unproven'], 'its value is left out');
});
