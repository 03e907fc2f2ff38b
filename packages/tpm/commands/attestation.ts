// Part 3, chapters 18 and 31: what a TPM signs about itself, its keys and its NV.
import { choice, sized, tagged, u16, u32 } from '@assay/core';
import { HashAlg } from '../structures/algorithms.ts';
import { Attest } from '../structures/attest.ts';
import { PcrSelection } from '../structures/pcr-selection.ts';
import { kept, keptSized } from '../structures/primitives.ts';
import { Signature } from '../structures/signature.ts';
import { command } from './command.ts';

/** TPMT_SIG_SCHEME+ (Part 2, §11.2.1.5). Null: the key's own. */
const SigScheme = tagged(
  { scheme: choice(u16, { rsassa: 0x0014, rsapss: 0x0016, ecdsa: 0x0018, null: 0x0010 }) },
  'scheme',
  { rsassa: { hash: HashAlg }, rsapss: { hash: HashAlg }, ecdsa: { hash: HashAlg }, null: {} },
);

const asked = { qualifyingData: sized(66), inScheme: SigScheme };
/** Both are read and kept as the bytes they came in: what is signed are bytes. */
const signed = { attest: keptSized(Attest, sized(4096)), signature: kept(Signature) };

export const Quote = command({
  name: 'TPM2_Quote',
  code: 0x158,
  handles: { signHandle: u32 },
  authorized: 1,
  parameters: { ...asked, pcrSelect: PcrSelection },
  returns: signed,
});

export const Certify = command({
  name: 'TPM2_Certify',
  code: 0x148,
  handles: { objectHandle: u32, signHandle: u32 },
  authorized: 2,
  parameters: asked,
  returns: signed,
});

/** `size` and `offset` in bytes. */
export const NvCertify = command({
  name: 'TPM2_NV_Certify',
  code: 0x184,
  handles: { signHandle: u32, authHandle: u32, nvIndex: u32 },
  authorized: 2,
  parameters: { ...asked, size: u16, offset: u16 },
  returns: signed,
});
