// IMA's list beside a quote over PCR 10, in rounds of one host. The host signs correctly; what it measured and what it sends differ.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { bootAggregateOf, parseEventLog } from '@assay/measurement';
import { buildIma, honestIma, type ImaWish, imaPcrValue, modernTemplates } from '@assay/measurement/testing';
import { fromBase64, toBase64 } from '@assay/protocol';
import fc from 'fast-check';
import { allowedByDefault, type FindingCode } from '../findings/catalogue.ts';
import { defaultPcrs } from '../policy/policy.ts';
import { pcrValuesOf, scene } from '../testing/index.ts';
import type { EvidenceState } from '../verify-evidence.ts';
import { imaOffset } from './progress.ts';

const host = scene(undefined, defaultPcrs);
const boot = pcrValuesOf(parseEventLog(host.log), [{ hash: 'sha256', pcrs: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9] }]);
const aggregate = bootAggregateOf(boot.sha256 ?? new Map(), 'sha256');
const list = honestIma('ima-ng', 4, aggregate);
const more: ImaWish[] = [{ path: '/usr/bin/late-1' }, { path: '/usr/bin/late-2' }];

type Round = {
  /** What the kernel extended before the quote; default: what is sent. */
  measured?: readonly ImaWish[];
  /** Instead of `measured`: the value of PCR 10. */
  pcr10?: Uint8Array;
  /** From where it is sent; default: as asked. */
  offset?: number;
  /** Default: where `state` stands. */
  asked?: number;
  goesOn?: true;
  state?: EvidenceState | undefined;
  clockInfo?: { resetCount?: number; restartCount?: number };
  allowed?: readonly FindingCode[];
};

/** One round with a list of these entries. */
function round(sent: readonly ImaWish[] | Buffer, given: Round = {}) {
  const bytes = Buffer.isBuffer(sent) ? sent : buildIma(sent);
  const { asked = imaOffset(given.state?.ima, defaultPcrs) } = given;
  const { measured = Buffer.isBuffer(sent) ? [] : sent, offset = asked, clockInfo = {} } = given;
  const pcrs = new Map([[10, given.pcr10 ?? imaPcrValue(measured, 'sha256')]]);
  const input = host.input({ pcrs, clockInfo, imaLog: { offset, data: bytes.subarray(offset) } });
  const { ima_log } = input.evidence;
  const evidence =
    ima_log && given.goesOn ? { ...input.evidence, ima_log: { ...ima_log, more: true } } : input.evidence;
  const policy = { ...input.policy, allowed: [...allowedByDefault, ...(given.allowed ?? [])] };
  const { verdict, state, goesOn } = host.appraise(
    {},
    { ...input, policy, evidence, previous: given.state, imaAsked: asked },
  );
  const counting = verdict.findings.filter(({ allowed }) => !allowed);
  return { verdict, state, goesOn, findings: counting, codes: counting.map(({ code }) => code) };
}

const trusted = (result: ReturnType<typeof round>) => {
  assert.deepEqual(result.codes, []);
  assert.equal(result.verdict.trust, 'trusted');
  return result;
};
const refused = (result: ReturnType<typeof round>, ...codes: FindingCode[]) => {
  assert.deepEqual(result.codes, codes);
  assert.notEqual(result.verdict.trust, 'trusted');
  assert.notEqual(result.verdict.components[3]?.trust, 'trusted');
  return result;
};
/** As often as a host is asked again whose list does not lead to the quote. */
function inTheEnd(next: (state: EvidenceState | undefined) => ReturnType<typeof round>) {
  let result = next(undefined);
  for (let rounds = 0; result.goesOn && rounds < 10; rounds++) {
    refused(result, 'ima-list-behind');
    assert.equal(result.verdict.trust, 'unknown');
    result = next(result.state);
  }
  return result;
}

