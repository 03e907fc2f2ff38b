// Asset tags in this host's TPM: the record that the server sends is put into one NV index, and certified whenever the server asks for it.
// Which tags are meant is not in the record, and not for this host to judge.
import { AssayError } from '@assay/core';
import {
  type ClaimedNv,
  fromBase64,
  readTagRecord,
  type SentEvidence,
  type Tag,
  tagIndex,
  tagIndexAttributes,
  tagRecordBytes,
  toBase64,
} from '@assay/protocol';
import type { LoadedAk, Tpm } from '@assay/tpm';
import { handleText, type NvPublic, nvAreaOf, nvNameOf } from '@assay/tpm/structures';

const wanted = { index: tagIndex, size: tagRecordBytes, attributes: tagIndexAttributes };
const place = `NV index ${handleText(tagIndex)}`;

/**
 * Leaves a record that is there already as it is: an NV index is written so many times only.
 * @param ownerAuth password of the TPM's owner
 * @throws AssayError `agent-tag-index` where the index is somebody else's; `wire-…` for what is no record; `tpm-rc-bad-auth` and others of the TPM
 */
export async function writeTags(tpm: Tpm, { record: text }: Tag, ownerAuth: Uint8Array): Promise<void> {
  const record = fromBase64(text, 'tag.record');
  readTagRecord(record);
  const area = await tpm.nvReadPublic(tagIndex);
  const held = area && (await contents(tpm, area, ownerAuth));
  const isAsMade = area !== undefined && isOurs(area);
  if (isAsMade && held && Buffer.compare(held, record) === 0) return;
  await asOwner(async () => {
    if (area && !isAsMade) {
      if (held && !isRecord(held))
        throw new AssayError('agent-tag-index', place, 'to be free, or to hold asset tags', 'data of another program', {
          hint: `if nobody needs it: tpm2_nvundefine ${handleText(tagIndex)}`,
        });
      await tpm.nvUndefineSpace(tagIndex, { ownerAuth });
    }
    if (!isAsMade) await tpm.nvDefineSpace(wanted, { ownerAuth });
    await tpm.nvWrite(tagIndex, record, 0, { ownerAuth });
  });
}

/** The TPM's word on what is in the index, over the nonce of a challenge; or why there is none. */
export async function certifyTags(
  tpm: Tpm,
  { ak, nonce, size }: { ak: LoadedAk; nonce: Uint8Array; size: number },
): Promise<Pick<SentEvidence, 'nv' | 'nv_absent'>> {
  try {
    const { attest, signature } = await tpm.nvCertify({ ak, index: tagIndex, nonce, size, offset: 0 });
    return { nv: { attest: toBase64(attest), signature: toBase64(signature) } satisfies ClaimedNv };
  } catch (error) {
    // What the TPM says no to is for the server to weigh; a TPM that does not answer fails the round.
    if (!(error instanceof AssayError) || !/^tpm-(nv|rc)-/.test(error.code)) throw error;
    return { nv_absent: error.message.slice(0, 1024) };
  }
}

/** Undefined: never written. */
async function contents(tpm: Tpm, area: NvPublic, ownerAuth: Uint8Array): Promise<Uint8Array | undefined> {
  return area.attributes.written ? await asOwner(() => tpm.nvRead(tagIndex, { ownerAuth })) : undefined;
}

const isOurs = (area: NvPublic): boolean => {
  const { written } = area.attributes;
  const own = nvAreaOf({ ...wanted, attributes: { ...tagIndexAttributes, written } });
  return Buffer.compare(nvNameOf(area), nvNameOf(own)) === 0;
};

/** Of any layout, and whatever stands behind it. */
const isRecord = (held: Uint8Array): boolean => Buffer.from(held.subarray(0, 4)).toString('latin1') === 'ATAG';

async function asOwner<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof AssayError) || !/^tpm-rc-(bad-auth|auth-fail)$/.test(error.code)) throw error;
    throw new AssayError(error.code, place, 'the password of the TPM’s owner', error.got, {
      cause: error,
      hint: 'set [agent] owner_auth_file to a file with it',
    });
  }
}
