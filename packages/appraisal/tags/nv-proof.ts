// What is in the NV index of asset tags, by the word of the host's TPM, now? Says nothing of whether that is what should be there.
import { AssayError } from '@assay/core';
import {
  type ClaimedNv,
  type Finding,
  fromBase64,
  tagIndex,
  tagIndexAttributes,
  tagRecordBytes,
} from '@assay/protocol';
import { nvAreaOf, nvNameOf } from '@assay/tpm/structures';
import { finding } from '../findings/finding.ts';
import type { Ak } from '../quote/ak.ts';
import { verifyAttested } from '../quote/attested.ts';

/** What this round says of the index: its bytes, or why it says nothing. */
export type TagIndexReading = { contents: Uint8Array } | { finding: Finding };

/** The Name of the index as the agent makes it, written: another size, other rights, another number would be another name. */
const indexName = nvNameOf(
  nvAreaOf({ index: tagIndex, size: tagRecordBytes, attributes: { ...tagIndexAttributes, written: true } }),
);

/**
 * Never throws for anything a host can send.
 * @param nonce of the challenge: a certificate over another one is an old one, or another host's
 */
export function readTagIndex(claimed: ClaimedNv, ak: Ak, nonce: Uint8Array): TagIndexReading {
  try {
    const given = {
      attest: fromBase64(claimed.attest, 'evidence.nv.attest'),
      signature: fromBase64(claimed.signature, 'evidence.nv.signature'),
    };
    const { attest } = verifyAttested('nv', given, ak, nonce);
    const { offset, nvContents: contents } = attest;
    if (Buffer.compare(attest.indexName, indexName) !== 0)
      return {
        finding: finding(
          'tag-altered',
          'NV index of the tags',
          `the index as the agent makes it (Name ${indexName.toHex()})`,
          `another Name, ${attest.indexName.toHex()}: it was made anew with other rights or another size`,
        ),
      };
    if (offset !== 0 || contents.length !== tagRecordBytes)
      return unproven(
        'TPMS_NV_CERTIFY_INFO',
        `${tagRecordBytes} bytes from 0 on`,
        `${contents.length} from ${offset} on`,
      );
    return { contents };
  } catch (error) {
    if (!(error instanceof AssayError)) throw error;
    return unproven(error.where, error.expected, String(error.got));
  }
}

const unproven = (where: string, expected: string, seen: string): TagIndexReading => ({
  finding: finding('tag-unproven', `certificate of the tags: ${where}`, expected, seen),
});
