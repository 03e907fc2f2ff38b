// Keys below another key: made, loaded, looked at, kept under a persistent handle. What a parent has encrypted only the TPM
// that has the parent can load.
import { AssayError, encode } from '@assay/core';
import { Create, EvictControl, Load, ReadPublic } from '../commands/keys.ts';
import type { Runner } from '../commands/runner.ts';
import { password, proofFor } from '../session/authorization.ts';
import { Permanent } from '../structures/handles.ts';
import { Public } from '../structures/public-area.ts';

/** A key in the TPM, usable until it is flushed or the TPM is closed. */
export type LoadedKey = {
  handle: number;
  /** TPMT_PUBLIC. */
  publicArea: Uint8Array;
  /** What stands in a TPM2B_NAME. */
  name: Uint8Array;
  /** Its password. Absent: empty. */
  auth?: Uint8Array;
  /** A session that satisfies its policy, to be used once, in place of the password. */
  policySession?: number;
};

/** In which circumstances the TPM made a key. */
export type Creation = {
  /** TPMS_CREATION_DATA (`CreationData`), as bytes. */
  creationData: Uint8Array;
  /** Over those bytes, with the key's nameAlg. */
  creationHash: Uint8Array;
};

/** A key that is not loaded, safe to be stored anywhere. */
export type WrappedKey = {
  /** TPMT_PUBLIC. */
  publicArea: Uint8Array;
  /** What stands in a TPM2B_PRIVATE: encrypted by the parent. */
  privateArea: Uint8Array;
  /** Its password. Absent: empty. */
  auth?: Uint8Array;
};

const nothing = new Uint8Array();

/** What both ways of making a key send. @param auth the password of the key, @param data what is sealed in it */
export const asked = (template: Public, auth: Uint8Array = nothing, data: Uint8Array = nothing) => ({
  inSensitive: { userAuth: auth, data },
  inPublic: encode(Public, template),
  outsideInfo: nothing,
  creationPcr: [],
});

/** The password a caller gave, as part of a key that is only set when there is one. */
export const withAuth = (auth: Uint8Array | undefined): { auth?: Uint8Array } => (auth ? { auth } : {});

/** @param data to be sealed, for a keyedhash object; the TPM makes what is secret of a key itself */
export async function create(
  runner: Runner,
  { parent, template, auth, data }: { parent: LoadedKey; template: Public; auth?: Uint8Array; data?: Uint8Array },
): Promise<WrappedKey & Creation> {
  const { outPublic, outPrivate, creationData, creationHash } = await runner.run(
    Create,
    { parentHandle: parent.handle, ...asked(template, auth, data) },
    [proofFor(parent)],
  );
  return { publicArea: outPublic, privateArea: outPrivate, creationData, creationHash, ...withAuth(auth) };
}

/** @throws AssayError `tpm-rc-integrity` when another parent, or another TPM, has encrypted it */
export async function load(runner: Runner, parent: LoadedKey, key: WrappedKey): Promise<LoadedKey> {
  const { objectHandle, name } = await runner.run(
    Load,
    { parentHandle: parent.handle, inPrivate: key.privateArea, inPublic: key.publicArea },
    [proofFor(parent)],
  );
  return { handle: objectHandle, publicArea: key.publicArea, name, ...withAuth(key.auth) };
}

/** What is under a handle, `undefined` when nothing is. */
export async function readPublic(
  runner: Runner,
  handle: number,
): Promise<(LoadedKey & { qualifiedName: Uint8Array }) | undefined> {
  try {
    const { outPublic, name, qualifiedName } = await runner.run(ReadPublic, { objectHandle: handle });
    return { handle, publicArea: outPublic, name, qualifiedName };
  } catch (error) {
    if (error instanceof AssayError && nobodyThere.includes(error.code)) return undefined;
    throw error;
  }
}

/** A persistent handle with nothing under it is not a handle, a transient one is a reference to nothing. */
const nobodyThere = ['tpm-rc-handle', 'tpm-rc-reference-h0'];

/** Keeps a loaded key under a persistent handle, or, when the key is under that handle already, removes it. */
export async function evictControl(
  runner: Runner,
  { key, persistentHandle, ownerAuth }: { key: LoadedKey; persistentHandle: number; ownerAuth: Uint8Array },
): Promise<LoadedKey> {
  await runner.run(EvictControl, { auth: Permanent.owner, objectHandle: key.handle, persistentHandle }, [
    password(ownerAuth),
  ]);
  return { ...key, handle: persistentHandle };
}
