// What happens when measurements change: an update that was planned, one that was not, one that was taken back; and tricks with all of them.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { parseEventLog, withDigests, writeEventLog } from '@assay/measurement';
import { application, buildLog, corpusLog, editLog, grub as grubCommand, labelled } from '@assay/measurement/testing';
import { type Component, components, type ReferenceContent, type ReferenceValue } from '@assay/protocol';
import fc from 'fast-check';
import { factsOfLog, measurements, namedValue, sequence } from '../testing/index.ts';
import { compare } from './compare.ts';
import { QuotedEvent } from './learn.ts';
import { isSpecified } from './specification.ts';
import type { Facts } from './support.ts';

const digestOf = (text: string) => createHash('sha256').update(text).digest();
const sha256 = (text: string) => ({ sha256: digestOf(text).toString('hex') });
const direct = parseEventLog(corpusLog('ovmf-linux-6.1'));
const grub = parseEventLog(corpusLog('event-moklisttrusted'));
const bytesOf = writeEventLog;
/** Events of the direct boot: see components.test.ts of measurement. */
const [kernelAt, lineAt, initrdAt] = [10, 21, 22];

const goldenOf = (log: typeof direct, changes: Partial<ReferenceValue> = {}): ReferenceValue[] =>
  components.map((component) =>
    namedValue(`golden ${component}`, component, sequence(factsOfLog(bytesOf(log), []).events, component), changes),
  );
const golden = goldenOf(direct);
const measured = (log: typeof direct, changes: Record<number, string>) =>
  Object.entries(changes).reduce((so, [at, text]) => withDigests(so, Number(at), { sha256: digestOf(text) }), log);

type Boot = typeof direct | Uint8Array;
const told = (boot: Boot, values: readonly ReferenceValue[], component: Component, changes: Partial<Facts> = {}) =>
  compare(component, factsOfLog(boot instanceof Uint8Array ? boot : bytesOf(boot), values, changes));
const isGood = (...args: Parameters<typeof told>) => told(...args).known;
const codeOf = (...args: Parameters<typeof told>) => {
  const compared = told(...args);
  return compared.known ? 'good' : compared.finding.code;
};
const kernel = (name: string, text: string, changes: Partial<ReferenceValue> = {}) =>
  namedValue(name, 'hypervisor', measurements({ claim: 'kernel image', digests: sha256(text) }), changes);

test('a new kernel in an otherwise known boot is good by a single measurement of it, beside the old one', () => {
  const updated = measured(direct, { [kernelAt]: 'new kernel' });
  assert.equal(codeOf(updated, golden, 'hypervisor'), 'measurement-unknown');
  const planned = [...golden, kernel('linux 2', 'new kernel', { state: 'next' })];
  const compared = told(updated, planned, 'hypervisor');
  assert.deepEqual([compared.known, compared.values], [true, ['golden hypervisor', 'linux 2']]);
  assert.ok(isGood(direct, planned, 'hypervisor'), 'the old one stays good');
  const other = measured(updated, { [lineAt]: 'init=/bin/sh' });
  assert.equal(codeOf(other, planned, 'hypervisor'), 'measurement-unknown', 'its command line is another one');
});

test('a single measurement counts for its own component and claim alone', () => {
  const updated = measured(direct, { [kernelAt]: 'x', [lineAt]: 'x', [initrdAt]: 'x' });
  const single = (component: string, claim: string) =>
    namedValue('x', component, measurements({ claim, digests: sha256('x') }));
  for (const wrong of [
    single('operating_system', 'kernel image'),
    single('hypervisor', 'kernel file'),
    single('hypervisor', 'kernel command line'),
    single('boot_loader', 'boot loader image'),
  ])
    assert.equal(codeOf(updated, [...golden, wrong], 'hypervisor'), 'measurement-unknown', JSON.stringify(wrong));
  const both = [single('hypervisor', 'kernel image'), { ...single('hypervisor', 'kernel command line'), id: 'y' }];
  assert.equal(codeOf(updated, [...golden, ...both], 'hypervisor'), 'good', 'each for its own');
  assert.equal(codeOf(updated, [...golden, single('operating_system', 'initrd')], 'operating_system'), 'good');
});

