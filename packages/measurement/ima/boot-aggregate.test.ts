import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { bootAggregateOf, checkBootAggregate, type ImaEntry, readImaList } from '../index.ts';
import { buildIma, honestIma, type ImaWish } from '../testing/index.ts';

const values = (size: number, count = 10) =>
  new Map(Array.from({ length: count }, (_, pcr) => [pcr, new Uint8Array(size).fill(pcr + 1)] as const));
const pcrs = { sha1: values(20), sha256: values(32) };
const over = (hash: string, size: number, last: number) => {
  const sum = createHash(hash);
  for (let pcr = 0; pcr <= last; pcr++) sum.update(new Uint8Array(size).fill(pcr + 1));
  return sum.digest();
};
const first = (wish: Partial<ImaWish>): ImaEntry | undefined =>
  [...readImaList(buildIma([{ ...honestIma('ima-ng', 0)[0], ...wish }]))][0];
const check = (wish: Partial<ImaWish>, of = pcrs) => checkBootAggregate(first(wish), of).result;

test('I15 boot_aggregate is the hash over PCRs 0 to 9, in the SHA-1 bank over 0 to 7', () => {
  assert.deepEqual(bootAggregateOf(pcrs.sha256, 'sha256'), over('sha256', 32, 9));
  assert.deepEqual(bootAggregateOf(pcrs.sha1, 'sha1'), over('sha1', 20, 7));
  assert.equal(check({ digest: over('sha256', 32, 9) }), 'equal');
  assert.equal(check({ digest: over('sha256', 32, 7) }), 'equal'); // kernels before 5.8 with the SHA-256 bank
  assert.equal(check({ digest: over('sha1', 20, 7), algorithm: 'sha1' }), 'equal');
  assert.equal(check({ template: 'ima', digest: over('sha1', 20, 7) }), 'equal');
});

test('I15 a boot_aggregate over other PCR values differs', () => {
  assert.equal(check({ digest: over('sha256', 32, 8) }), 'differs');
  assert.equal(check({ digest: over('sha1', 20, 9), algorithm: 'sha1' }), 'differs');
  for (let pcr = 0; pcr < 10; pcr++) {
    const other = new Map(pcrs.sha256).set(pcr, new Uint8Array(32));
    assert.equal(check({ digest: over('sha256', 32, 9) }, { ...pcrs, sha256: other }), 'differs');
  }
});

test('I15 without boot_aggregate in front, none is compared', () => {
  const digest = over('sha256', 32, 9);
  assert.equal(check({ digest, path: '/usr/bin/boot_aggregate' }), 'absent');
  assert.equal(check({ digest, violation: true }), 'absent');
  assert.equal(check({ template: 'unheard-of', data: Buffer.alloc(9) }), 'absent');
  assert.equal(checkBootAggregate(undefined, pcrs).result, 'absent');
  const [, later] = [...readImaList(buildIma([{ path: '/x' }, { path: 'boot_aggregate', digest }]))];
  assert.equal(checkBootAggregate(later, pcrs).result, 'absent');
});

test('I15 a bank of which not all boot PCRs are proven, and a kernel without a TPM, are no proof', () => {
  const digest = over('sha256', 32, 9);
  assert.equal(checkBootAggregate(first({ digest }), { sha1: pcrs.sha1 }).result, 'no-bank');
  assert.equal(checkBootAggregate(first({ digest }), { sha256: values(32, 9) }).result, 'no-bank');
  assert.equal(check({ digest: Buffer.alloc(32, 1), algorithm: 'sm3' }), 'no-bank');
  assert.equal(check({ digest: Buffer.alloc(32) }), 'no-tpm');
  // The template ima holds SHA-1 alone: zeros also where the TPM has no such bank.
  const legacy = first({ template: 'ima', digest: Buffer.alloc(20) });
  assert.equal(checkBootAggregate(legacy, pcrs).result, 'no-tpm');
  assert.equal(checkBootAggregate(legacy, { sha256: pcrs.sha256 }).result, 'no-bank');
});