test('a list that leads to PCR 10 is proven; each next round reads its new entries alone', () => {
  const first = trusted(round(list));
  assert.equal(first.state?.ima?.list.entries, 5);
  assert.match(first.verdict.components[3]?.reason ?? '', /IMA list of 5 entries proven, its files not compared/);
  const second = trusted(round([...list, ...more], { state: first.state }));
  assert.equal(second.state?.ima?.list.entries, 7);
  trusted(round([...list, ...more], { state: second.state }));
  trusted(round([...list, ...more], { state: second.state, offset: 0 }));
});

test('a host without IMA needs no list', () => {
  const none = host.appraise();
  assert.equal(none.verdict.trust, 'trusted');
  assert.equal(none.state?.ima, undefined);
  trusted(round([], { pcr10: new Uint8Array(32) }));
});

test('a PCR 10 that was extended and a list that is not sent, or a list and nothing extended, are refused', () => {
  const value = imaPcrValue(list, 'sha256');
  const [missing] = host.findings({ pcrs: new Map([[10, value]]) });
  assert.deepEqual([missing?.code, missing?.component, missing?.pcr], ['ima-list-missing', 'operating_system', 10]);
  assert.equal(missing?.seen, `none (it holds sha256 ${value.toHex()})`);
  refused(round(list, { pcr10: new Uint8Array(32) }), 'ima-not-extended');
  trusted(round(list, { pcr10: new Uint8Array(32), allowed: ['ima-not-extended'] }));
});

test('every template that knows files by SHA-256 is accepted', () => {
  for (const template of modernTemplates) trusted(round(honestIma(template, 4, aggregate)));
});

test('I01 a violation counts against the host, once for all its life, unless a policy allows it', () => {
  const violated = [...list, { path: '/var/log/x', violation: true }];
  const first = refused(round(violated), 'ima-violation');
  assert.deepEqual([first.findings[0]?.entry, first.verdict.trust], [5, 'untrusted']);
  assert.match(first.findings[0]?.seen ?? '', /changed while it was measured$/, 'and no other');
  assert.match(first.verdict.reason, /IMA entry 5 \(\/var\/log\/x\)/);
  refused(round([...violated, ...more], { state: first.state }), 'ima-violation');
  refused(round([...violated, { path: '/y', violation: true }], { state: first.state }), 'ima-violation');
  trusted(round(violated, { allowed: ['ima-violation'] }));
  trusted(round(violated, { state: first.state, allowed: ['ima-violation'] }));
});

test('I02 data that does not hash to its template digest is refused at that entry', () => {
  const lied = { path: '/usr/bin/evil', templateDigest: createHash('sha1').update('x').digest() };
  const result = refused(round([...list, lied]), 'ima-template-digest');
  assert.equal(result.findings[0]?.entry, 5);
  const changed = buildIma(list);
  changed.write('evil', changed.indexOf('program-2'));
  const { codes, findings } = round(changed, { measured: list });
  assert.deepEqual(codes, ['ima-list-mismatch', 'ima-template-digest'], 'no matter of time');
  assert.equal(findings[1]?.entry, 3);
});

test('I03 an unknown template, and the one with SHA-1 alone, are not enough', () => {
  refused(round([...list, { template: 'ima-new', data: Buffer.from('x') }]), 'ima-template-unknown');
  refused(round([...list, { template: 'ima' }]), 'ima-template-legacy');
});

test('I09 an entry for another PCR counts against the host unless a policy allows it', () => {
  const elsewhere = [...list, { path: '/etc/x', pcr: 11 }, ...more];
  refused(round(elsewhere), 'ima-pcr');
  const first = trusted(round(elsewhere, { allowed: ['ima-pcr'] }));
  const tail = [...elsewhere, { path: '/etc/y', pcr: 11 }];
  const second = trusted(round(tail, { state: first.state, allowed: ['ima-pcr'] }));
  trusted(round([...tail, { path: '/etc/z', pcr: 11 }], { state: second.state, allowed: ['ima-pcr'] }));
});