test('what the policy allows may stand in its place, and nowhere else', () => {
  const updated = measured(direct, { [lineAt]: 'quiet' });
  const allows: Facts['allows'] = ({ role }) => role === 'kernel command line';
  assert.equal(codeOf(updated, golden, 'hypervisor', { allows }), 'good');
  assert.equal(codeOf(updated, golden, 'hypervisor', { allows: () => false }), 'measurement-unknown');
  const line = updated.events[lineAt]?.frame ?? assert.fail();
  const twice = editLog(updated, (frames) => frames.toSpliced(lineAt, 0, line));
  assert.equal(codeOf(twice, golden, 'hypervisor', { allows }), 'measurement-unknown', 'one more of it');
});

test('what stands in the place of known events is new, and each of them has its own', () => {
  const boot = (...images: string[]) => parseEventLog(buildLog(images.map(application)));
  const values = goldenOf(boot('shim', 'grub', 'grub', 'kernel'));
  const single = (text: string) =>
    namedValue(text, 'boot_loader', measurements({ claim: 'boot loader image', digests: sha256(text) }));
  const loaders = ['shim', 'grub', 'shim 2', 'grub 2'].map(single);
  const isLoader = (...images: string[]) => isGood(boot(...images, 'kernel'), [...values, ...loaders], 'boot_loader');
  assert.ok(isLoader('shim', 'grub', 'grub'));
  assert.ok(isLoader('shim', 'grub 2', 'grub 2'));
  assert.ok(isLoader('shim 2', 'grub 2', 'grub 2'));
  assert.ok(!isLoader('grub', 'shim', 'shim'), 'in another order');
  assert.ok(!isLoader('shim', 'shim', 'shim'), 'one in the place of another');
  assert.ok(!isLoader('grub 2', 'grub', 'grub') || !isLoader('grub', 'grub', 'grub'), 'one that stands elsewhere');
  assert.ok(!isLoader('grub 2', 'grub 2', 'grub 2'), 'one for two');
  assert.ok(!isLoader('shim', 'grub 2', 'shim 2'), 'two for one');
  assert.ok(!isLoader('shim', 'grub', 'grub 2'), 'one of two that were the same');
  assert.ok(!isLoader('shim', 'grub 2'), 'one less');
});

test('a digest is compared in every bank that is quoted', () => {
  const updated = measured(direct, { [kernelAt]: 'new kernel' });
  const values = [...golden, kernel('linux 2', 'new kernel')];
  const quoted = [
    { hash: 'sha256', pcrs: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9] },
    { hash: 'sha384', pcrs: [4] },
  ];
  assert.equal(codeOf(updated, values, 'hypervisor'), 'good');
  assert.equal(codeOf(updated, values, 'hypervisor', { quoted }), 'reference-missing', 'all is in SHA-256 alone');
  for (const other of [[{ hash: 'sha384', pcrs: [4, 9] }], []])
    assert.equal(
      codeOf(direct, [...golden, ...singlesOf(direct)], 'hypervisor', { quoted: other }),
      'reference-missing',
    );
  const both = (events: Uint8Array, digest: string) => {
    const log = buildLog(
      [{ ...application('x'), digests: { sha256: digestOf('x'), sha384: events } }],
      ['sha256', 'sha384'],
    );
    const digests = { ...sha256('x'), sha384: digest };
    const known = namedValue('x', 'hypervisor', measurements({ claim: 'kernel image', digests }));
    return codeOf(log, [known], 'hypervisor', { quoted });
  };
  assert.equal(both(new Uint8Array(48), '00'.repeat(48)), 'good');
  assert.equal(both(new Uint8Array(48), '01'.repeat(48)), 'measurement-unknown');
  assert.equal(codeOf(direct, values, 'hypervisor', { quoted: [] }), 'reference-missing');
});

