// A host's TPM with asset tags in it, as the agent puts them there.
import {
  type ClaimedNv,
  type Tags,
  tagIndex,
  tagIndexAttributes,
  tagRecord,
  tagRecordBytes,
  toBase64,
} from '@assay/protocol';
import type { LoadedAk, LoadedKey, Tpm } from '@assay/tpm';

export type TaggedTpm = {
  readonly ak: LoadedAk;
  readonly ek: LoadedKey;
  record(serial: number, tags: Tags): Uint8Array;
  write(record: Uint8Array): Promise<void>;
  certify(nonce: Uint8Array): Promise<ClaimedNv>;
};

export async function taggedTpm(tpm: Tpm): Promise<TaggedTpm> {
  const [ak, ek] = [await tpm.loadAk(), await tpm.createEk()];
  return {
    ak,
    ek,
    record: (serial, tags) => tagRecord({ serial, ekName: ek.name, tags }),
    async write(record) {
      if (!(await tpm.nvReadPublic(tagIndex)))
        await tpm.nvDefineSpace({ index: tagIndex, size: tagRecordBytes, attributes: tagIndexAttributes });
      await tpm.nvWrite(tagIndex, record);
    },
    async certify(nonce) {
      const { attest, signature } = await tpm.nvCertify({ ak, index: tagIndex, nonce });
      return { attest: toBase64(attest), signature: toBase64(signature) };
    },
  };
}
