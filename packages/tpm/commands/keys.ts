// Part 3, chapters 12, 24, 28, 30: keys made, loaded, looked at, kept, used to open credentials, flushed.
import { nested, sized, struct, u16, u32 } from '@assay/core';
import { Digest, Name } from '../structures/attest.ts';
import { PcrSelection } from '../structures/pcr-selection.ts';
import { keptSized } from '../structures/primitives.ts';
import { Public, PublicParms } from '../structures/public-area.ts';
import { command } from './command.ts';

const PublicBytes = keptSized(Public, sized(1024));
/** TPM2B_PRIVATE: encrypted by the parent; never looked into. */
const Private = sized(2048);
/** TPMT_TK_*: proof by the TPM to itself; never looked into. */
export const Ticket = struct({ tag: u16, hierarchy: u32, digest: Digest });

const template = {
  inSensitive: nested(struct({ userAuth: sized(64), data: sized(256) }), 512),
  inPublic: PublicBytes,
  outsideInfo: sized(66),
  creationPcr: PcrSelection,
};
/** `creationData`: TPMS_CREATION_DATA, the bytes `creationHash` is over. */
const creation = { creationData: sized(1024), creationHash: Digest, creationTicket: Ticket };

export const CreatePrimary = command({
  name: 'TPM2_CreatePrimary',
  code: 0x131,
  handles: { primaryHandle: u32 },
  authorized: 1,
  parameters: template,
  returnsHandles: { objectHandle: u32 },
  returns: { outPublic: PublicBytes, ...creation, name: Name },
  slow: true,
});

export const Create = command({
  name: 'TPM2_Create',
  code: 0x153,
  handles: { parentHandle: u32 },
  authorized: 1,
  parameters: template,
  returns: { outPrivate: Private, outPublic: PublicBytes, ...creation },
  slow: true,
});

export const Load = command({
  name: 'TPM2_Load',
  code: 0x157,
  handles: { parentHandle: u32 },
  authorized: 1,
  parameters: { inPrivate: Private, inPublic: PublicBytes },
  returnsHandles: { objectHandle: u32 },
  returns: { name: Name },
});

export const ReadPublic = command({
  name: 'TPM2_ReadPublic',
  code: 0x173,
  handles: { objectHandle: u32 },
  returns: { outPublic: PublicBytes, name: Name, qualifiedName: Name },
});

/** Keeps a transient object under a persistent handle, or, given a persistent object, removes it. `auth`: owner or platform. */
export const EvictControl = command({
  name: 'TPM2_EvictControl',
  code: 0x120,
  handles: { auth: u32, objectHandle: u32 },
  authorized: 1,
  parameters: { persistentHandle: u32 },
});

export const ActivateCredential = command({
  name: 'TPM2_ActivateCredential',
  code: 0x147,
  handles: { activateHandle: u32, keyHandle: u32 },
  authorized: 2,
  parameters: { credentialBlob: sized(512), secret: sized(512) },
  returns: { certInfo: Digest },
});

/** Part 3, §28.4. The handle is a parameter: no authorisation, no handle area. */
export const FlushContext = command({ name: 'TPM2_FlushContext', code: 0x165, parameters: { flushHandle: u32 } });

/** Part 3, §30.3: success means that the TPM has such keys. */
export const TestParms = command({ name: 'TPM2_TestParms', code: 0x18a, parameters: { parameters: PublicParms } });
