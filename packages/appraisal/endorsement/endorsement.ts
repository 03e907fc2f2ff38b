// Does a manufacturer vouch that this key is the EK of one of its TPMs? Certificate, chain, key and template together.
// Says nothing of who shows them: credential activation proves possession.
import { createHash } from 'node:crypto';
import { AssayError, decode } from '@assay/core';
import { nameOf, Public } from '@assay/tpm/structures';
import { type Certificate, type CertificateKey, readCertificate } from './certificate.ts';
import { type Chain, chainOf } from './chain.ts';
import { checkEkTemplate } from './ek-template.ts';
import { checkEkExtensions } from './extensions.ts';
import { checkNotRevoked } from './revocation-list.ts';
import { isRoca } from './roca.ts';
import type { TpmNames } from './tpm-names.ts';
import type { TrustStore } from './trust-store.ts';

/** What was checked, to be kept with the host; plain JSON. */
export type Endorsement = {
  /** SHA-256 of the certificate's DER, hex. */
  ek_sha256: string;
  /** Hex TPM2B_NAME content of the EK. */
  ek_name: string;
  issuer: string;
  /** Subject of the certificate the chain ended in. */
  anchor: string;
  /** A certificate of the chain is listed as a CA of software TPMs. */
  software: boolean;
  /** Else one is listed as a CA of the virtual TPMs of a cloud. Absent in what older versions stored: none could be. */
  virtual?: boolean;
  /** What the certificate calls the TPM. Absent in what older versions stored. */
  tpm?: TpmNames;
  /** Base64 DER of the CAs in the chain that came from the host; to be given to `recheckEndorsement`. */
  chain?: readonly string[];
};

const where = 'EK certificate';

/**
 * @param certificate DER, claimed; padding stripped, nothing behind it
 * @param ekPublic TPMT_PUBLIC, claimed
 * @param chain DER, claimed: CAs that may stand between the certificate and an anchor; never an anchor
 * @param at the certificate must be valid then; its CAs when it was issued, for they may expire before the TPMs they sold
 * @throws AssayError `ek-certificate` (malformed, or not an EK's), `ek-expired`, `ek-key-mismatch`, `ek-template`, `ek-roca`,
 *   `ek-signature`, `ek-issuer-unknown`, `ek-issuer`, `ek-chain`, `ek-revoked`, `ek-crl-stale`; `wire-…` when the public area
 *   is none
 */
export function checkEndorsement(
  certificate: Uint8Array,
  ekPublic: Uint8Array,
  chain: readonly Uint8Array[],
  store: TrustStore,
  at: Date,
): Endorsement {
  const ek = checkEkTemplate(decode(Public, ekPublic, 'EK TPMT_PUBLIC'));
  const { claimed, tpm } = asEkError(() => {
    const read = readCertificate(certificate, where);
    return { claimed: read, tpm: checkEkExtensions(read, where) };
  });
  checkValidity(claimed, at);
  checkSameKey(claimed.publicKey, ek);
  if (ek.type === 'rsa') refuseRoca('ek-roca', ek.unique);
  const { issuers, kind, shown } = standing(claimed, chain, store, at);
  return {
    ek_sha256: createHash('sha256').update(certificate).digest('hex'),
    ek_name: nameOf(ekPublic).toHex(),
    issuer: claimed.issuerText,
    anchor: issuers.at(-1)?.subjectText ?? '',
    software: kind === 'software',
    ...(kind === 'virtual' ? { virtual: true } : {}),
    tpm,
    ...(shown.length > 0 ? { chain: shown.map(({ der }) => Buffer.from(der).toString('base64')) } : {}),
  };
}

/**
 * Does what was found at enrolment still hold under the store as it is now? A CA may be gone from it, or a revocation list
 * have come. That the certificate expired meanwhile takes no host's trust: it was valid when the TPM showed what it is.
 * @param certificate DER, of the enrolment
 * @returns labelled as the store has it now
 * @throws AssayError `ek-signature`, `ek-issuer-unknown`, `ek-issuer`, `ek-revoked`, `ek-crl-stale`, `ek-certificate`
 */