test('I10 entries behind the quote are not proven, nothing is claimed of them, and the next round proves them', () => {
  const ahead = trusted(round([...list, ...more], { measured: list }));
  assert.equal(ahead.state?.ima?.list.entries, 5);
  const next = trusted(round([...list, ...more], { state: ahead.state }));
  assert.equal(next.state?.ima?.list.entries, 7);
});

test('I11 a quote ahead of the list is asked again, and refused when that does not help', () => {
  const early = round(list, { measured: [...list, ...more] });
  refused(early, 'ima-list-behind');
  assert.deepEqual([early.goesOn, early.verdict.trust], [true, 'unknown']);
  trusted(round([...list, ...more], { state: early.state }));
  const never = inTheEnd((state) => round(list, { measured: [...list, ...more], state }));
  refused(never, 'ima-list-mismatch');
  assert.equal(never.verdict.trust, 'untrusted');
  refused(round(list, { measured: [...list, ...more], state: never.state }), 'ima-list-mismatch');
});

test('I11 what a list says that is behind the quote is not held against the host yet', () => {
  const sent = [...list, { path: '/x', violation: true }];
  const measured = [...sent, ...more];
  const early = round(sent, { measured });
  refused(early, 'ima-list-behind');
  assert.ok(early.goesOn);
  assert.match(early.findings[0]?.expected ?? '', new RegExp(`sha256 ${imaPcrValue(measured, 'sha256').toHex()}`));
  refused(round(measured, { state: early.state }), 'ima-violation');
});

test('I12 the newest entry withheld is missed, and a tail that the next round does not prove is refused', () => {
  const withheld = inTheEnd((state) => round(list, { measured: [...list, { path: '/tmp/evil' }], state }));
  refused(withheld, 'ima-list-mismatch');
  const ahead = trusted(round([...list, ...more], { measured: list }));
  const stuck = refused(round([...list, ...more], { measured: list, state: ahead.state }), 'ima-tail-unproven');
  refused(round(list, { measured: list, state: stuck.state }), 'ima-tail-unproven');
  trusted(round([...list, ...more], { state: stuck.state }));
  const longer = [...list, ...more, { path: '/usr/bin/later' }];
  trusted(round(longer, { measured: [...list, ...more], state: ahead.state }));
});

test('I13 the list is sent from where it was asked or from 0, and from nowhere else', () => {
  const { state } = trusted(round(list));
  const whole = [...list, ...more];
  const asked = imaOffset(state?.ima, defaultPcrs);
  trusted(round(whole, { state, offset: asked }));
  trusted(round(whole, { state, offset: 0 }));
  const expected = (given: Round) => refused(round(whole, given), 'ima-offset').findings[0]?.expected;
  for (const offset of [1, asked - 1, asked + 1, buildIma(whole).length, 2 ** 40])
    assert.equal(expected({ state, offset }), `${asked} or 0`);
  assert.equal(expected({ offset: asked }), '0');
  assert.equal(expected({ offset: asked, asked }), '0', 'what was read before counts no longer');
  assert.equal(expected({ state, offset: 5, asked: 0 }), '0');
});

test('what another round has proven meanwhile is not read again, and what is not read yet not skipped', () => {
  const whole = [...list, ...more];
  const first = trusted(round(list));
  const asked = imaOffset(first.state?.ima, defaultPcrs);
  const second = trusted(round(whole.slice(0, 6), { state: first.state }));
  const third = trusted(round(whole, { state: second.state, asked, offset: asked }));
  assert.equal(third.state?.ima?.list.entries, 7);
  const later = imaOffset(second.state?.ima, defaultPcrs);
  refused(round(whole, { state: first.state, asked: later, offset: later }), 'ima-offset');
});