test('a sequence of which the quote covers nothing says nothing', () => {
  const quoted = [{ hash: 'sha256', pcrs: [0, 1, 2, 3] }];
  const facts = { ...factsOfLog(bytesOf(direct), golden), quoted };
  const events = facts.events.filter(({ event }) => event.pcr < 4);
  const compared = compare('hypervisor', { ...facts, events });
  assert.ok(!compared.known && compared.finding.code === 'reference-missing');
});

test('what was retired is refused and named, with when and why; so is what is not good yet', () => {
  const updated = measured(direct, { [kernelAt]: 'old kernel' });
  const retired = { state: 'retired', retired_at: '2026-05-01T00:00:00.000Z', retired_because: 'CVE-1' } as const;
  const old = { ...kernel('linux', 'old kernel', retired), version: '1' };
  const compared = told(updated, [...golden, old], 'hypervisor');
  assert.ok(!compared.known);
  const { code, event, pcr, expected, seen } = compared.finding;
  assert.deepEqual([code, event, pcr], ['measurement-retired', kernelAt, 4]);
  assert.equal(expected, `sha256 ${direct.events[kernelAt]?.digests.sha256?.toHex()}`);
  assert.equal(
    seen,
    `sha256 ${sha256('old kernel').sha256}: linux 1, retired 2026-05-01T00:00:00.000Z because “CVE-1”`,
  );
  assert.deepEqual(compared.values, ['golden hypervisor', 'linux']);
  const early = kernel('linux 9', 'old kernel', { state: 'next', from: '2026-07-01T00:00:00.000Z' });
  const soon = told(updated, [...golden, early], 'hypervisor');
  assert.ok(!soon.known && soon.finding.code === 'measurement-early');
  assert.match(soon.finding.message, /event 10 .*linux 9, good from 2026-07-01T00:00:00.000Z/);
  const later = { now: new Date('2026-07-01T00:00:00.000Z') };
  assert.equal(codeOf(updated, [...golden, early], 'hypervisor', later), 'good', 'from that instant on it is');
  const broken = kernel('linux 9', 'old kernel', { from: 'soon' });
  assert.notEqual(codeOf(updated, [...golden, broken], 'hypervisor'), 'good', 'a time that is none never comes');
});

test('a whole sequence that was retired is told apart from one never known, whatever else is good', () => {
  const before = measured(direct, { [kernelAt]: 'old kernel', [lineAt]: 'old line' });
  const [old] = goldenOf(before, { state: 'retired', name: 'last year' }).filter(
    ({ component }) => component === 'hypervisor',
  );
  const was = old ? [{ ...old, id: 'old' }] : [];
  const compared = told(before, [...golden, ...was], 'hypervisor');
  assert.ok(!compared.known && compared.finding.code === 'measurement-retired');
  assert.deepEqual(compared.values, ['old']);
  assert.match(compared.finding.message, /^hypervisor: event 10 .*: last year, retired/);
  const alone = told(before, was, 'hypervisor');
  assert.ok(!alone.known && alone.finding.code === 'measurement-retired');
  const newer = measured(before, { [kernelAt]: 'new kernel' });
  const both = [...golden, ...was, kernel('linux 2', 'new kernel')];
  assert.equal(codeOf(newer, both, 'hypervisor'), 'measurement-retired', 'a good kernel in a boot that was retired');
  assert.equal(codeOf(measured(before, { [lineAt]: 'never' }), both, 'hypervisor'), 'measurement-unknown');
});

