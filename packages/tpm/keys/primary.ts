// A key made from the seed of a hierarchy (TPM2_CreatePrimary): deterministic, gone at the next reset or flush.
import { encode } from '@assay/core';
import { CreatePrimary } from '../commands/keys.ts';
import type { Runner } from '../commands/runner.ts';
import { password } from '../session/authorization.ts';
import { Permanent } from '../structures/handles.ts';
import { Public } from '../structures/public-area.ts';

/** A key in the TPM, usable until it is flushed or the TPM is closed. */
export type LoadedKey = {
  handle: number;
  /** TPMT_PUBLIC. */
  publicArea: Uint8Array;
  /** What stands in a TPM2B_NAME. */
  name: Uint8Array;
};

/** @param hierarchyAuth empty unless an administrator has set one */
export async function createPrimary(
  runner: Runner,
  hierarchy: 'endorsement' | 'owner',
  template: Public,
  hierarchyAuth: Uint8Array,
): Promise<LoadedKey> {
  const nothing = new Uint8Array();
  const { objectHandle, outPublic, name } = await runner.run(
    CreatePrimary,
    {
      primaryHandle: Permanent[hierarchy],
      inSensitive: { userAuth: nothing, data: nothing },
      inPublic: encode(Public, template),
      outsideInfo: nothing,
      creationPcr: [],
    },
    [password(hierarchyAuth)],
  );
  return { handle: objectHandle, publicArea: outPublic, name };
}
