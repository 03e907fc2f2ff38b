// PCR values as they are: for a component in which nothing else is known, and for components that a policy defines.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseEventLog, withDigests, writeEventLog } from '@assay/measurement';
import { corpusLog, editLog } from '@assay/measurement/testing';
import type { PcrWish, PolicyDocument, ReferenceValue } from '@assay/protocol';
import {
  extended,
  factsOfLog,
  measurements,
  namedValue,
  scene,
  sequence,
  testPolicy,
  valuesOf,
} from '../testing/index.ts';
import { compare } from './compare.ts';
import { compareExtra } from './extras.ts';
import { KnownGood } from './known-good.ts';
import { referenceFrom } from './learn.ts';
import type { Facts } from './support.ts';

const boot = corpusLog('ovmf-linux-6.1');
const other = writeEventLog(withDigests(parseEventLog(boot), 21, { sha256: new Uint8Array(32).fill(7) }));
const { pcrValues, events } = factsOfLog(boot, []);
const hex = (pcr: number) => pcrValues.sha256?.get(pcr)?.toHex() ?? assert.fail();
const values = (name: string, component: string, pcrs: readonly number[], changes: Partial<ReferenceValue> = {}) =>
  namedValue(
    name,
    component,
    { form: 'pcr-values', values: pcrs.map((pcr) => ({ bank: 'sha256' as const, pcr, value: hex(pcr) })) },
    changes,
  );
const told = (log: Uint8Array, known: readonly ReferenceValue[], component: string, changes: Partial<Facts> = {}) => {
  const compared = compare(component, factsOfLog(log, known, changes));
  return compared.known ? compared.values.join() : compared.finding.code;
};

test('a component is good when all PCRs that have its events have known values', () => {
  const both = [values('both', 'hypervisor', [4, 9])];
  assert.equal(told(boot, both, 'hypervisor'), 'both');
  assert.equal(told(other, both, 'hypervisor'), 'measurement-unknown');
  const apart = [values('four', 'hypervisor', [4]), values('nine', 'hypervisor', [9])];
  assert.equal(told(boot, apart, 'hypervisor'), 'four,nine');
  assert.equal(told(boot, apart.slice(0, 1), 'hypervisor'), 'measurement-unknown', 'the command line is in PCR 9');
  assert.equal(told(boot, both, 'operating_system'), 'reference-missing', 'of another component');
  assert.equal(told(boot, both, 'boot_loader'), 'both', 'there is none before a good kernel');
  assert.equal(told(boot, [values('four', 'boot_loader', [4])], 'boot_loader'), 'four', 'none is in PCR 4');
  assert.equal(told(boot, [values('eight', 'boot_loader', [8])], 'boot_loader'), 'measurement-unknown');
});

