// One quote, beside the bare check of its signature.
import { verify } from 'node:crypto';
import { decode } from '@assay/core';
import { parseEventLog } from '@assay/measurement';
import { type ClaimedEvidence, fromBase64 } from '@assay/protocol';
import { pcrDigest, Signature } from '@assay/tpm/structures';
import { checkAk } from '../../packages/appraisal/quote/ak.ts';
import { type Quote, verifyQuote } from '../../packages/appraisal/quote/quote.ts';
import { makeEvidence, pcrValuesOf } from '../../packages/appraisal/testing/index.ts';
import { costs, type Goal, ratio, spread } from '../figures.ts';
import { type BenchKey, eccKey, gceLog, host, rsaKey, selection, wanted } from './hosts.ts';

/** `bare`: the signature alone. `quote`: all of it, from bytes; the AK's key object is kept, as a server keeps it. */
export function quoteWork({ akKey, ak: publicArea }: BenchKey): { bare: () => void; quote: () => void } {
  const evidence = makeEvidence({ akKey, nonce: host.nonce, log: gceLog, wanted });
  const claimed = {
    quote: fromBase64(evidence.quote, 'quote'),
    signature: fromBase64(evidence.signature, 'signature'),
  };
  const held = pcrValuesOf(parseEventLog(gceLog), selection);
  const ak = checkAk(publicArea);
  const signature = decode(Signature, claimed.signature, 'signature');
  const ec = signature.sigAlg === 'ecdsa';
  const raw = ec ? Buffer.concat([signature.signatureR, signature.signatureS]) : signature.sig;
  const key = ec ? { key: ak.key, dsaEncoding: 'ieee-p1363' as const } : { key: ak.key };
  return {
    bare() {
      if (!verify('sha256', claimed.quote, key, raw)) throw new Error('a signature that does not hold');
    },
    quote() {
      const quote = verifyQuote(claimed, ak, host.nonce, wanted);
      if (Buffer.compare(pcrDigest(quote.selection, held, quote.hash), quote.pcrDigest) !== 0) throw new Error('PCRs');
    },
  };
}

/** An ECC quote that has verified, and what it came with. */
export function verifiedQuote(): { quote: Quote; evidence: ClaimedEvidence } {
  const evidence = makeEvidence({ akKey: eccKey.akKey, nonce: host.nonce, log: gceLog, wanted });
  const claimed = {
    quote: fromBase64(evidence.quote, 'quote'),
    signature: fromBase64(evidence.signature, 'signature'),
  };
  return { quote: verifyQuote(claimed, checkAk(eccKey.ak), host.nonce, wanted), evidence };
}

export function quotes(): Goal[] {
  const [ecc, rsa] = [quoteWork(eccKey), quoteWork(rsaKey)];
  const seen = costs({ eccBare: ecc.bare, ecc: ecc.quote, rsaBare: rsa.bare, rsa: rsa.quote });
  const [ofEcc, ofRsa] = [ratio(seen.ecc, seen.eccBare), ratio(seen.rsa, seen.rsaBare)];
  console.log(`one quote: structures read, nonce, selection, PCR digest, signature; key object kept

| key | signature alone | quote | |
| --- | --- | --- | --- |
| ECC P-256 | ${spread(seen.eccBare, 'µs')} | ${spread(seen.ecc, 'µs')} | ${ofEcc.toFixed(2)} × |
| RSA-2048 | ${spread(seen.rsaBare, 'µs')} | ${spread(seen.rsa, 'µs')} | ${ofRsa.toFixed(2)} × |
`);
  return [
    { what: 'quote, ECC P-256', goal: '≤ 1.3 × the signature', seen: `${ofEcc.toFixed(2)} ×`, met: ofEcc <= 1.3 },
    { what: 'quote, RSA-2048', goal: '≤ 1.5 × the signature', seen: `${ofRsa.toFixed(2)} ×`, met: ofRsa <= 1.5 },
  ];
}
