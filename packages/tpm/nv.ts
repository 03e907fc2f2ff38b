// What is in an NV index? Read in parts as large as the TPM gives, without any secret.
import { AssayError } from '@assay/core';
import { NvRead, NvReadPublic } from './commands/nv.ts';
import type { Runner } from './commands/runner.ts';
import { GetCapability } from './commands/state.ts';
import { password } from './session/authorization.ts';
import { Property } from './structures/capability.ts';
import { handleText, Permanent } from './structures/handles.ts';
import { type NvPublic, nvMay } from './structures/nv.ts';

/** What a TPM gives at a time when it does not say. */
const smallestBuffer = 512;

/** The public area, `undefined` when nothing is defined under this index. */
export async function nvReadPublic(runner: Runner, index: number): Promise<NvPublic | undefined> {
  try {
    return (await runner.run(NvReadPublic, { nvIndex: index })).nvPublic;
  } catch (error) {
    if (error instanceof AssayError && error.code === 'tpm-rc-handle') return undefined;
    throw error;
  }
}

/** All of it. @throws AssayError `tpm-nv-absent`, `tpm-rc-…` */
export async function nvRead(runner: Runner, index: number): Promise<Uint8Array> {
  const area = await nvReadPublic(runner, index);
  if (!area) throw new AssayError('tpm-nv-absent', `NV index ${handleText(index)}`, 'to be defined', 'nothing there');
  return await contents(runner, area);
}

/** All of it, `undefined` when it is not defined or was never written. */
export async function nvReadIfDefined(runner: Runner, index: number): Promise<Uint8Array | undefined> {
  const area = await nvReadPublic(runner, index);
  return area && nvMay(area, 'written') ? await contents(runner, area) : undefined;
}

async function contents(runner: Runner, area: NvPublic): Promise<Uint8Array> {
  // An index may be read with its own (empty) password, or with the owner's.
  const authHandle = nvMay(area, 'authRead') ? area.index : Permanent.owner;
  const most = await bufferSize(runner);
  const parts: Uint8Array[] = [];
  for (let offset = 0; offset < area.dataSize; ) {
    const size = Math.min(most, area.dataSize - offset);
    const { data } = await runner.run(NvRead, { authHandle, nvIndex: area.index, size, offset }, [password()]);
    if (data.length !== size)
      throw new AssayError('tpm-response', `NV index ${handleText(area.index)}`, `${size} bytes`, data.length);
    parts.push(data);
    offset += size;
  }
  return Buffer.concat(parts);
}

async function bufferSize(runner: Runner): Promise<number> {
  const question = { capability: 'properties', property: Property.nvBufferMax, propertyCount: 1 } as const;
  const { capabilityData } = await runner.run(GetCapability, question);
  if (capabilityData.capability !== 'properties') return smallestBuffer;
  const [first] = capabilityData.properties;
  return first?.property === Property.nvBufferMax ? Math.min(Math.max(first.value, 64), 2048) : smallestBuffer;
}