test('a value counts with all PCRs it names, and none that the quote leaves out', () => {
  assert.equal(told(other, [values('more', 'boot_loader', [4, 9])], 'boot_loader'), 'measurement-unknown');
  const quoted = [{ hash: 'sha256', pcrs: [0, 4] }];
  const nine = values('nine', 'boot_loader', [4, 9]);
  assert.equal(told(boot, [nine], 'boot_loader', { quoted }), 'pcr-not-quoted', 'of PCR 9 nothing can be said');
  assert.equal(told(boot, [{ ...nine, state: 'retired' }], 'boot_loader', { quoted }), 'measurement-unknown');
  const unquoted = { bank: 'sha256' as const, pcr: 17, value: '00'.repeat(32) };
  const wrong = { bank: 'sha256' as const, pcr: 4, value: '00'.repeat(32) };
  const listed = (...all: (typeof wrong)[]) => namedValue('list', 'boot_loader', { form: 'pcr-values', values: all });
  assert.equal(told(boot, [listed(unquoted)], 'boot_loader', { quoted }), 'pcr-not-quoted');
  assert.equal(told(boot, [listed(unquoted, wrong)], 'boot_loader', { quoted }), 'measurement-unknown');
  const sha1 = { bank: 'sha1' as const, pcr: 4, value: '00'.repeat(20) };
  const never = namedValue('never', 'boot_loader', { form: 'pcr-values', values: [unquoted, sha1] });
  assert.equal(told(boot, [never, listed(wrong)], 'boot_loader', { quoted }), 'measurement-unknown', 'it never holds');
  const ofNine = { bank: 'sha256' as const, pcr: 9, value: hex(9) };
  const half = namedValue('half', 'hypervisor', { form: 'pcr-values', values: [ofNine, unquoted] });
  const four = values('four', 'hypervisor', [4]);
  const few = { quoted: [{ hash: 'sha256', pcrs: [4, 9] }] };
  assert.equal(told(boot, [four, half], 'hypervisor', few), 'pcr-not-quoted', 'also behind one that holds');
  assert.equal(told(boot, [values('four', 'boot_loader', [4])], 'boot_loader', { quoted }), 'four');
  const banks = [
    { hash: 'sha256', pcrs: [4] },
    { hash: 'sha384', pcrs: [4] },
  ];
  assert.equal(
    told(boot, [values('four', 'boot_loader', [4])], 'boot_loader', { quoted: banks }),
    'measurement-unknown',
  );
  const unproven = { pcrValues: {} };
  assert.equal(told(boot, [values('four', 'boot_loader', [4])], 'boot_loader', unproven), 'measurement-unknown');
  const twice = namedValue('twice', 'boot_loader', {
    form: 'pcr-values',
    values: [
      { bank: 'sha256', pcr: 4, value: hex(4) },
      { bank: 'sha256', pcr: 4, value: '00'.repeat(32) },
    ],
  });
  assert.equal(told(boot, [twice], 'boot_loader'), 'measurement-unknown');
});

test('a value counts in the banks that are quoted, and in each of them', () => {
  const [four, nine, long] = [hex(4), hex(9), '04'.repeat(48)];
  const of = (name: string, ...all: [bank: 'sha256' | 'sha384', pcr: number, value: string][]) =>
    namedValue(name, 'boot_loader', {
      form: 'pcr-values',
      values: all.map(([bank, pcr, value]) => ({ bank, pcr, value })),
    });
  const quoted = [
    { hash: 'sha256', pcrs: [0, 4] },
    { hash: 'sha384', pcrs: [4] },
  ];
  const held = { ...pcrValues, sha384: new Map([[4, new Uint8Array(48).fill(4)]]) };
  const inBoth = (...known: ReferenceValue[]) => told(boot, known, 'boot_loader', { quoted, pcrValues: held });
  assert.equal(inBoth(of('both', ['sha256', 4, four], ['sha384', 4, long])), 'both');
  const zero = of('zero', ['sha256', 0, hex(0)], ['sha256', 4, four], ['sha384', 4, long]);
  assert.equal(inBoth(zero), 'zero', 'of PCR 0 the quote has one bank');
  assert.equal(inBoth(of('one', ['sha256', 4, four])), 'measurement-unknown', 'of the other bank nothing is known');
  assert.equal(inBoth(of('one', ['sha384', 4, long])), 'measurement-unknown');
  assert.equal(inBoth(of('wrong', ['sha256', 4, four], ['sha384', 4, '05'.repeat(48)])), 'measurement-unknown');
  const elsewhere = of('elsewhere', ['sha256', 4, four], ['sha384', 9, nine]);
  assert.equal(told(boot, [elsewhere], 'boot_loader'), 'elsewhere', 'a bank that is not quoted says nothing');
  const other = of('other', ['sha384', 4, long]);
  const both = of('four', ['sha256', 4, four]);
  assert.equal(told(boot, [other, both], 'boot_loader'), 'four', 'nothing rests on what was not compared');
});

test('where nothing is known it is said whether SHA-1 is', () => {
  const seen = (...known: ReferenceValue[]) => {
    const compared = compare('hypervisor', factsOfLog(boot, known));
    assert.ok(!compared.known);
    return compared.finding.seen;
  };
  assert.match(seen() ?? '', /^none: run/);
  const value = { bank: 'sha1' as const, pcr: 4, value: '00'.repeat(20) };
  assert.match(
    seen(namedValue('old', 'hypervisor', { form: 'pcr-values', values: [value] })) ?? '',
    /^SHA-1 alone: run/,
  );
});

