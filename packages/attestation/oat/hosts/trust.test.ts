import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ComponentResult, defaultPool, type Finding, type PolicyDocument, type Verdict } from '@assay/protocol';
import fc from 'fast-check';
import { isGoodPcr, oatTrust } from './trust.ts';

type Told = { trust?: Verdict['trust']; parts?: Record<string, string>; findings?: Finding[]; tags?: Verdict['tags'] };

/** @param parts `trusted`, `untrusted`, `unknown`; in brackets where the policy does not demand it */
const verdictOf = ({ trust = 'trusted', parts = {}, findings = [], tags }: Told): Verdict => ({
  ...{ host: 'kvm01', pool: defaultPool, trust, reason: 'x', findings, software_tpm: false },
  components: Object.entries({
    ...{ firmware: 'trusted', boot_loader: 'trusted', hypervisor: 'trusted', operating_system: 'trusted' },
    ...parts,
  }).map(([component, told]): ComponentResult => {
    const isDemanded = !told.startsWith('[');
    const trust = told.replace(/[[\]]/g, '') as Verdict['trust'];
    return { component, trust, reason: 'x', ...(!isDemanded && { demanded: false }) };
  }),
  ...(tags && { tags }),
  ...{ verified_at: '2026-11-23T10:00:05.000Z', expires_at: '2026-11-23T10:01:35.000Z' },
});
const both = (told: Told) => {
  const { bios, vmm } = oatTrust(verdictOf(told));
  return [bios, vmm];
};
const [trust, message] = ['untrusted' as const, 'x'];

test('bios is the firmware, vmm whatever else the policy demands', () => {
  assert.deepEqual(both({}), [true, true]);
  assert.deepEqual(both({ trust, parts: { hypervisor: 'untrusted' } }), [true, false]);
  assert.deepEqual(both({ trust, parts: { operating_system: 'unknown' } }), [true, false]);
  assert.deepEqual(both({ trust, parts: { firmware: 'untrusted' } }), [false, true]);
  assert.deepEqual(both({ trust, parts: { firmware: 'untrusted', extra: 'untrusted' } }), [false, false]);
  assert.deepEqual(both({ parts: { operating_system: '[unknown]' } }), [true, true]);
  assert.deepEqual(both({ parts: { firmware: '[unknown]' } }), [false, true], 'nobody proved it');
  const only = { boot_loader: '[unknown]', hypervisor: '[unknown]', operating_system: '[unknown]' };
  assert.deepEqual(both({ parts: only }), [true, true]);
  assert.deepEqual(both({ trust, parts: { ...only, firmware: 'untrusted' } }), [false, false]);
});

test('what speaks against all of a host leaves nothing good, what the policy allows does not speak', () => {
  assert.deepEqual(both({ trust, findings: [{ code: 'x', message }] }), [false, false]);
  assert.deepEqual(both({ trust, findings: [{ code: 'x', message, pcr: 4 }] }), [false, false]);
  assert.deepEqual(both({ findings: [{ code: 'x', message, allowed: true }] }), [true, true]);
  assert.deepEqual(both({ trust: 'unknown' }), [false, false]);
});

test('asset tags are told of a trusted host whose TPM certified some; a location never is', () => {
  const tags = { country: 'DE' };
  for (const [told, expected] of [
    [{ tags }, true],
    [{}, false],
    [{ tags: {} }, false],
    [{ tags, trust }, false],
    [{ tags, trust: 'unknown' }, false],
  ] as const) {
    const { asset_tag, location } = oatTrust(verdictOf(told));
    assert.deepEqual([asset_tag, location], [expected, false]);
  }
});

const part = fc.constantFrom('trusted', 'untrusted', 'unknown', '[trusted]', '[untrusted]', '[unknown]');
const finding = fc
  .record({
    pcr: fc.option(fc.nat(23), { nil: undefined }),
    component: fc.option(fc.constantFrom('firmware', 'hypervisor'), { nil: undefined }),
    allowed: fc.boolean(),
  })
  .map(
    ({ pcr, component, allowed }): Finding => ({
      ...{ code: 'x', message },
      ...(pcr !== undefined && { pcr }),
      ...(component && { component }),
      ...(allowed && { allowed }),
    }),
  );

test('a host is bios and vmm together only when it is trusted, and unknown is good in nothing', () => {
  const told = fc.record({
    trust: fc.constantFrom('trusted' as const, 'untrusted' as const, 'unknown' as const),
    parts: fc.record({ firmware: part, boot_loader: part, hypervisor: part, extra: part }),
    findings: fc.array(finding, { maxLength: 3 }),
  });
  const document: PolicyDocument = { pool: defaultPool, extras: [{ name: 'extra', pcrs: [12] }], ima: {} };
  fc.assert(
    fc.property(told, (one) => {
      const verdict = verdictOf(one);
      const { bios, vmm, asset_tag } = oatTrust(verdict);
      if (one.trust !== 'trusted') assert.ok(!(bios && vmm) && !asset_tag);
      if (one.trust === 'unknown') assert.ok(!bios && !vmm);
      for (let pcr = 0; pcr < 24; pcr++)
        if (one.trust === 'unknown') assert.notEqual(isGoodPcr(pcr, verdict, document), true);
    }),
  );
});

test('a PCR is good when all that is demanded of it is', () => {
  const document: PolicyDocument = { pool: defaultPool, extras: [{ name: 'extra', pcrs: [12] }] };
  const good = (told: Told, ...pcrs: number[]) =>
    pcrs.map((pcr) => isGoodPcr(pcr, verdictOf(told), told.parts?.['extra'] ? document : undefined));
  assert.deepEqual(good({}, 0, 9, 10, 12, 17), [true, true, undefined, undefined, undefined]);
  assert.deepEqual(good({ parts: { extra: 'trusted' } }, 12), [true]);
  const event: Finding = { code: 'x', message, component: 'hypervisor', pcr: 9 };
  const kernel = { trust, parts: { hypervisor: 'untrusted' }, findings: [event] };
  assert.deepEqual(good(kernel, 0, 7, 4, 9), [true, true, false, false]);
  const rule: Finding = { code: 'x', message, component: 'firmware', pcr: 7 };
  assert.deepEqual(good({ trust, findings: [rule] }, 0, 7), [true, false]);
  assert.deepEqual(good({ parts: { firmware: '[untrusted]' } }, 0, 4), [undefined, true]);
  assert.equal(isGoodPcr(10, verdictOf({}), { pool: defaultPool, ima: {} }), true);
});
