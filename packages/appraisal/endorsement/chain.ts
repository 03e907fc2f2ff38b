// Does a certificate come from somebody in the store? A path of signatures to an anchor an operator or the vendors' set named.
// What a host sends may stand on the way there, checked like the rest; it is never where the way ends.
import { AssayError } from '@assay/core';
import { isStrong, signedBy } from '@assay/core/der';
import type { Certificate } from './certificate.ts';
import { basicConstraints, keyUsage, purposes, refuseUnknownCritical } from './extensions.ts';
import {
  type Authority,
  type CaCertificate,
  identity,
  leastOf,
  readCa,
  type TpmKind,
  type TrustStore,
} from './trust-store.ts';

/** Issuer first, anchor last. `kind`: the least any of them vouches for. `shown`: those that are not in the store. */
export type Chain = { issuers: readonly CaCertificate[]; kind: TpmKind; shown: readonly CaCertificate[] };

const longestChain = 5;
const mostShown = 8;

type Step = { certificate: Certificate; below: readonly CaCertificate[] };

/**
 * The shortest path, since each further CA can only break a path length limit. No certificate is looked at twice, so that
 * the work grows with the number of those shown and not with the number of ways through them.
 *
 * A CA in the store may itself be signed with SHA-1, as vendors' were for years: it counts because it is listed, byte by byte,
 * and nobody can list another. What comes from a host may not: whoever finds two contents with one signature could have
 * had the other one signed.
 * @param shown certificates (DER) the host sent beside its own, claimed; those that are none are left out
 * @throws AssayError `ek-issuer-unknown` when no path ends in an anchor, `ek-issuer` when one does whose certificates
 *   may not do what they did, `ek-signature` for a weak signature, `ek-chain` when too many are shown
 */
export function chainOf(
  certificate: Certificate,
  shown: readonly Uint8Array[],
  store: TrustStore,
  where: string,
): Chain {
  if (!isStrong(certificate.signed))
    throw new AssayError('ek-signature', where, 'a signature with SHA-256 or better', certificate.signed.algorithm.oid);
  if (shown.length > mostShown)
    throw new AssayError('ek-chain', where, `at most ${mostShown} certificates beside it`, shown.length);
  const hints = shown.flatMap(usable);
  const issuers = pathOf(certificate, store.authorities, hints, certificate.notBefore);
  const kinds = new Map(store.authorities.map((one) => [identity(one), one.kind]));
  return {
    issuers,
    kind: leastOf(issuers.map((one) => kinds.get(identity(one)) ?? 'hardware')),
    shown: issuers.filter((one) => hints.includes(one)),
  };
}

function usable(der: Uint8Array): CaCertificate[] {
  try {
    const read = readCa(der, 'certificate beside the EK’s');
    return isStrong(read.signed) ? [read] : [];
  } catch (error) {
    if (error instanceof AssayError) return [];
    throw error;
  }
}

function pathOf(
  certificate: Certificate,
  authorities: readonly Authority[],
  hints: readonly CaCertificate[],
  at: Date,
): CaCertificate[] {
  const anchors = new Set<CaCertificate>(authorities.filter(({ anchor }) => anchor));
  const known: readonly CaCertificate[] = [...authorities, ...hints];
  const seen = new Set<CaCertificate>();
  let failure = unknownIssuer(certificate);
  for (let steps: Step[] = [{ certificate, below: [] }]; steps.length > 0; ) {
    const further: Step[] = [];
    for (const { certificate: current, below } of steps)
      for (const issuer of known) {
        if (seen.has(issuer) || !issued(issuer, current)) continue;
        seen.add(issuer);
        const refusal = whyNot(issuer, below.length, at);
        if (refusal) failure = refusal;
        else if (anchors.has(issuer)) return [...below, issuer];
        else if (below.length + 1 < longestChain) further.push({ certificate: issuer, below: [...below, issuer] });
        else failure = unknownIssuer(issuer);
      }
    const last = further.at(-1);
    if (last && failure.code === 'ek-issuer-unknown') failure = unknownIssuer(last.certificate);
    steps = further;
  }
  throw failure;
}

/** By name and by signature. */
const issued = (issuer: CaCertificate, { issuer: name, signed }: Certificate): boolean =>
  Buffer.compare(issuer.subject, name) === 0 && signedBy(signed, issuer.key);

function unknownIssuer({ issuerText, subjectText }: Certificate): AssayError {
  return new AssayError(
    'ek-issuer-unknown',
    `certificate of ${subjectText}`,
    'an issuer in the trust store',
    issuerText,
    {
      hint: 'put the TPM vendor’s CA certificates into ek_ca_dir, those of a cloud’s vTPM into virtual_tpm_ca_dir, those of a software TPM into software_tpm_ca_dir',
    },
  );
}

/**
 * @param below CA certificates between this one and the EK certificate
 * @param at when the EK certificate was issued
 * @returns why this CA could not issue; undefined when it could
 */
function whyNot(issuer: CaCertificate, below: number, at: Date): AssayError | undefined {
  const where = `CA certificate ${issuer.subjectText}`;
  const bad = (expected: string, got: unknown) => new AssayError('ek-issuer', where, expected, got);
  try {
    refuseUnknownCritical(issuer, where);
    const { pathLength, ca } = basicConstraints(issuer, where);
    const purpose = purposes(issuer, where);
    if (!ca) return bad('a CA (basicConstraints)', 'none');
    if (pathLength !== undefined && below > pathLength) return bad(`at most ${pathLength} CAs below it`, below);
    // Without the extension a key may be used for anything.
    if (keyUsage(issuer, where)?.may('keyCertSign') === false)
      return bad('a key that signs certificates', 'another use');
    if (purpose.critical && !purpose.forEk && !purpose.any) return bad('a CA for EK certificates', 'other purposes');
  } catch (cause) {
    if (!(cause instanceof AssayError)) throw cause;
    return new AssayError('ek-issuer', cause.where, cause.expected, cause.got, { cause });
  }
  if (at >= issuer.notBefore && at <= issuer.notAfter) return undefined;
  const days = `${issuer.notBefore.toISOString()} to ${issuer.notAfter.toISOString()}`;
  return bad(`valid when the EK certificate was issued, ${at.toISOString()}`, days);
}
