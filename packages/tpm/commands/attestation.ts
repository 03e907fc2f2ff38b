// Part 3, chapter 18: what a TPM signs about itself.
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

export const Quote = command({
  name: 'TPM2_Quote',
  code: 0x158,
  handles: { signHandle: u32 },
  authorized: 1,
  parameters: { qualifyingData: sized(66), inScheme: SigScheme, pcrSelect: PcrSelection },
  returns: { quoted: keptSized(Attest, sized(4096)), signature: kept(Signature) },
});