test('of several that were retired the one that equals what was measured is named, else the one it was good by last', () => {
  const retired = (log: typeof direct, id: string, day: number) =>
    goldenOf(log, { state: 'retired', retired_at: `2026-05-0${day}T00:00:00.000Z` }).flatMap((value) =>
      value.component === 'hypervisor' ? [{ ...value, id, name: id }] : [],
    );
  const boot = (text: string) => measured(direct, { [kernelAt]: text });
  const named = (text: string, values: readonly ReferenceValue[]) => {
    const compared = told(boot(text), values, 'hypervisor');
    assert.ok(!compared.known && compared.finding.code === 'measurement-retired');
    return [
      compared.blamed?.id,
      compared.values[0],
      /: (?:expected .*, got )?(\w+), retired/.exec(compared.finding.message)?.[1],
    ];
  };
  // By id the older one comes first.
  const values = [...retired(boot('old'), 'aa', 1), ...retired(boot('new'), 'bb', 2)];
  const westward = { retired_at: '2026-05-01T23:00:00-04:00' };
  assert.deepEqual(
    named('newest', [
      ...values.map((one) => (one.id === 'aa' ? { ...one, ...westward } : one)),
      kernel('k', 'newest'),
    ])[0],
    'aa',
    'as times, not as texts',
  );
  const singles = ['old', 'new', 'newest'].map((text) => kernel(`linux ${text}`, text));
  const all = [...values, ...singles];
  assert.deepEqual(named('old', all), ['aa', 'aa', 'aa']);
  assert.deepEqual(named('new', all), ['bb', 'bb', 'bb']);
  assert.deepEqual(named('newest', all), ['bb', 'bb', 'bb'], 'equal to none: the one that was retired last');
  // A golden sequence that is good, and a kernel of two packages: the later one kept it good.
  const twice = ['a', 'b'].map((id, i) =>
    kernel(id, 'new', { state: 'retired', retired_at: `2026-05-0${i + 3}T00:00:00.000Z` }),
  );
  assert.equal(told(boot('new'), [...golden, ...twice], 'hypervisor').values[1], 'b');
  const [early] = twice;
  const known = [...retired(boot('new'), 'zz', 2), ...golden];
  assert.deepEqual(named('new', [...known, ...(early ? [early] : [])])[0], 'zz', 'what is equal comes first');
  // Good beside a good sequence until day 1, and beside another one until day 2.
  const gone = kernel('a', 'new', { state: 'retired', retired_at: '2026-05-01T00:00:00.000Z' });
  const digest = direct.events[lineAt]?.digests.sha256?.toHex() ?? '';
  const line = namedValue(
    'line',
    'hypervisor',
    measurements({ claim: 'kernel command line', digests: { sha256: digest } }),
  );
  const later = retired(measured(boot('new'), { [lineAt]: 'other line' }), 'zz', 2);
  assert.deepEqual(told(boot('new'), [...golden, gone, line], 'hypervisor').values, ['golden hypervisor', 'a']);
  assert.deepEqual(told(boot('new'), [...golden, gone, line, ...later], 'hypervisor').values, ['zz', 'line']);
});

/** All that a boot measured, each by itself; of the direct boot also what starts before the kernel. */
const singlesOf = (log: typeof direct, changes: Partial<ReferenceValue> = {}): ReferenceValue[] =>
  factsOfLog(bytesOf(log), []).events.map((part, i) =>
    namedValue(`single ${i}`, part.component, measurements({ claim: part.claim, digests: part.digests }), changes),
  );
const without = (values: readonly ReferenceValue[], claim: string) =>
  values.filter(({ content }) => content.form !== 'measurements' || content.measurements[0]?.claim !== claim);

test('where no sequence is known a component is good when each of its events is, and what makes it is there', () => {
  for (const log of [direct, grub]) {
    const singles = singlesOf(log);
    for (const component of components) assert.equal(codeOf(log, singles, component), 'good', component);
  }
  const singles = singlesOf(direct);
  assert.equal(codeOf(direct, without(singles, 'kernel image'), 'hypervisor'), 'measurement-unknown');
  assert.equal(
    codeOf(direct, without(singles, 'kernel image'), 'boot_loader'),
    'reference-missing',
    'no good kernel was started',
  );
  assert.equal(codeOf(direct, without(singles, 'secure boot db'), 'firmware'), 'measurement-unknown');
  const [notes, separators] = [without(singles, 'action'), without(singles, 'separator')];
  assert.equal(
    codeOf(direct, notes, 'firmware'),
    'good',
    'what the firmware has to note is known by the specification',
  );
  assert.equal(codeOf(direct, separators, 'firmware'), 'good');
  for (const [at, component] of [
    [kernelAt, 'hypervisor'],
    [initrdAt, 'operating_system'],
    [2, 'firmware'],
  ] as const)
    assert.equal(codeOf(measured(direct, { [at]: 'x' }), singles, component), 'measurement-unknown');
});

