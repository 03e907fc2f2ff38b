// Asset tags: whatever stands in the NV index of a host, signed by its TPM or not, tags are certified only by the record that was made for it.
import { appraise } from '@assay/appraisal';
import { scene, signatureOf } from '@assay/appraisal/testing';
import { encode } from '@assay/core';
import { tagIndex, tagIndexAttributes, tagRecord, tagRecordBytes, toBase64 } from '@assay/protocol';
import { Attest, nvAreaOf, nvNameOf } from '@assay/tpm/structures';
import { endorsementPrimaryName } from '../../packages/appraisal/quote/ak.ts';
import { holds } from '../oracle.ts';
import { type Target, words } from './target.ts';

const host = scene();
const base = host.input();
const tags = { country: 'DE' };
const record = tagRecord({ serial: 7, ekName: Buffer.from(base.endorsement.ek_name, 'hex'), tags });
const indexName = nvNameOf(
  nvAreaOf({ index: tagIndex, size: tagRecordBytes, attributes: { ...tagIndexAttributes, written: true } }),
);

const certificate = (nvContents: Uint8Array, offset = 0): Uint8Array =>
  encode(Attest, {
    magic: 'generated',
    type: 'nv',
    qualifiedSigner: endorsementPrimaryName(host.tpm.akName, 'sha256'),
    extraData: host.nonce,
    clockInfo: { clock: 1000n, resetCount: 1, restartCount: 0, safe: true },
    firmwareVersion: 1n,
    indexName,
    offset,
    nvContents,
  });
const honest = certificate(record);
const of = (choice: number, bytes: Uint8Array) => Buffer.concat([Buffer.from([choice]), bytes]);

/** The first byte chooses what the rest is: what is in the index, a certificate that the AK signs, or one that it did not. */
export const tagIndexContents: Target = {
  name: 'tags',
  seeds: () => [
    of(0, record),
    of(0, tagRecord({ serial: 6, ekName: Buffer.from(base.endorsement.ek_name, 'hex'), tags })),
    of(1, honest),
    of(1, certificate(record.subarray(1), 1)),
    of(2, honest),
  ],
  words: words('ATAG', Buffer.from('8014', 'hex'), Buffer.from('8018', 'hex'), indexName),
  // Each input costs signing and checking what was signed.
  msPerMiB: 200,
  run(input) {
    const [choice = 0] = input;
    const bytes = Uint8Array.from(input.subarray(1, 2049));
    const attest = choice % 3 === 0 ? certificate(bytes) : bytes;
    const signed = choice % 3 === 2 ? honest : attest;
    const nv = { attest: toBase64(attest), signature: toBase64(signatureOf(host.tpm.akKey, 'sha256', signed)) };
    const expected = { tags, serial: 7, wasCertified: true };
    const { verdict } = appraise({ ...base, evidence: { ...base.evidence, nv }, tags: expected });
    const isRecord = choice % 3 === 0 && Buffer.compare(bytes, record) === 0;
    // A certificate may say what it likes of clocks and firmware.
    const isHonest = choice % 3 === 1 && Buffer.from(bytes).includes(record);
    const isSent = choice % 3 === 2 && Buffer.compare(bytes, honest) === 0;
    holds(
      !verdict.tags || isRecord || isHonest || isSent,
      'tags are certified by another record than that of the host',
    );
    return verdict;
  },
};
