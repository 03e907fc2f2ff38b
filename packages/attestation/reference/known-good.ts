// What is known good now? Read from the database once per change, not once per round.
import type { ReferenceValue } from '@assay/protocol';
import { readReferenceValues, referenceVersion } from '../storage/reference-values.ts';
import type { Db } from '../storage/schema.ts';

export type KnownGood = (db: Db) => Promise<readonly ReferenceValue[]>;

/** Asked inside the transaction that stores a verdict, it gives the values that verdict stands on. */
export function knownGood(): KnownGood {
  let version: number | undefined;
  let values: readonly ReferenceValue[] = [];
  return async (db) => {
    const now = await referenceVersion(db);
    if (now !== version) {
      values = await readReferenceValues(db);
      version = now;
    }
    return values;
  };
}