test('a bank that is quoted without PCR 10 has no say in it', () => {
  const banks = [...defaultPcrs, { bank: 'sha384' as const, pcrs: [15] }];
  const other = scene(undefined, banks);
  const codes = (pcr10: Uint8Array, sent?: readonly ImaWish[]) => {
    const imaLog = sent && { offset: 0, data: buildIma(sent) };
    const found = other.findings({ pcrs: new Map([[10, pcr10]]), ...(imaLog && { imaLog }) });
    return found.flatMap(({ code }) => (code.startsWith('ima-') ? [code] : []));
  };
  const value = imaPcrValue(list, 'sha256');
  assert.deepEqual(codes(value, list), []);
  assert.deepEqual(codes(value), ['ima-list-missing']);
  assert.deepEqual(codes(value, list.slice(0, 3)), ['ima-list-behind']);
  assert.deepEqual(codes(new Uint8Array(32), list), ['ima-not-extended']);
  const { state } = trusted(round(list));
  assert.equal(imaOffset(state?.ima, banks), buildIma(list).length, 'nor in where to read on');
});

test('a bank that is wanted for the first time is read from the beginning of the list', () => {
  const { state } = trusted(round(list));
  const [sha256 = assert.fail()] = defaultPcrs;
  assert.equal(imaOffset(state?.ima, [sha256, { ...sha256, bank: 'sha384' }]), 0);
  assert.equal(imaOffset(state?.ima, defaultPcrs), buildIma(list).length);
  assert.equal(imaOffset(undefined, defaultPcrs), 0);
});

test('I14 Q25 after a reset or restart nothing that was read before counts', () => {
  const first = trusted(round(list));
  const again = honestIma('ima-ng', 2, aggregate);
  for (const clockInfo of [{ resetCount: 2 }, { restartCount: 1 }]) {
    const continued = round([...list, ...more], { state: first.state, clockInfo });
    refused(continued, 'ima-offset');
    assert.equal(continued.state?.ima, undefined);
    const anew = trusted(round(again, { state: first.state, offset: 0, clockInfo }));
    assert.equal(anew.state?.ima?.list.entries, 3);
  }
  const violated = refused(round([...list, { path: '/x', violation: true }]), 'ima-violation');
  trusted(round(again, { state: violated.state, offset: 0, clockInfo: { resetCount: 2 } }));
});

test('I15 the list begins with the one boot_aggregate over the quoted PCRs', () => {
  const [first, ...files] = list;
  assert.ok(first);
  refused(round(files), 'ima-boot-aggregate');
  refused(round([...files.slice(0, 1), first, ...files.slice(1)]), 'ima-boot-aggregate', 'ima-boot-aggregate-again');
  refused(round([...list, first]), 'ima-boot-aggregate-again');
  trusted(round([...list, first], { allowed: ['ima-boot-aggregate-again'] })); // kexec hands the list over
  refused(round(honestIma('ima-ng', 4)), 'ima-boot-aggregate');
  refused(round([{ ...first, digest: new Uint8Array(32) }, ...files]), 'ima-boot-aggregate');
  const old = [{ ...first, algorithm: 'sha1', digest: new Uint8Array(20).fill(1) }, ...files];
  refused(round(old), 'ima-boot-aggregate-unproven');
  trusted(round(old, { allowed: ['ima-boot-aggregate-unproven'] }));
});

test('a list sent without PCR values is held to what the boot log says of PCR 10', () => {
  const list = { offset: 0, data: buildIma([]) };
  const without = host.input({ pcrValues: false, pcrs: new Map([[10, new Uint8Array(32)]]), imaLog: list });
  assert.equal(host.appraise({}, without).verdict.trust, 'trusted');
  const sent = { ...without.evidence, ima_log: { offset: 0, data: toBase64(buildIma([{ path: '/x' }])) } };
  const { verdict } = host.appraise({}, { ...without, evidence: sent });
  assert.deepEqual(
    verdict.findings.flatMap(({ code, allowed }) => (allowed ? [] : [code])),
    ['ima-not-extended'],
  );
  const previous = trusted(round(buildIma([]), { pcr10: new Uint8Array(32) })).state;
  assert.notEqual(host.appraise({}, { ...without, evidence: sent, previous }).verdict.trust, 'trusted');
});