test('a component whose own thing is not there is not good, whatever else is', () => {
  const singles = singlesOf(direct);
  const gone = (at: number, component: Component) =>
    codeOf(
      editLog(direct, (frames) => frames.toSpliced(at, 1)),
      singles,
      component,
    );
  assert.equal(gone(kernelAt, 'hypervisor'), 'measurement-unknown');
  assert.equal(gone(initrdAt, 'operating_system'), 'measurement-unknown');
  assert.equal(gone(lineAt, 'hypervisor'), 'good', 'a kernel without a command line is a kernel');
  const noFirmware = editLog(direct, (frames) => frames.filter(({ pcr }, i) => i === 0 || pcr !== 0));
  assert.equal(codeOf(noFirmware, singles, 'firmware'), 'measurement-unknown');
  const loader = singlesOf(grub).filter(({ component }) => component === 'boot_loader');
  assert.equal(
    codeOf(direct, loader, 'boot_loader'),
    'measurement-unknown',
    'no boot loader, and no good kernel either',
  );
  assert.equal(
    codeOf(direct, [...loader, ...singles], 'boot_loader'),
    'good',
    'the firmware started a good kernel itself',
  );
  const images = (log: Uint8Array) => codeOf(log, singlesOf(grub), 'boot_loader');
  const type = 0x8000_0003;
  assert.equal(images(editLog(grub, (frames) => frames.filter((one) => one.type !== type))), 'measurement-unknown');
});

test('of the firmware’s notes only those that the specification has are good by themselves', () => {
  const singles = without(without(singlesOf(direct), 'action'), 'separator');
  const with_ = (pcr: number, type: number, data: Buffer, digest = createHash('sha256').update(data).digest()) =>
    codeOf(
      editLog(direct, (frames) =>
        frames.toSpliced(24, 0, { pcr, type, digests: [{ algorithm: 0x000b, digest }], data }),
      ),
      singles,
      'firmware',
    );
  const action = 0x8000_0007;
  assert.equal(with_(5, action, Buffer.from('Exit Boot Services Returned with Failure')), 'good');
  assert.equal(with_(1, action, Buffer.from('Exit Boot Services Returned with Failure')), 'measurement-unknown');
  assert.equal(with_(5, action, Buffer.from('UEFI Debug Mode')), 'measurement-unknown');
  assert.equal(with_(5, 0x8000_000a, Buffer.from('Exit Boot Services Invocation')), 'measurement-unknown');
  assert.equal(with_(5, action, Buffer.from('Exit Boot Services Invocation'), digestOf('evil')), 'measurement-unknown');
  assert.equal(with_(6, 4, Buffer.alloc(4)), 'good');
  assert.equal(with_(6, 4, Buffer.from([1, 0, 0, 0])), 'measurement-unknown', 'the firmware met an error');
  assert.equal(with_(6, 4, Buffer.alloc(4), digestOf('evil')), 'measurement-unknown');
  assert.equal(with_(6, 4, Buffer.alloc(5)), 'measurement-unknown');
  assert.equal(with_(5, 5, Buffer.from('Exit Boot Services Invocation')), 'measurement-unknown', 'EV_ACTION');
});

test('what the specification has is good of the firmware alone, and in its PCRs', () => {
  const [separator = assert.fail()] = factsOfLog(bytesOf(direct), []).events.filter(
    ({ event, component }) => event.type === 'EV_SEPARATOR' && component === 'firmware',
  );
  const { event, role } = separator;
  const specified = (changes: Partial<QuotedEvent>) =>
    isSpecified(new QuotedEvent({ event, component: 'firmware', role, ...changes }, []), ['sha256']);
  assert.ok(specified({}));
  assert.ok(!specified({ component: 'hypervisor' }));
  assert.ok(!specified({ event: { ...event, pcr: 7, digests: {} } }));
  const later = parseEventLog(
    editLog(direct, (frames) => frames.map((one) => (one.type === 4 ? { ...one, pcr: 14 } : one))),
  ).events.find(({ type }) => type === 'EV_SEPARATOR');
  assert.ok(later && !specified({ event: later }));
});

