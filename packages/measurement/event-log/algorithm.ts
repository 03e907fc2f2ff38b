// Which hash is meant by a TPM_ALG_ID in a log? Unknown ones are carried along by their size and prove nothing.
import { encode } from '@assay/core';
import { HashAlg, type HashName, hashNames } from '@assay/tpm/structures';

const byId = new Map(
  hashNames.map((name) => {
    const [high = 0, low = 0] = encode(HashAlg, name);
    return [high * 256 + low, name];
  }),
);

export const hashOfId = (id: number): HashName | undefined => byId.get(id);

export const idOfHash = (hash: HashName): number => {
  for (const [id, name] of byId) if (name === hash) return id;
  return 0;
};
