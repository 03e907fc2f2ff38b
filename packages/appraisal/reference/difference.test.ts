// What a person reads of a component that is not known good: the event, what was expected there, and what came.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { parseEventLog, withDigests, writeEventLog } from '@assay/measurement';
import { application, buildLog, corpusLog, editLog, grub as grubCommand } from '@assay/measurement/testing';
import type { ReferenceValue } from '@assay/protocol';
import { factsOfLog, measurements, namedValue, sequence } from '../testing/index.ts';
import { compare } from './compare.ts';
import type { Facts } from './support.ts';

const digestOf = (text: string) => createHash('sha256').update(text).digest();
const hex = (text: string) => digestOf(text).toString('hex');
const direct = parseEventLog(corpusLog('ovmf-linux-6.1'));
const [kernelAt, lineAt] = [10, 21];
/** Digests of the direct boot by what they are here, others by what they are of. */
const digestAt = (at: number) => direct.events[at]?.digests.sha256?.toHex() ?? '';
const words = new Map([
  ...[kernelAt, lineAt].map((at) => [digestAt(at), `old ${at}`] as const),
  ...['shim', 'grub', 'x', 'y'].map((text) => [hex(text), text] as const),
]);
const inWords = (text = '') => text.replace(/[0-9a-f]{64,96}/g, (digest) => words.get(digest) ?? digest.slice(0, 8));

const changed = (changes: Record<number, string>) =>
  writeEventLog(
    Object.entries(changes).reduce((so, [at, of]) => withDigests(so, Number(at), { sha256: digestOf(of) }), direct),
  );
const goldenOf = (log: Uint8Array, component: string, changes: Partial<ReferenceValue> = {}) =>
  namedValue('golden', component, sequence(factsOfLog(log, []).events, component), changes);
const single = (component: string, claim: string, digest: string) =>
  namedValue(digest, component, measurements({ claim, digests: { sha256: digest } }));
const pcr = (name: string, index: number, value: string) =>
  namedValue(name, 'hypervisor', { form: 'pcr-values', values: [{ bank: 'sha256', pcr: index, value }] });
const boot = writeEventLog(direct);
const heldOf = (index: number) => factsOfLog(boot, []).pcrValues.sha256?.get(index)?.toHex() ?? '';

/** `code at event in PCR: expected, got` */
function said(component: string, log: Uint8Array, values: readonly ReferenceValue[], changes: Partial<Facts> = {}) {
  const compared = compare(component, factsOfLog(log, values, changes));
  assert.ok(!compared.known, 'it is good');
  const { code, event, pcr: index, expected, seen } = compared.finding;
  return `${code} at ${event} in ${index}: ${inWords(expected)}, got ${inWords(seen)}`;
}

const hv = 'hypervisor';
const golden = goldenOf(boot, hv);
const [kernel, line] = [
  single(hv, 'kernel image', digestAt(kernelAt)),
  single(hv, 'kernel command line', digestAt(lineAt)),
];
const noKernel = editLog(direct, (frames) => frames.toSpliced(kernelAt, 1));
const wrong = (index: number) => pcr(`${index}`, index, hex('x'));

test('where no sequence is known the first event that nothing speaks for is named, else the PCR, else what is not there', () => {
  assert.equal(said(hv, boot, [line]), 'measurement-unknown at 10 in 4: a known kernel image, got sha256 old 10');
  const unknownLine = 'measurement-unknown at 21 in 9: a known kernel command line, got sha256 old 21';
  assert.equal(said(hv, boot, [kernel]), unknownLine);
  assert.equal(said(hv, boot, [pcr('4', 4, heldOf(4))]), unknownLine, 'the kernel’s PCR is known');
  const makers = 'kernel image or kernel file or hypervisor file';
  assert.equal(said(hv, noKernel, [line]), `measurement-unknown at undefined in undefined: ${makers}, got none`);
  assert.equal(said(hv, boot, [line, wrong(4)]), 'measurement-unknown at undefined in 4: x, got 03441d34');
  assert.equal(said(hv, noKernel, [line, wrong(4)]), 'measurement-unknown at undefined in 4: x, got 7a94ffe8');
  assert.equal(said(hv, boot, [wrong(9)]), 'measurement-unknown at 10 in 4: a known kernel image, got sha256 old 10');
});