test('of a sequence that is equal and one that is nearly so the equal one counts', () => {
  const updated = measured(direct, { [kernelAt]: 'new kernel' });
  const later = goldenOf(updated).map((value) => ({ ...value, id: `later ${value.id}` }));
  const compared = told(updated, [...golden, kernel('linux 2', 'new kernel'), ...later], 'hypervisor');
  assert.deepEqual(compared.values, ['later golden hypervisor']);
});

test('where a boot loader is known, none at all is not, though a good kernel was started', () => {
  const singles = singlesOf(direct);
  const [loader] = goldenOf(grub).filter(({ component }) => component === 'boot_loader');
  assert.equal(codeOf(direct, singles, 'boot_loader'), 'good');
  assert.equal(codeOf(direct, [...singles, ...(loader ? [loader] : [])], 'boot_loader'), 'measurement-unknown');
  assert.notEqual(codeOf(direct, golden, 'boot_loader', { quoted: [] }), 'good', 'none measured, and none quoted');
});

test('a known kernel does not stand where a hypervisor was', () => {
  const boot = (...files: [label: string, measured: string][]) =>
    buildLog([
      grubCommand('multiboot2 /xen'),
      grubCommand('module2 /k'),
      ...files.map(([label, content]) => labelled(9, label, content)),
    ]);
  const xen = goldenOf(parseEventLog(boot(['/xen', 'xen'], ['/k', 'kernel'])));
  const file = (claim: string) =>
    namedValue('new', 'hypervisor', measurements({ claim, digests: sha256('new kernel') }));
  const values = [...xen, file('kernel file')];
  assert.equal(codeOf(boot(['/xen', 'xen'], ['/k', 'new kernel']), values, 'hypervisor'), 'good');
  assert.equal(codeOf(boot(['/k', 'new kernel'], ['/k', 'kernel']), values, 'hypervisor'), 'measurement-unknown');
  assert.equal(codeOf(boot(['/xen', 'new kernel'], ['/k', 'kernel']), values, 'hypervisor'), 'measurement-unknown');
});

test('no boot loader is needed only where there is no sign of one and the firmware started the kernel', () => {
  const file = buildLog([grubCommand('linux /k'), labelled(9, '/k', 'kernel')]);
  const known = singlesOf(parseEventLog(file));
  assert.equal(codeOf(file, known, 'hypervisor'), 'good');
  assert.equal(codeOf(file, known, 'boot_loader'), 'reference-missing', 'somebody read the kernel from a file');
  const read = buildLog([application('kernel'), labelled(9, '/loader.conf', 'words')]);
  const all = singlesOf(parseEventLog(read));
  assert.equal(codeOf(read, all, 'hypervisor'), 'good');
  assert.equal(codeOf(read, all, 'boot_loader'), 'measurement-unknown', 'a boot loader read its configuration');
});

test('known PCR values make a component good that has no event elsewhere, and lift no order elsewhere', () => {
  const both = namedValue('both', 'hypervisor', pcrsOf(direct, [4, 9]));
  const grubs = goldenOf(grub);
  assert.equal(codeOf(direct, grubs, 'hypervisor'), 'measurement-unknown');
  assert.equal(codeOf(direct, [...grubs, both], 'hypervisor'), 'good');
  const four = namedValue('four', 'hypervisor', pcrsOf(direct, [4]));
  const twice = editLog(direct, (frames) => frames.toSpliced(lineAt, 0, frames[lineAt] ?? assert.fail()));
  const all = [...singlesOf(direct), four];
  assert.equal(codeOf(twice, all, 'hypervisor'), 'good', 'nobody said how often');
  assert.equal(codeOf(twice, [...golden, ...all], 'hypervisor'), 'measurement-unknown');
});

