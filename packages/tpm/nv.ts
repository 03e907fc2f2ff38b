// What is in an NV index, and what is put there? Read and written in parts as large as the TPM takes. An index is used with its
// own password where its attributes allow it, else with the owner's.
import { AssayError } from '@assay/core';
import { capability } from './capability.ts';
import { NvDefineSpace, NvRead, NvReadPublic, NvUndefineSpace, NvWrite } from './commands/nv.ts';
import type { Runner } from './commands/runner.ts';
import { password } from './session/authorization.ts';
import { Property } from './structures/capability.ts';
import { handleText, Permanent } from './structures/handles.ts';
import { type NvAttributes, type NvPublic, nvAreaOf, nvNameOf } from './structures/nv.ts';
import type { Authorization } from './structures/session.ts';

/** What a TPM gives at a time when it does not say. */
const smallestBuffer = 512;

const place = (index: number) => `NV index ${handleText(index)}`;

/** Passwords: of the owner's hierarchy, and of the index itself. Absent: empty. */
export type NvAuth = { ownerAuth?: Uint8Array; auth?: Uint8Array };

/** The public area, `undefined` when nothing is defined under this index. */
export async function nvReadPublic(runner: Runner, index: number): Promise<NvPublic | undefined> {
  try {
    const { nvPublic, nvName } = await runner.run(NvReadPublic, { nvIndex: index });
    if (nvPublic.index !== index || Buffer.compare(nvNameOf(nvPublic), nvName) !== 0)
      throw new AssayError('tpm-response', place(index), 'this index, and the name of its public area', nvPublic);
    return nvPublic;
  } catch (error) {
    if (error instanceof AssayError && error.code === 'tpm-rc-handle') return undefined;
    throw error;
  }
}

/** An index, and who may do something with it. */
type Access = { area: NvPublic; authHandle: number; proof: Authorization };

/** @throws AssayError `tpm-nv-absent` */
export async function nvAccess(
  runner: Runner,
  index: number,
  what: 'read' | 'write',
  passwords: NvAuth = {},
): Promise<Access> {
  const area = await nvReadPublic(runner, index);
  if (!area) throw new AssayError('tpm-nv-absent', place(index), 'to be defined', 'nothing there');
  return accessTo(area, what, passwords);
}

function accessTo(area: NvPublic, what: 'read' | 'write', { ownerAuth, auth }: NvAuth): Access {
  return (what === 'read' ? area.attributes.authRead : area.attributes.authWrite)
    ? { area, authHandle: area.index, proof: password(auth) }
    : { area, authHandle: Permanent.owner, proof: password(ownerAuth) };
}

/** All of it. @throws AssayError `tpm-nv-absent`, `tpm-rc-…` */
export async function nvRead(runner: Runner, index: number, passwords: NvAuth = {}): Promise<Uint8Array> {
  return await contents(runner, await nvAccess(runner, index, 'read', passwords));
}

/** All of it, `undefined` when it is not defined or was never written. */
export async function nvReadIfDefined(runner: Runner, index: number): Promise<Uint8Array | undefined> {
  const area = await nvReadPublic(runner, index);
  return area?.attributes.written ? await contents(runner, accessTo(area, 'read', {})) : undefined;
}

async function contents(runner: Runner, { area, authHandle, proof }: Access): Promise<Uint8Array> {
  const most = await bufferSize(runner);
  const parts: Uint8Array[] = [];
  for (let offset = 0; offset < area.dataSize; ) {
    const size = Math.min(most, area.dataSize - offset);
    const { data } = await runner.run(NvRead, { authHandle, nvIndex: area.index, size, offset }, [proof]);
    if (data.length !== size) throw new AssayError('tpm-response', place(area.index), `${size} bytes`, data.length);
    parts.push(data);
    offset += size;
  }
  return Buffer.concat(parts);
}

/** @param wanted as `nvAreaOf` takes it */
export async function nvDefineSpace(
  runner: Runner,
  wanted: { index: number; size: number; attributes?: Partial<NvAttributes> },
  { ownerAuth, auth }: NvAuth = {},
): Promise<void> {
  const values = { authHandle: Permanent.owner, auth: auth ?? new Uint8Array(), publicInfo: nvAreaOf(wanted) };
  await runner.run(NvDefineSpace, values, [password(ownerAuth)]);
}

export async function nvUndefineSpace(runner: Runner, index: number, { ownerAuth }: NvAuth = {}): Promise<void> {
  await runner.run(NvUndefineSpace, { authHandle: Permanent.owner, nvIndex: index }, [password(ownerAuth)]);
}

/** @param offset where `data` begins in the index, in bytes */
export async function nvWrite(
  runner: Runner,
  index: number,
  data: Uint8Array,
  offset = 0,
  passwords: NvAuth = {},
): Promise<void> {
  const { authHandle, proof } = await nvAccess(runner, index, 'write', passwords);
  const most = await bufferSize(runner);
  for (let at = 0; at < data.length; at += most) {
    const part = data.subarray(at, at + most);
    await runner.run(NvWrite, { authHandle, nvIndex: index, data: part, offset: offset + at }, [proof]);
  }
}

async function bufferSize(runner: Runner): Promise<number> {
  const { properties } = await capability(runner, 'properties', Property.nvBufferMax, 1);
  const [first] = properties;
  return first?.property === Property.nvBufferMax ? Math.min(Math.max(first.value, 64), 2048) : smallestBuffer;
}