const bl = 'boot_loader';
const apps = (...names: string[]) => buildLog([...names.map(application), application('kernel')]);
const two = goldenOf(apps('shim', 'grub'), bl);

test('where several are known good, the finding says how many others there are beside the one that is not about to come', () => {
  const known = (text: string, id: string, changes: Partial<ReferenceValue> = {}) => ({
    ...goldenOf(changed({ [kernelAt]: text }), hv, changes),
    id,
  });
  const image = (text: string, changes: Partial<ReferenceValue> = {}) => ({
    ...single(hv, 'kernel image', hex(text)),
    ...changes,
  });
  const expected = (...values: ReferenceValue[]) => {
    const compared = compare(hv, factsOfLog(changed({ [kernelAt]: 'never' }), values));
    return compared.known ? 'good' : inWords(compared.finding.expected);
  };
  // By id the one that is to come is the first.
  const [old, next] = [known('x', 'b'), known('y', 'a', { state: 'next' })];
  assert.equal(expected(old), 'sha256 x');
  assert.equal(expected(old, next), 'sha256 x, or 1 other known good');
  assert.equal(expected(old, next, image('y')), 'sha256 x, or 1 other known good');
  assert.equal(
    expected(old, next, image('newest'), image('gone', { state: 'retired' })),
    'sha256 x, or one of 2 others known good',
  );
  const elsewhere = { ...goldenOf(changed({ [kernelAt]: 'never', [lineAt]: 'y' }), hv), id: 'z' };
  assert.equal(expected(old, elsewhere), 'sha256 x', 'one that is as near and parts in another event has none for it');
  const gone = (text: string, id: string) => known(text, id, { state: 'retired' });
  assert.equal(expected(gone('x', 'a'), gone('y', 'b')), 'sha256 x', 'what was retired is not known good');
});

test('events left out, added, changed or moved are told by the first of them', () => {
  const of = (...names: string[]) => said(bl, apps(...names), [two]);
  const left = (name: string) =>
    `measurement-unknown at undefined in undefined: sha256 ${name} (PCR 4, EV_EFI_BOOT_SERVICES_APPLICATION, boot loader image: image without a path, 0 bytes), got none`;
  assert.equal(of('grub'), left('shim'));
  assert.equal(of('shim'), left('grub'));
  assert.equal(of(), left('shim'));
  const more = (at: number, name: string) =>
    `measurement-unknown at ${at} in 4: no further measurement, got sha256 ${name}`;
  assert.equal(of('x', 'shim', 'grub'), more(1, 'x'));
  assert.equal(of('shim', 'x', 'grub'), more(2, 'x'));
  assert.equal(of('shim', 'grub', 'x'), more(3, 'x'));
  assert.equal(of('shim', 'grub', 'grub'), more(3, 'grub'));
  const instead = 'measurement-unknown at 1 in 4: sha256 shim, got sha256';
  assert.equal(of('x', 'grub'), `${instead} x`);
  const loaders = ['shim', 'grub'].map((name) => single(bl, 'boot loader image', hex(name)));
  assert.equal(said(bl, apps('grub', 'shim'), [two, ...loaders]), `${instead} grub`, 'each is known by itself');
  const far = { ...goldenOf(apps('y', 'y', 'y'), bl), id: 'a' };
  assert.equal(said(bl, apps('x', 'grub'), [far, two]), `${instead} x`, 'the nearest');
});