export function recheckEndorsement(
  certificate: Uint8Array,
  endorsement: Endorsement,
  store: TrustStore,
  at: Date,
): Endorsement {
  const read = asEkError(() => readCertificate(certificate, where));
  const chain = (endorsement.chain ?? []).map((der) => new Uint8Array(Buffer.from(der, 'base64')));
  const { kind, issuers } = standing(read, chain, store, at);
  const { virtual: _before, ...rest } = endorsement;
  return {
    ...rest,
    anchor: issuers.at(-1)?.subjectText ?? '',
    software: kind === 'software',
    ...(kind === 'virtual' ? { virtual: true } : {}),
  };
}

/** A chain none of whose certificates is revoked. */
function standing(certificate: Certificate, shown: readonly Uint8Array[], store: TrustStore, at: Date): Chain {
  const chain = chainOf(certificate, shown, store, where);
  for (const one of [certificate, ...chain.issuers]) checkNotRevoked(one, store.revocations, at);
  return chain;
}

/** @throws AssayError with this code when the key can be factored (CVE-2017-15361) */
export function refuseRoca(code: 'ek-roca' | 'ak-roca', modulus: Uint8Array): void {
  if (isRoca(modulus))
    throw new AssayError(
      code,
      'RSA modulus',
      'a key that cannot be factored',
      'one of the ROCA kind (CVE-2017-15361)',
      {
        hint: 'its vendor has firmware that makes new keys',
      },
    );
}

/** Clocks differ, and a software TPM's certificate may be seconds old. */
const skewMs = 5 * 60_000;

function checkValidity({ notBefore, notAfter }: Certificate, at: Date): void {
  if (at.getTime() + skewMs >= notBefore.getTime() && at <= notAfter) return;
  const expected = `a time from ${notBefore.toISOString()} to ${notAfter.toISOString()}`;
  throw new AssayError('ek-expired', `${where} validity`, expected, at.toISOString());
}

const curves: Record<string, string> = {
  '1.2.840.10045.3.1.7': 'p256',
  '1.3.132.0.34': 'p384',
  '1.3.132.0.35': 'p521',
};
const coordinateBytes: Record<string, number> = { p256: 32, p384: 48, p521: 66 };

/** The certificate's key and the TPM's, byte by byte. */
function checkSameKey(key: CertificateKey, ek: ReturnType<typeof checkEkTemplate>): void {
  const same =
    ek.type === 'rsa'
      ? key.type === 'rsa' && equal(key.modulus, ek.unique) && number(key.exponent) === (ek.exponent || 65537)
      : key.type === 'ec' && curves[key.curve] === ek.curve && equal(key.point, point(ek));
  if (!same) throw new AssayError('ek-key-mismatch', `${where} subjectPublicKeyInfo`, 'the key of the EK', 'another');
}

/** Uncompressed (SEC 1, §2.3.3); a TPM may leave leading zeros of a coordinate out. */
function point({ curve, unique }: Extract<ReturnType<typeof checkEkTemplate>, { type: 'ecc' }>): Uint8Array {
  const size = coordinateBytes[curve] ?? 0;
  const padded = (value: Uint8Array) => Buffer.concat([new Uint8Array(Math.max(0, size - value.length)), value]);
  return Buffer.concat([Uint8Array.of(4), padded(unique.x), padded(unique.y)]);
}

const equal = (a: Uint8Array, b: Uint8Array) => Buffer.compare(a, b) === 0;
const number = (bytes: Uint8Array) => bytes.reduce((sum, byte) => sum * 256 + byte, 0);

/** What is wrong with the certificate itself has one code, whatever it is. */
function asEkError<T>(read: () => T): T {
  try {
    return read();
  } catch (cause) {
    if (!(cause instanceof AssayError)) throw cause;
    throw new AssayError('ek-certificate', cause.where, cause.expected, cause.got, { cause });
  }
}
