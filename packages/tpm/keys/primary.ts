// A key made from the seed of a hierarchy (TPM2_CreatePrimary): deterministic, gone at the next reset or flush.
import { CreatePrimary } from '../commands/keys.ts';
import type { Runner } from '../commands/runner.ts';
import { password } from '../session/authorization.ts';
import { Permanent } from '../structures/handles.ts';
import type { Public } from '../structures/public-area.ts';
import { asked, type Creation, type LoadedKey, withAuth } from './object.ts';

export type Hierarchy = 'endorsement' | 'owner' | 'null' | 'platform';

/**
 * @param hierarchyAuth empty unless an administrator has set one
 * @param auth the password of the key; absent: empty
 */
export async function createPrimary(
  runner: Runner,
  hierarchy: Hierarchy,
  template: Public,
  hierarchyAuth: Uint8Array,
  auth?: Uint8Array,
): Promise<LoadedKey & Creation> {
  const { objectHandle, outPublic, name, creationData, creationHash } = await runner.run(
    CreatePrimary,
    { primaryHandle: Permanent[hierarchy], ...asked(template, auth) },
    [password(hierarchyAuth)],
  );
  return { handle: objectHandle, publicArea: outPublic, name, creationData, creationHash, ...withAuth(auth) };
}
