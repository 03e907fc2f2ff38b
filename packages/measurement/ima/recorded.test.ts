// Real kernels' lists (test/corpus/boots), with what the same TPM quoted and what the kernel itself printed of them.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import type { HashName, PcrBanks } from '@assay/tpm/structures';
import {
  checkBootAggregate,
  type ImaReplay,
  type ImaState,
  imaListFromAscii,
  readImaList,
  readImaSignature,
  replayIma,
} from '../index.ts';
import { replayImaSlowly } from '../testing/index.ts';

const folder = new URL('../../../test/corpus/boots/', import.meta.url);
const names = readdirSync(folder, { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && readdirSync(new URL(`${entry.name}/`, folder)).includes('ima.bin'))
  .map(({ name }) => name);

function recorded(name: string) {
  const file = (of: string) => new Uint8Array(readFileSync(new URL(`${name}/${of}`, folder)));
  const boot = JSON.parse(Buffer.from(file('boot.json')).toString());
  const values: { bank: HashName; pcr: number; value: string }[] = boot.evidence.pcr_values;
  const banks: Partial<Record<HashName, Map<number, Uint8Array>>> = {};
  for (const { bank, pcr, value } of values) {
    banks[bank] ??= new Map();
    banks[bank].set(pcr, Buffer.from(value, 'hex'));
  }
  const target = Object.fromEntries(Object.entries(banks).map(([bank, pcrs]) => [bank, pcrs.get(10) as Uint8Array]));
  return { list: file('ima.bin'), text: file('ima.txt'), banks: banks as PcrBanks, target };
}

const replayed = (list: Uint8Array, target: Partial<Record<HashName, Uint8Array>>): ImaReplay =>
  replayIma({ offset: 0, bytes: list }, undefined, target);

test('boots were recorded', () => {
  assert.ok(names.includes('secure-boot') && names.includes('ima-violation'), `${names}`);
});

for (const name of names) {
  test(`${name}: the list leads to the PCR 10 that was quoted, in both banks, and to nothing else without an entry`, () => {
    const { list, target } = recorded(name);
    const { state, counts, cut } = replayed(list, target);
    assert.ok(state);
    assert.equal(cut, undefined);
    // SHA-384 is a module of Debian's kernels: IMA starts without it, and extends that bank with SHA-1 digests.
    assert.ok(!state.padded?.includes('sha256'));
    if (name === 'secure-boot') assert.deepEqual(state.padded, ['sha384']);
    const healthy: string[] = name === 'ima-violation' ? ['violation'] : ['template-legacy'];
    assert.ok(
      Object.keys(counts).every((code) => healthy.includes(code)),
      JSON.stringify(counts),
    );
    const entries = [...readImaList(list)];
    for (const { offset } of entries.slice(0, state.entries)) {
      const next = entries.find((entry) => entry.offset > offset)?.offset ?? list.length;
      const without = Buffer.concat([list.subarray(0, offset), list.subarray(next)]);
      assert.equal(replayed(without, target).state, undefined);
    }
  });

  test(`${name}: a slow second replayer ends there too`, () => {
    const { list, target } = recorded(name);
    const { state } = replayed(list, target);
    const slow = replayImaSlowly(list.subarray(0, state?.offset), 'sha256');
    assert.equal(slow.at(-1)?.value, Buffer.from(target.sha256 as Uint8Array).toString('hex'));
    assert.ok(slow.every(({ digestHolds, violation }) => digestHolds || violation));
  });

  test(`I15 ${name}: boot_aggregate is over the boot PCRs that were quoted, and over no others`, () => {
    const { list, banks, target } = recorded(name);
    const { first } = replayed(list, target);
    const { result } = checkBootAggregate(first, banks);
    if (first?.template === 'ima') {
      assert.equal(result, 'no-bank'); // of SHA-1, which this TPM does not have
      return;
    }
    assert.equal(result, 'equal');
    const other = new Map(banks.sha256).set(7, new Uint8Array(32));
    assert.equal(checkBootAggregate(first, { sha256: other }).result, 'differs');
  });

  test(`${name}: what the kernel prints of the list is the list`, () => {
    const { list, text } = recorded(name);
    const { bytes, broken } = imaListFromAscii(text);
    assert.deepEqual(broken, []);
    assert.deepEqual(Buffer.from(bytes), Buffer.from(list));
  });
}

test('I01 the violation a kernel recorded is found where it is, and the list is proven with it', () => {
  const { list, target } = recorded('ima-violation');
  const { state, findings } = replayed(list, target);
  const paths = [...readImaList(list)].map(({ fields }) => fields?.path);
  assert.equal(state?.entries, paths.length);
  assert.ok(findings.length > 0);
  for (const { code, index } of findings) {
    assert.equal(code, 'violation');
    assert.equal(paths[index], '/state/tools/busy');
  }
});

test('a real list is read on from any entry, in both banks', () => {
  const { list, target } = recorded('ima-violation');
  const whole = replayed(list, target).state as ImaState;
  for (const [before] of [...readImaList(list)].entries()) {
    // What the TPM held after so many entries.
    const halfway = { sha256: Buffer.from(replayImaSlowly(list, 'sha256')[before]?.value ?? '', 'hex') };
    const state = replayed(list, halfway).state as ImaState;
    const rest = replayIma({ offset: state.offset, bytes: list.subarray(state.offset) }, state, {
      sha256: target.sha256 as Uint8Array,
    });
    assert.equal(rest.state?.offset, whole.offset);
    assert.equal(rest.state?.pcrs.sha256, whole.pcrs.sha256);
  }
});

test('I18 the signature of a real file says which key it claims', () => {
  const { list } = recorded('ima-violation');
  const signed = [...readImaList(list)].filter(({ fields }) => fields?.signature?.length);
  assert.equal(signed.length, 1);
  const signature = readImaSignature(signed[0]?.fields?.signature as Uint8Array);
  assert.ok(typeof signature === 'object');
  assert.deepEqual([signature.kind, signature.version, signature.hash], ['ima', 2, 'sha256']);
  assert.equal(signature.signature.length, 256);
});