test('Q07 a PCR value sent beside a quote that does not cover it proves no boot_aggregate', () => {
  const some = [0, 1, 2, 3, 4, 5, 6, 7, 8, 10];
  const other = scene(undefined, [{ bank: 'sha256', pcrs: some }]);
  const wish = { pcrs: new Map([[10, imaPcrValue(list, 'sha256')]]), imaLog: { offset: 0, data: buildIma(list) } };
  const { evidence, ...rest } = other.input(wish);
  const nine = boot.sha256?.get(9)?.toHex() ?? '';
  const pcr_values = [...(evidence.pcr_values ?? []), { bank: 'sha256' as const, pcr: 9, value: nine }];
  const { verdict } = other.appraise({}, { ...rest, evidence: { ...evidence, pcr_values } });
  assert.ok(verdict.findings.some(({ code, allowed }) => code === 'ima-boot-aggregate-unproven' && !allowed));
});

test('I16 a list longer than one round carries is read on, and nothing is trusted before its end', () => {
  const whole = [...list, ...Array.from({ length: 300 }, (_, i): ImaWish => ({ path: `/usr/lib/${i}` }))];
  const bytes = buildIma(whole);
  const pcr10 = imaPcrValue(whole, 'sha256');
  let state: EvidenceState | undefined;
  for (let end = 10_000; end < bytes.length; end += 10_000) {
    const part = round(bytes.subarray(0, end), { pcr10, state, goesOn: true });
    refused(part, 'ima-list-unfinished');
    assert.deepEqual([part.goesOn, part.verdict.trust], [true, 'unknown']);
    assert.ok(imaOffset(part.state?.ima, defaultPcrs) > end - 200 && imaOffset(part.state?.ima, defaultPcrs) <= end);
    state = part.state;
  }
  trusted(round(bytes, { pcr10, state }));
  const standstill = round(bytes.subarray(0, imaOffset(state?.ima, defaultPcrs)), { pcr10, state, goesOn: true });
  refused(standstill, 'ima-list-behind');
  assert.ok(JSON.stringify(state).length < 1000, 'what is remembered does not grow with the list');
});

test('I16 a list has an end: what goes on past it is not read', () => {
  const { state } = trusted(round(list));
  assert.ok(state?.ima);
  const after = buildIma(more);
  const pcr10 = imaPcrValue([...list, ...more], 'sha256');
  const at = (offset: number) => {
    const ima = { ...state.ima, list: { ...(state.ima?.list ?? assert.fail()), offset } } as EvidenceState['ima'] & {};
    const input = host.input({ pcrs: new Map([[10, pcr10]]), imaLog: { offset, data: after } });
    const result = host.appraise({}, { ...input, previous: { ...state, ima }, imaAsked: offset });
    return result.verdict.findings.filter(({ allowed }) => !allowed).map(({ code }) => code);
  };
  assert.deepEqual(at(1024 ** 3 - after.length), []);
  assert.deepEqual(at(1024 ** 3 - after.length + 1), ['ima-list-too-long']);
});

test('I16 what a long list shows on the way stays', () => {
  const whole = [...list, { path: '/x', violation: true }, ...more];
  const bytes = buildIma(whole);
  const pcr10 = imaPcrValue(whole, 'sha256');
  const part = round(bytes.subarray(0, buildIma(whole.slice(0, 6)).length + 1), { pcr10, goesOn: true });
  assert.deepEqual(part.codes, ['ima-list-unfinished', 'ima-violation']);
  refused(round(bytes, { pcr10, state: part.state }), 'ima-violation');
});

