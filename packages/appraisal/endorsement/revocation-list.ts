// Which certificates does their CA no longer stand by (X.509 v2 CRL, RFC 5280, §5)? Lists that an operator supplies, complete
// ones only; nothing is ever fetched from an address that stands in a certificate.
import type { KeyObject } from 'node:crypto';
import { AssayError } from '@assay/core';
import {
  type Der,
  expectTag,
  isStrong,
  positiveInteger,
  readDer,
  sequenceIn,
  signedBy,
  signedPart,
  tags,
  time,
} from '@assay/core/der';
import { type Certificate, extensionsOf, nameText } from './certificate.ts';
import { keyUsage } from './extensions.ts';

/** A list whose signature held. */
export type RevocationList = {
  /** For messages: where it came from. */
  file: string;
  /** Name, DER. */
  issuer: Uint8Array;
  /** SubjectPublicKeyInfo of the CA that signed it, base64: a CA with two keys has two lists. */
  signer: string;
  thisUpdate: Date;
  nextUpdate: Date;
  /** Serial numbers in hex, as in `Certificate.serial`. */
  revoked: ReadonlySet<string>;
};

const deltaIndicator = '2.5.29.27';
const issuingPoint = '2.5.29.28';
const certificateIssuer = '2.5.29.29';
const reasonCode = '2.5.29.21';
/** They change nothing about what the list says: number, key identifier of the issuer. */
const harmless = ['2.5.29.20', '2.5.29.35'];

/**
 * @param authorities CAs that may have signed it
 * @throws AssayError `trust-store-crl` naming the file: malformed, partial (delta, indirect, for one distribution point), or
 *   signed by nobody we know
 */
export function readRevocationList(
  der: Uint8Array,
  file: string,
  authorities: readonly (Certificate & { key: KeyObject })[],
): RevocationList {
  const bad = (expected: string, got: unknown, cause?: unknown) =>
    new AssayError('trust-store-crl', file, expected, got, { cause });
  try {
    const [tbs, outer, bits, ...behind] = sequenceIn(der, file);
    const [version, inner, issuer, thisUpdate, ...rest] = expectTag(tbs, tags.sequence, `${file} tbsCertList`).children;
    if (behind.length > 0) throw bad('three elements', behind.length + 3);
    if (version?.tag !== tags.integer || version.content.length !== 1 || version.content[0] !== 1)
      throw bad('a v2 CRL', 'another version');
    if (Buffer.compare(inner?.whole ?? new Uint8Array(), outer?.whole ?? new Uint8Array()) !== 0)
      throw bad('the algorithm it is signed with', 'another');
    const name = expectTag(issuer, tags.sequence, `${file} issuer`);
    const next = rest.shift();
    if (next?.tag !== tags.utcTime && next?.tag !== tags.generalizedTime)
      throw bad('nextUpdate, or nobody could tell when it is stale', 'none');
    const entries = rest[0]?.tag === tags.sequence ? (rest.shift()?.children ?? []) : [];
    const extensions = rest.shift();
    if (rest.length > 0 || (extensions && extensions.tag !== 0xa0)) throw bad('nothing behind the extensions', 'more');
    if (extensions) checkExtensions(extensions.children[0], file, bad);
    const revoked = new Set(entries.map((entry) => serialOf(entry, file, bad)));

    const signed = signedPart(tbs, outer, bits, file);
    if (!isStrong(signed)) throw bad('a signature with SHA-256 or better', signed.algorithm.oid);
    const named = authorities.filter(({ subject }) => Buffer.compare(subject, name.whole) === 0);
    if (named.length === 0)
      throw bad('a list of a CA in the trust store', `one of ${nameText(name, file)}, which is not there`);
    const signer = named.find(({ key }) => signedBy(signed, key));
    if (!signer) throw bad(`a signature by ${nameText(name, file)}`, 'another key’s');
    if (keyUsage(signer, file)?.may('cRLSign') === false)
      throw bad('a CA that may sign revocation lists (cRLSign)', signer.subjectText);
    return {
      file,
      issuer: name.whole,
      signer: Buffer.from(signer.keyInfo).toString('base64'),
      thisUpdate: time(thisUpdate, `${file} thisUpdate`),
      nextUpdate: time(next, `${file} nextUpdate`),
      revoked,
    };
  } catch (cause) {
    if (cause instanceof AssayError && cause.code !== 'trust-store-crl')
      throw bad('a revocation list (X.509 v2 CRL)', cause.message, cause);
    throw cause;
  }
}