test('a difference is told against what is good and nearest, of a PCR that differs', () => {
  const finding = (...known: ReferenceValue[]) => {
    const compared = compare('hypervisor', factsOfLog(boot, known));
    assert.ok(!compared.known);
    return compared.finding;
  };
  const wrong = (name: string, pcr: number, value: string, changes: Partial<ReferenceValue> = {}) =>
    namedValue(name, 'hypervisor', { form: 'pcr-values', values: [{ bank: 'sha256', pcr, value }] }, changes);
  const [good, old] = ['11'.repeat(32), '22'.repeat(32)];
  const retired = wrong('a', 4, old, { state: 'retired' });
  assert.equal(finding(retired, wrong('b', 4, good)).expected, good);
  assert.equal(finding(retired).expected, old, 'where none is good');
  const nine = finding(values('four', 'hypervisor', [4]), wrong('nine', 9, good));
  assert.deepEqual([nine.pcr, nine.expected, nine.seen], [9, good, hex(9)]);
});

test('a value that knows a PCR by SHA-1 alone never holds, whatever the SHA-1 and whatever else it knows', () => {
  type Known = { bank: 'sha1' | 'sha256'; pcr: number; value: string };
  const of = (...known: Known[]) => namedValue('weak', 'hypervisor', { form: 'pcr-values', values: known });
  const [four, nine] = [4, 9].map((pcr): Known => ({ bank: 'sha256', pcr, value: hex(pcr) })) as [Known, Known];
  const proven = { pcrValues: { ...pcrValues, sha1: new Map([[4, new Uint8Array(20).fill(0xaa)]]) } };
  const quoted = [{ hash: 'sha256', pcrs: [4, 9] }];
  for (const value of ['aa'.repeat(20), hex(4).slice(0, 40), '00'.repeat(20)]) {
    const weak: Known = { bank: 'sha1', pcr: 4, value };
    for (const changes of [{}, proven, { ...proven, quoted: [...quoted, { hash: 'sha1', pcrs: [4, 9] }] }]) {
      assert.equal(told(boot, [of(weak)], 'hypervisor', changes), 'reference-missing');
      assert.notEqual(told(boot, [of(weak, nine)], 'hypervisor', changes), 'weak');
      assert.notEqual(told(boot, [of(weak), values('nine', 'hypervisor', [9])], 'hypervisor', changes), 'weak,nine');
    }
    assert.equal(told(boot, [of(weak, four, nine)], 'hypervisor'), 'weak', 'a PCR that is known by SHA-256 as well');
    const rest = values('four', 'hypervisor', [4]);
    assert.equal(told(boot, [of(weak, nine), rest], 'hypervisor'), 'measurement-unknown', 'nor what else it knows');
  }
  const compared = compare('hypervisor', factsOfLog(boot, [of({ bank: 'sha1', pcr: 4, value: 'aa'.repeat(20) })]));
  assert.match(compared.known ? '' : compared.finding.message, /SHA-1 alone: run/);
});

test('what no known PCR covers is compared as ever', () => {
  const known = sequence(events, 'hypervisor');
  const golden = namedValue('golden', 'hypervisor', known);
  const nine = namedValue('nine', 'hypervisor', {
    form: 'pcr-values',
    values: [{ bank: 'sha256', pcr: 9, value: factsOfLog(other, []).pcrValues.sha256?.get(9)?.toHex() ?? '' }],
  });
  assert.equal(told(other, [golden], 'hypervisor'), 'measurement-unknown');
  assert.equal(told(other, [golden, nine], 'hypervisor'), 'golden,nine');
  const image = events.find(({ claim }) => claim === 'kernel image') ?? assert.fail();
  const single = namedValue('single', 'hypervisor', measurements(image));
  assert.equal(told(other, [single, nine], 'hypervisor'), 'nine,single');
  assert.equal(told(other, [nine], 'hypervisor'), 'measurement-unknown', 'the kernel is in PCR 4');
});

