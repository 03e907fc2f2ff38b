// The attestation key: signs only what the TPM made itself. A primary key of the endorsement hierarchy, because a TPM
// hides its true reset count and firmware version from keys of the owner's (Part 3, chapter 18), and because it comes back
// identical after every restart with nothing stored. TPM2_Clear leaves it; a new endorsement seed ends it.
import { AssayError } from '@assay/core';
import type { Runner } from '../commands/runner.ts';
import { createPrimary, type LoadedKey } from './primary.ts';
import { type AkAlgorithm, akTemplate } from './templates.ts';

/** What tells one AK of a TPM from another, fit for JSON. All of it is public. */
export type SavedAk = {
  algorithm: AkAlgorithm;
  /** Hex, at most 32 bytes. */
  label: string;
  /** Hex; absent: any. */
  name?: string;
};

export type LoadedAk = LoadedKey & { saved: Required<SavedAk> };

/** @throws AssayError `tpm-ak-changed` when this TPM makes another key than the saved one */
export async function loadAk(runner: Runner, saved: SavedAk, endorsementAuth: Uint8Array): Promise<LoadedAk> {
  const template = akTemplate(saved.algorithm, new Uint8Array(Buffer.from(saved.label, 'hex')));
  const key = await createPrimary(runner, 'endorsement', template, endorsementAuth);
  const name = Buffer.from(key.name).toString('hex');
  if (saved.name !== undefined && saved.name !== name)
    throw new AssayError('tpm-ak-changed', 'attestation key', `name ${saved.name}`, name, {
      hint: 'the TPM was exchanged or its endorsement seed changed: enrol this host again',
    });
  return { ...key, saved: { ...saved, name } };
}
