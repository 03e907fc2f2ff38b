// How a write of the OAT API becomes a change like any other: by whom, why, and what its client is told when it is refused.
import { AssayError } from '@assay/core';
import type { Change } from '@assay/protocol';
import { changeWhiteList, type ListOwner, type ListWish } from '../changes/white-list.ts';
import type { RestNeeds } from '../rest/resource.ts';
import { OatError } from './errors.ts';
import { type Told, textOf } from './input.ts';
import { type KnownMle, knownMles } from './white-list/known-mles.ts';

/** Ours: `?because=…` is the reason, and with `&force=true` the brake does not hold it. */
const changeOf = (query: Told): Change => {
  const because = textOf(query, 'because', 1000);
  return { by: 'OAT API', force: textOf(query, 'force') === 'true', ...(because !== undefined && { because }) };
};

/** @param wishOf looks at the MLEs there are; throws what refuses it */
export async function writeMle(
  needs: RestNeeds,
  owner: ListOwner,
  query: Told,
  wishOf: (mles: readonly KnownMle[]) => Promise<ListWish>,
): Promise<true> {
  try {
    await changeWhiteList(
      needs,
      owner,
      changeOf(query),
      async (values) => await wishOf(await knownMles(needs.db, values)),
    );
  } catch (error) {
    throw inOat(error);
  }
  return true;
}

/** What else is refused on the way, told as a system error in words. */
function inOat(error: unknown): unknown {
  if (!(error instanceof AssayError) || error instanceof OatError) return error;
  const { code, message, where, expected, got, hint } = error;
  if (code === 'reference-brake')
    return new OatError('SYSTEM_ERROR', [
      `${where}: expected ${expected}, got ${got}; the same request with ?force=true&because=… does it all the same`,
    ]);
  const isRefusal = /^(reference|change)-/.test(code);
  return isRefusal ? new OatError('SYSTEM_ERROR', [hint ? message : `${message}; nothing was changed`]) : error;
}

/** Without what it names, or with what names it, somebody was faster. @param refusal what it is told as */
export async function unlessReferred<T>(work: () => Promise<T>, refusal: () => OatError): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw error instanceof AssayError && error.code === 'storage-reference' ? refusal() : error;
  }
}