test('where a sequence is known, what any machine may have stands in nobody’s place', () => {
  const failed = Buffer.from('Exit Boot Services Returned with Failure');
  const digests = [{ algorithm: 0x000b, digest: createHash('sha256').update(failed).digest() }];
  const retried = editLog(direct, (frames) =>
    frames.map((one, i) => (i === 24 ? { ...one, data: failed, digests } : one)),
  );
  assert.equal(codeOf(retried, golden, 'firmware'), 'measurement-unknown');
  assert.equal(codeOf(retried, singlesOf(direct), 'firmware'), 'good');
});

test('retiring the last sequence does not make good what only single measurements know', () => {
  const swapped = editLog(direct, (frames) => frames.with(lineAt, frames[initrdAt] ?? assert.fail()));
  const singles = singlesOf(direct);
  for (const state of ['current', 'next', 'retired'] as const) {
    const [component, values] = ['hypervisor', goldenOf(direct, { state })] as const;
    const doubled = editLog(direct, (frames) => frames.toSpliced(lineAt, 0, frames[lineAt] ?? assert.fail()));
    assert.equal(codeOf(doubled, [...values, ...singles], component), 'measurement-unknown', state);
    assert.equal(codeOf(doubled, singles, component), 'good', 'nobody said how often');
  }
  assert.notEqual(codeOf(swapped, singles, 'operating_system'), 'measurement-retired');
});

// ---- whatever is done to a golden boot

type Edit = { kind: 'change' | 'double' | 'drop' | 'insert' | 'move' | 'retype' | 'swap'; at: number; to: number };
const edit = fc.record<Edit>({
  kind: fc.constantFrom('change', 'double', 'drop', 'insert', 'move', 'retype', 'swap'),
  at: fc.nat(1000),
  to: fc.nat(1000),
});
function edited(log: typeof direct, edits: readonly Edit[]): Uint8Array {
  return editLog(log, (all) => {
    let frames = all;
    for (const { kind, at: some, to: other } of edits) {
      const [at, to] = [1 + (some % (frames.length - 1)), 1 + (other % (frames.length - 1))];
      const [one, two] = [frames[at], frames[to]];
      if (!one || !two) continue;
      const fresh = [{ algorithm: 0x000b, digest: digestOf(`${other}`) }];
      if (kind === 'change') frames = frames.with(at, { ...one, digests: other % 2 ? fresh : two.digests });
      if (kind === 'double') frames = frames.toSpliced(to, 0, one);
      if (kind === 'drop') frames = frames.toSpliced(at, 1);
      if (kind === 'insert') frames = frames.toSpliced(at, 0, { ...one, digests: fresh });
      if (kind === 'move') frames = frames.with(at, { ...one, pcr: other % 10 });
      if (kind === 'retype') frames = frames.with(at, { ...one, type: two.type });
      if (kind === 'swap') frames = frames.with(at, two).with(to, one);
    }
    return frames;
  });
}
const tuples = (log: Uint8Array, component: string) =>
  factsOfLog(log, [])
    .events.filter((part) => part.component === component)
    .map(({ event, digests }) => `${event.pcr} ${event.type} ${digests.sha256}`)
    .join('\n');

test('whatever is changed, added, dropped, doubled or moved in a golden boot, the component it happens to is not known good', () => {
  let spared = 0;
  for (const log of [direct, grub]) {
    // Its own measurements, each known by itself as well, help nobody to another order or count of them.
    const values = [...goldenOf(log), ...singlesOf(log)];
    const known = new Map(components.map((component) => [component, tuples(bytesOf(log), component)]));
    fc.assert(
      fc.property(fc.array(edit, { minLength: 1, maxLength: 3 }), (edits) => {
        const bytes = edited(log, edits);
        for (const component of components) {
          const isSame = tuples(bytes, component) === known.get(component);
          if (isSame) spared++;
          assert.equal(isGood(bytes, values, component), isSame, component);
        }
      }),
      { numRuns: 150 },
    );
  }
  assert.ok(spared > 0);
});