type Bad = (expected: string, got: unknown) => AssayError;

/** A partial list would leave certificates out that are revoked, so it cannot stand for the CA. */
function checkExtensions(list: Der | undefined, file: string, bad: Bad): void {
  for (const [oid, { critical }] of extensionsOf(list, file)) {
    if (oid === deltaIndicator) throw bad('a complete list', 'a delta CRL');
    if (oid === issuingPoint)
      throw bad('a complete list of its issuer’s own', 'an indirect CRL, or one for some certificates');
    if (critical && !harmless.includes(oid)) throw bad('critical extensions we understand', oid);
  }
}

/** With or without reason and date: what stands in a complete list is revoked or on hold. */
function serialOf(entry: Der, file: string, bad: Bad): string {
  const [serial, date, extensions, ...rest] = expectTag(entry, tags.sequence, `${file} revokedCertificates`).children;
  if (rest.length > 0) throw bad('serial number, date and extensions', 'more');
  time(date, `${file} revocationDate`);
  if (extensions)
    for (const [oid, { critical, value }] of extensionsOf(extensions, file)) {
      if (oid === certificateIssuer) throw bad('entries of its issuer’s own', 'an indirect CRL (certificateIssuer)');
      if (oid === reasonCode && readDer(value, file).content[0] === 8) throw bad('a complete list', 'removeFromCRL');
      if (critical && oid !== reasonCode) throw bad('critical extensions we understand', oid);
    }
  return Buffer.from(positiveInteger(serial, `${file} userCertificate`)).toString('hex');
}

/**
 * Where an operator gave lists of a certificate's issuer, they decide: one of them that is out of date leaves it open, and
 * what is open is refused. Where there are none of that issuer, nothing is known of it.
 * @param lists all of the store
 * @throws AssayError `ek-revoked`, `ek-crl-stale`
 */
export function checkNotRevoked(certificate: Certificate, lists: readonly RevocationList[], at: Date): void {
  const serial = certificate.serial.toHex();
  const where = `certificate ${serial} of ${certificate.issuerText}`;
  for (const list of latest(lists.filter(({ issuer }) => Buffer.compare(issuer, certificate.issuer) === 0))) {
    if (list.revoked.has(serial))
      throw new AssayError('ek-revoked', where, 'a certificate its CA stands by', `revoked by ${list.file}`);
    if (at < list.thisUpdate || at > list.nextUpdate)
      throw new AssayError(
        'ek-crl-stale',
        where,
        `a revocation list of ${at.toISOString()}`,
        `${list.file}, of ${list.thisUpdate.toISOString()} to ${list.nextUpdate.toISOString()}`,
        { hint: 'put the CA’s present list into ek_crl_dir' },
      );
  }
}

/** The instant from which these lists may say something else than at `at`, though no file changed: one begins or ceases to hold. */
export function steadyUntil({ revocations }: { revocations: readonly RevocationList[] }, at: Date): Date {
  const changes = revocations.flatMap((list) => [list.thisUpdate.getTime(), list.nextUpdate.getTime() + 1]);
  const later = changes.filter((ms) => ms > at.getTime());
  return new Date(later.reduce((soonest, ms) => Math.min(soonest, ms), 8.64e15));
}

/** The newest of each key: an operator may leave old files lying about. */
function latest(lists: readonly RevocationList[]): Iterable<RevocationList> {
  const newest = new Map<string, RevocationList>();
  for (const list of lists) {
    const other = newest.get(list.signer);
    if (!other || list.thisUpdate > other.thisUpdate) newest.set(list.signer, list);
  }
  return newest.values();
}
