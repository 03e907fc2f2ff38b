// Part 3, chapters 12, 24, 28: keys made from a hierarchy's seed, looked at, used to open credentials, flushed.
import { nested, sized, struct, u16, u32 } from '@assay/core';
import { Digest, Name } from '../structures/attest.ts';
import { PcrSelection } from '../structures/pcr-selection.ts';
import { keptSized } from '../structures/primitives.ts';
import { Public } from '../structures/public-area.ts';
import { command } from './command.ts';

const PublicBytes = keptSized(Public, sized(1024));
/** TPMT_TK_*: proof by the TPM to itself; never looked into. */
export const Ticket = struct({ tag: u16, hierarchy: u32, digest: Digest });

export const CreatePrimary = command({
  name: 'TPM2_CreatePrimary',
  code: 0x131,
  handles: { primaryHandle: u32 },
  authorized: 1,
  parameters: {
    inSensitive: nested(struct({ userAuth: sized(64), data: sized(256) }), 512),
    inPublic: PublicBytes,
    outsideInfo: sized(66),
    creationPcr: PcrSelection,
  },
  returnsHandles: { objectHandle: u32 },
  returns: {
    outPublic: PublicBytes,
    creationData: sized(1024),
    creationHash: Digest,
    creationTicket: Ticket,
    name: Name,
  },
  slow: true,
});

export const ReadPublic = command({
  name: 'TPM2_ReadPublic',
  code: 0x173,
  handles: { objectHandle: u32 },
  returns: { outPublic: PublicBytes, name: Name, qualifiedName: Name },
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