test('I17 every entry is looked at, also after the first objection', () => {
  const bad: ImaWish[] = [
    { path: '/a', violation: true },
    { path: '/b', templateDigest: new Uint8Array(20).fill(7) },
    { template: 'ima' },
    { path: '/c', pcr: 12 },
    { path: '/d', violation: true },
  ];
  const { findings } = round([...list, ...bad, { path: '/usr/bin/last' }]);
  assert.deepEqual(
    findings.map(({ code, entry }) => [code, entry]),
    [
      ['ima-violation', 5],
      ['ima-template-digest', 6],
      ['ima-template-legacy', 7],
      ['ima-pcr', 8],
    ],
  );
  assert.match(findings[0]?.seen ?? '', /and 1 more/);
});

test('I18 a malformed signature of a file is a finding of its entry', () => {
  const malformed: ImaWish = {
    path: '/x',
    template: 'ima-sig',
    signature: Buffer.from([3, 2, 4, 0, 0, 0, 0, 9, 9, 1]),
  };
  refused(round([...list, malformed]), 'ima-signature');
  trusted(round([...list, malformed], { allowed: ['ima-signature'] }));
});

test('I20 SHA-1 digests padded into the bank count only where a policy allows them', () => {
  const pcr10 = imaPcrValue(list, 'sha256', 'padded');
  const first = refused(round(list, { pcr10 }), 'ima-padded-sha1');
  trusted(round(list, { pcr10, allowed: ['ima-padded-sha1'] }));
  const next = imaPcrValue([...list, ...more], 'sha256', 'padded');
  refused(round([...list, ...more], { pcr10: next, state: first.state }), 'ima-padded-sha1');
  refused(
    round([...list, ...more], { pcr10: imaPcrValue(more, 'sha256', 'recomputed', pcr10), state: first.state }),
    'ima-list-behind',
  );
});

test('a list that came for a PCR 10 nobody asked for proves nothing and is left aside', () => {
  const other = scene();
  const { evidence } = other.input();
  const ima_log = { offset: 0, data: toBase64(buildIma(list)) };
  const { verdict, state } = other.appraise({}, { evidence: { ...evidence, ima_log } });
  assert.equal(verdict.trust, 'trusted');
  assert.equal(state?.ima, undefined);
});

test('any changed byte of a list that changes its meaning costs the trust', () => {
  const bytes = buildIma(list);
  const pcr10 = imaPcrValue(list, 'sha256');
  trusted(round(bytes, { pcr10 }));
  fc.assert(
    fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (at, mask) => {
      const changed = Buffer.from(bytes);
      changed[at] = (changed[at] ?? 0) ^ mask;
      const { verdict } = round(changed, { pcr10 });
      assert.notEqual(verdict.trust, 'trusted', `byte ${at}`);
    }),
    { numRuns: 300 },
  );
});

test('a list cut anywhere, with anything behind it, or made of anything, is appraised and never trusted', () => {
  const bytes = buildIma(list);
  const pcr10 = imaPcrValue(list, 'sha256');
  for (let length = 0; length < bytes.length; length += 3)
    assert.notEqual(round(bytes.subarray(0, length), { pcr10 }).verdict.trust, 'trusted', `${length}`);
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), fc.boolean(), (data, goesOn) => {
      const result = round(Buffer.from(data), { pcr10, ...(goesOn && { goesOn }) });
      assert.notEqual(result.verdict.trust, 'trusted');
    }),
    { numRuns: 200 },
  );
});

test('IMA’s list in a form that is not base64 is refused and forgets nothing', () => {
  const { state } = trusted(round(list));
  const input = host.input({
    pcrs: new Map([[10, imaPcrValue(list, 'sha256')]]),
    imaLog: { offset: 0, data: buildIma(list) },
  });
  const ima_log = { offset: 0, data: 'QQ' };
  const result = host.appraise({}, { ...input, evidence: { ...input.evidence, ima_log }, previous: state });
  assert.equal(result.verdict.trust, 'untrusted');
  assert.deepEqual(result.state?.ima, state?.ima);
  assert.ok(fromBase64(input.evidence.ima_log?.data ?? '', 'x').length > 0);
});