test('retired PCR values are refused and named', () => {
  const retired = [values('both', 'hypervisor', [4, 9], { state: 'retired' })];
  assert.equal(told(boot, retired, 'hypervisor'), 'measurement-retired');
  assert.equal(told(other, retired, 'hypervisor'), 'measurement-unknown');
});

// ---- components that a policy defines

const wanted: readonly PcrWish[] = [{ bank: 'sha256', pcrs: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 13, 15] }];
const golden = scene(boot, wanted);
const learnt = valuesOf(referenceFrom(golden.appraise()));
const document: Partial<PolicyDocument> = {
  extras: [{ name: 'disk_keys', pcrs: [13, 15] }],
  evidence: { pcrs: { sha256: [...(wanted[0]?.pcrs ?? [])] } },
};
const components = ['firmware', 'boot_loader', 'hypervisor', 'operating_system'];
const demanding = testPolicy({ ...document, known_good: [...components, 'disk_keys'] });
const held = extended(new Uint8Array(32), 'disk key');
const extra = (fifteen: Uint8Array, changes: Partial<ReferenceValue> = {}) =>
  namedValue(
    'extra',
    'disk_keys',
    {
      form: 'pcr-values',
      values: [
        { bank: 'sha256', pcr: 15, value: fifteen.toHex() },
        { bank: 'sha256', pcr: 13, value: '00'.repeat(32) },
      ],
    },
    changes,
  );
const judged = (known: readonly ReferenceValue[], policy = demanding, pcrs = new Map([[15, held]])) =>
  golden.appraise({ pcrs }, { policy, knownGood: new KnownGood([...learnt, ...known], 1) }).verdict;

test('an extra is good by the values of its PCRs, also where no boot log tells what extended them', () => {
  const verdict = judged([extra(held)]);
  assert.equal(verdict.trust, 'trusted', verdict.reason);
  assert.equal(verdict.reason, 'all measurements and disk keys are known good; vouched for by a software TPM');
  assert.deepEqual(verdict.components.at(-1), {
    component: 'disk_keys',
    trust: 'trusted',
    reason: 'PCR 13, 15, as known good',
    values: ['extra'],
  });
  assert.deepEqual(
    verdict.findings.filter(({ pcr }) => pcr !== 4).map(({ code, pcr, allowed }) => [code, pcr, allowed]),
    [['log-replay-mismatch', 15, true]],
  );
});

test('an extra with other values, retired ones, early ones or none is not good', () => {
  const code = (...args: Parameters<typeof judged>) => {
    const { trust, findings, components: results } = judged(...args);
    assert.notEqual(trust, 'trusted');
    assert.notEqual(results.at(-1)?.trust, 'trusted');
    return findings.filter(({ component }) => component === 'disk_keys').map((one) => one.code);
  };
  assert.deepEqual(code([extra(new Uint8Array(32))]), ['measurement-unknown']);
  assert.deepEqual(code([extra(held)], demanding, new Map()), ['measurement-unknown']);
  assert.deepEqual(code([extra(held, { state: 'retired' })]), ['measurement-retired']);
  assert.deepEqual(code([extra(held, { from: '2099-01-01T00:00:00.000Z' })]), ['measurement-early']);
  assert.deepEqual(code([]), ['reference-missing']);
  const half = namedValue('half', 'disk_keys', {
    form: 'pcr-values',
    values: [{ bank: 'sha256', pcr: 15, value: held.toHex() }],
  });
  assert.deepEqual(code([half]), ['reference-missing'], 'of PCR 13 nothing is known');
  const single = namedValue('single', 'disk_keys', sequence(events, 'firmware'));
  assert.deepEqual(code([single]), ['reference-missing']);
});

