// What was retired stays so, also where values of PCRs say that the boot is good.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseEventLog, withDigests, writeEventLog } from '@assay/measurement';
import { corpusLog } from '@assay/measurement/testing';
import type { ReferenceValue } from '@assay/protocol';
import { factsOfLog, measurements, namedValue, sequence } from '../testing/index.ts';
import { compare } from './compare.ts';

const boot = corpusLog('ovmf-linux-6.1');
/** The same kernel with another command line. */
const other = writeEventLog(withDigests(parseEventLog(boot), 21, { sha256: new Uint8Array(32).fill(7) }));
const { events } = factsOfLog(boot, []);
const retired = { state: 'retired' } as const;

const listOf = (log: Uint8Array, pcrs: readonly number[], name = 'list') => {
  const { pcrValues } = factsOfLog(log, []);
  const values = pcrs.map((pcr) => ({
    bank: 'sha256' as const,
    pcr,
    value: pcrValues.sha256?.get(pcr)?.toHex() ?? '',
  }));
  return namedValue(name, 'hypervisor', { form: 'pcr-values', values });
};
const learnt = (name: string, changes: Partial<ReferenceValue> = {}) =>
  namedValue(name, 'hypervisor', sequence(events, 'hypervisor'), changes);
const image = events.find(({ claim }) => claim === 'kernel image') ?? assert.fail();
const single = (name: string, changes: Partial<ReferenceValue> = {}) =>
  namedValue(name, 'hypervisor', measurements(image), changes);
const told = (log: Uint8Array, known: readonly ReferenceValue[], component = 'hypervisor') => {
  const compared = compare(component, factsOfLog(log, known));
  return compared.known ? compared.values.join() : `${compared.finding.code} ${compared.blamed?.name}`;
};

test('a kernel that was learnt, and retired, is not good by a list of its PCRs, nor is what has no loader but it', () => {
  const known = [learnt('old', retired), listOf(boot, [4, 9])];
  assert.equal(told(boot, known), 'measurement-retired old');
  assert.equal(told(boot, known, 'boot_loader'), 'measurement-retired old');
  assert.equal(told(boot, [learnt('old', retired), listOf(boot, [4])]), 'measurement-retired old');
});

test('nor is one of which a single measurement was retired, whatever its command line', () => {
  const list = listOf(other, [4, 9]);
  assert.equal(told(other, [single('old', retired), list]), 'measurement-retired old');
  assert.equal(told(other, [single('old', retired), single('again'), list]), 'list');
  assert.equal(told(other, [learnt('old', retired), list]), 'list', 'as a whole it is another');
});

test('what is good without the list stays so, and a list is no worse for what was retired elsewhere', () => {
  assert.equal(told(boot, [learnt('new'), single('old', retired), listOf(boot, [4, 9])]), 'new');
  const elsewhere = namedValue('elsewhere', 'firmware', sequence(events, 'firmware'), retired);
  assert.equal(told(boot, [elsewhere, listOf(boot, [4, 9])]), 'list');
  assert.equal(told(boot, [{ ...listOf(boot, [4, 9], 'before'), ...retired }, listOf(boot, [4, 9])]), 'list');
  const nine = listOf(other, [9], 'nine');
  assert.equal(told(other, [learnt('new'), nine, single('old', retired)]), 'measurement-retired old');
});