/** Values of every form that say something of the direct boot, or of one with another kernel, command line or initrd. */
const updated = measured(direct, { [kernelAt]: 'new kernel', [lineAt]: 'new line', [initrdAt]: 'new initrd' });
const pcrsOf = (log: typeof direct, pcrs: readonly number[]): ReferenceContent => {
  const { pcrValues } = factsOfLog(bytesOf(log), []);
  const value = (pcr: number) => pcrValues.sha256?.get(pcr)?.toHex() ?? '';
  return { form: 'pcr-values', values: pcrs.map((pcr) => ({ bank: 'sha256', pcr, value: value(pcr) })) };
};
const pool: readonly ReferenceValue[] = [
  ...golden,
  ...goldenOf(updated).map((value) => ({ ...value, id: `${value.id} updated` })),
  ...['kernel image', 'kernel command line'].flatMap((claim) =>
    ['new kernel', 'new line'].map((text) =>
      namedValue(`${claim} ${text}`, 'hypervisor', measurements({ claim, digests: sha256(text) })),
    ),
  ),
  ...singlesOf(direct).filter(({ component }) => component !== 'firmware'),
  namedValue('firmware, all', 'firmware', {
    form: 'measurements',
    measurements: singlesOf(direct).flatMap(({ component, content }) =>
      component === 'firmware' && content.form === 'measurements' ? content.measurements : [],
    ),
  }),
  namedValue('PCR 4', 'hypervisor', pcrsOf(updated, [4])),
  namedValue('PCR 9', 'hypervisor', pcrsOf(updated, [9])),
  namedValue('PCR 4, loader', 'boot_loader', pcrsOf(updated, [4])),
  namedValue('PCR 9, system', 'operating_system', pcrsOf(direct, [9])),
  namedValue('PCR 0–7', 'firmware', pcrsOf(direct, [0, 1, 2, 3, 5, 6, 7])),
];
const boots: readonly Uint8Array[] = [
  bytesOf(direct),
  bytesOf(updated),
  bytesOf(measured(direct, { [kernelAt]: 'new kernel' })),
  bytesOf(measured(updated, { [initrdAt]: 'never seen' })),
  editLog(direct, (frames) => frames.toSpliced(lineAt, 0, frames[lineAt] ?? assert.fail())),
  editLog(direct, (frames) => frames.toSpliced(initrdAt, 1)),
];
const state = fc.constantFrom<Partial<ReferenceValue>>(
  { state: 'current' },
  { state: 'next' },
  { state: 'next', from: '2026-01-01T00:00:00.000Z' },
  { state: 'next', from: '2027-01-01T00:00:00.000Z' },
  { state: 'retired' },
);
const database = fc
  .tuple(fc.shuffledSubarray([...pool], { minLength: 1 }), fc.array(state, { minLength: 40, maxLength: 40 }))
  .map(([values, states]) => values.map((value, i) => ({ ...value, ...states[i % states.length] })));
const situation = fc.record({
  values: database,
  boot: fc.constantFrom(...boots),
  component: fc.constantFrom(...components),
  which: fc.nat(1000),
});

test('in which order values stand makes no difference to what is said', () => {
  fc.assert(
    fc.property(situation, ({ values, boot, component }) => {
      assert.deepEqual(told(boot, values.toReversed(), component), told(boot, values, component));
    }),
    { numRuns: 300 },
  );
});

test('no value makes anybody good by being retired, or by being added when it was retired already', () => {
  const seen = new Set<string>();
  fc.assert(
    fc.property(situation, ({ values, boot, component, which }) => {
      const [one] = values.slice(which % values.length);
      assert.ok(one);
      const rest = values.filter((value) => value !== one);
      const retired = [...rest, { ...one, state: 'retired' as const }];
      const before = codeOf(boot, values, component);
      seen.add(before);
      if (before !== 'good') assert.notEqual(codeOf(boot, retired, component), 'good', 'retired');
      if (!isGood(boot, rest, component)) assert.ok(!isGood(boot, retired, component), 'added');
    }),
    { numRuns: 1000 },
  );
  const all = ['good', 'measurement-early', 'measurement-retired', 'measurement-unknown', 'reference-missing'];
  assert.deepEqual([...seen].sort(), all);
});