test('a difference is told against what is good, and past what something speaks for', () => {
  const [x, xy] = [changed({ [kernelAt]: 'x' }), changed({ [kernelAt]: 'x', [lineAt]: 'y' })];
  const retired = { ...goldenOf(x, hv, { state: 'retired' }), id: 'old' };
  const atLine = 'measurement-unknown at 21 in 9: sha256 old 21, got sha256 y';
  assert.equal(said(hv, xy, [golden, retired]), 'measurement-unknown at 10 in 4: sha256 old 10, got sha256 x');
  assert.equal(said(hv, xy, [retired]), atLine, 'where none is good');
  assert.equal(said(hv, xy, [golden, single(hv, 'kernel image', hex('x'))]), atLine, 'a new kernel that is known');
  const known = pcr('4', 4, heldOf(4));
  assert.equal(said(hv, changed({ [lineAt]: 'y' }), [goldenOf(x, hv), known]), atLine, 'a PCR that is known');
});

test('what was retired or is not good yet is named, also where nothing was measured', () => {
  const none = 'at undefined in undefined: what is';
  const at = (changes: Partial<ReferenceValue>) => said(bl, boot, [goldenOf(boot, bl, changes)]);
  assert.equal(at({ state: 'retired' }), `measurement-retired ${none} not retired, got golden, retired`);
  const from = '2099-01-01T00:00:00.000Z';
  assert.equal(at({ from }), `measurement-early ${none} good already, got golden, good from ${from}`);
  const x = single(hv, 'kernel image', hex('x'));
  const single_ = (changes: Partial<ReferenceValue>) =>
    said(hv, changed({ [kernelAt]: 'x' }), [line, { ...x, ...changes, name: 'linux' }]);
  const seen = 'got sha256 x: linux';
  assert.equal(single_({ state: 'retired' }), `measurement-retired at 10 in 4: what is not retired, ${seen}, retired`);
  assert.equal(single_({ from }), `measurement-early at 10 in 4: what is good already, ${seen}, good from ${from}`);
  const retired = { state: 'retired' } as const;
  assert.equal(
    said(hv, changed({ [kernelAt]: 'x' }), [goldenOf(boot, hv, retired), { ...x, ...retired }]),
    `measurement-retired ${none} not retired, got golden, retired`,
    'what was retired is not what is expected',
  );
});

test('a bank that differs is shown, and where the type differs all of both', () => {
  const loader = (other: number) => ({
    ...application('shim'),
    digests: { sha256: digestOf('shim'), sha384: new Uint8Array(48).fill(other) },
  });
  const last = { ...application('kernel'), digests: { sha256: digestOf('kernel'), sha384: new Uint8Array(48) } };
  const log = (other: number) => buildLog([loader(other), last], ['sha256', 'sha384']);
  const quoted = ['sha256', 'sha384'].map((hash) => ({ hash, pcrs: [4] }));
  const known = namedValue('g', bl, sequence(factsOfLog(log(1), [], { quoted }).events, bl));
  const told = said(bl, log(2), [known], { quoted });
  assert.equal(told, 'measurement-unknown at 1 in 4: sha384 01010101, got sha384 02020202');
  const retyped = editLog(direct, (frames) => frames.map((one, i) => (i === 2 ? { ...one, type: 0x8000_000a } : one)));
  assert.match(
    said('firmware', retyped, [goldenOf(boot, 'firmware')]),
    /at 2 in 0: sha256 (\w+) \(PCR 0, EV_EFI_PLATFORM_FIRMWARE_BLOB, firmware code: .*, got sha256 \1$/,
  );
});

test('what an event says is told where its digest proves it', () => {
  const log = (command: string) => buildLog([grubCommand('set x=1'), grubCommand(command)]);
  const told = said(hv, log('linux /k debug'), [goldenOf(log('linux /k quiet'), hv)]);
  assert.match(told, /sha256 \w+ \(.*quiet.*\), got sha256 \w+ \(.*debug.*\)$/);
});