test('what an extra is not good by is named: retired before early', () => {
  const facts = factsOfLog(boot, []);
  const of = (...known: ReferenceValue[]) => {
    const compared = compareExtra({ name: 'x', pcrs: [4, 9] }, { ...facts, knownGood: new KnownGood(known) });
    assert.ok(!compared.known);
    const { code, pcr, seen, component } = compared.finding;
    assert.deepEqual([pcr, component], [4, 'x']);
    return `${code}: ${seen}`;
  };
  const [four, nine] = [values('four', 'x', [4]), values('nine', 'x', [9])];
  const early = { from: '2099-01-01T00:00:00.000Z' };
  assert.equal(of(four, { ...nine, state: 'retired' }), 'measurement-retired: nine, retired');
  assert.equal(of(four, { ...nine, ...early }), `measurement-early: nine, good from ${early.from}`);
  assert.equal(of({ ...four, ...early }, { ...nine, state: 'retired' }), 'measurement-retired: nine, retired');
  assert.match(of(), /^reference-missing: none for all of them/);
});

test('an extra of no PCR is never known good', () => {
  const known = [values('four', 'x', [4])];
  const compared = compareExtra({ name: 'x', pcrs: [] }, factsOfLog(boot, known));
  assert.ok(!compared.known);
  assert.ok(!('pcr' in compared.finding));
});

test('a PCR that nothing explains is excused by an extra that is known good, not by one that is only defined', () => {
  const asked = testPolicy({ ...document, known_good: components });
  assert.equal(judged([extra(held)], asked).trust, 'trusted');
  for (const known of [[], [extra(new Uint8Array(32))], [extra(held, { state: 'retired' })]]) {
    const { trust, findings } = judged(known, asked);
    assert.equal(trust, 'untrusted');
    const counting = findings.filter(({ allowed }) => !allowed);
    assert.deepEqual(
      counting.map(({ code, pcr }) => [code, pcr]),
      [['log-replay-mismatch', 15]],
    );
  }
});

test('an extra that is known good excuses no lie about its PCR', () => {
  const log = editLog(parseEventLog(boot), (frames) =>
    frames.map((one, i) => (i === 14 ? { ...one, data: Buffer.from('lies') } : one)),
  );
  const { pcr } = parseEventLog(boot).events[14] ?? assert.fail();
  const policy = testPolicy({
    ...document,
    extras: [...(document.extras ?? []), { name: 'settings', pcrs: [pcr] }],
    known_good: components,
  });
  const knownGood = new KnownGood([...learnt, extra(held), values('settings', 'settings', [pcr])], 1);
  const of = (of: Uint8Array) =>
    golden.appraise({ log: of, pcrs: new Map([[15, held]]) }, { policy, knownGood }).verdict;
  assert.equal(of(boot).trust, 'trusted');
  assert.equal(of(log).trust, 'untrusted');
  assert.ok(of(log).findings.some((one) => one.pcr === pcr && !one.allowed));
});

test('an extra that nobody asks for is shown, and costs no trust', () => {
  const asked = testPolicy({ ...document, known_good: components });
  const verdict = judged([extra(held, { state: 'retired' })], asked, new Map());
  assert.equal(verdict.trust, 'trusted', verdict.reason);
  assert.deepEqual(
    verdict.components.map(({ demanded }) => demanded),
    [undefined, undefined, undefined, undefined, false],
  );
  assert.equal(verdict.components.at(-1)?.trust, 'untrusted');
  const unknown = judged([], asked, new Map());
  assert.equal(unknown.trust, 'trusted');
  assert.ok(
    !unknown.findings.some(({ component }) => component === 'disk_keys'),
    'that nothing is known of it is no news',
  );
});

test('where PCR values are not proven an extra is unknown', () => {
  const known = new KnownGood([...learnt, extra(held)], 1);
  const { verdict } = golden.appraise({ pcrDigest: new Uint8Array(32) }, { policy: demanding, knownGood: known });
  assert.deepEqual(
    verdict.components.map(({ trust }) => trust),
    Array(5).fill('unknown'),
  );
  const refused = golden.appraise({ nonce: new Uint8Array(32) }, { policy: demanding, knownGood: known }).verdict;
  assert.deepEqual(
    refused.components.map(({ component }) => component),
    [...components, 'disk_keys'],
  );
});
