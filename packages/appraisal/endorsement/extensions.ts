// What may a certificate's key be used for (RFC 5280, §4.2; TCG EK Credential Profile, §3.2)?
import { AssayError } from '@assay/core';
import type { Certificate } from './certificate.ts';
import { boolean, expectTag, oidText, positiveInteger, readDer, tags } from './der.ts';

const oids = {
  subjectDirectoryAttributes: '2.5.29.9',
  keyUsage: '2.5.29.15',
  subjectAltName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  crlDistributionPoints: '2.5.29.31',
  certificatePolicies: '2.5.29.32',
  extendedKeyUsage: '2.5.29.37',
} as const;
/** Critical extensions we know; an unknown one may forbid what we are about to do. */
const understood: string[] = Object.values(oids);

/** tcg-kp-EKCertificate */
const ekUsage = '2.23.133.8.1';

/** Bits of KeyUsage, by position. */
const usage = { keyEncipherment: 2, keyAgreement: 4, keyCertSign: 5, cRLSign: 6 } as const;

/** An extension that is not as it has to be. */
const bad = (where: string, extension: string, expected: string, got: unknown) =>
  new AssayError('certificate', `${where} ${extension}`, expected, got);

/** `ca` false when the extension is absent or says so; `critical` undefined: absent. */
export function basicConstraints(certificate: Certificate, where: string) {
  const found = certificate.extensions.get(oids.basicConstraints);
  if (!found) return { ca: false, critical: undefined, pathLength: undefined };
  const parts = [...expectTag(readDer(found.value, where), tags.sequence, `${where} basicConstraints`).children];
  const ca = parts[0]?.tag === tags.boolean ? boolean(parts.shift() as never, `${where} basicConstraints`) : false;
  const limit = parts[0] && positiveInteger(parts[0], `${where} basicConstraints`);
  const pathLength = limit?.reduce((sum, byte) => sum * 256 + byte, 0);
  return { ca, critical: found.critical, pathLength };
}

/** Undefined when the extension is absent. */
export function keyUsage(certificate: Certificate, where: string) {
  const found = certificate.extensions.get(oids.keyUsage);
  if (!found) return undefined;
  const { content } = expectTag(readDer(found.value, where), tags.bitString, `${where} keyUsage`);
  const may = (name: keyof typeof usage) => ((content[1] ?? 0) & (0x80 >> usage[name])) !== 0;
  return { critical: found.critical, may };
}

/** @throws AssayError `certificate` */
export function refuseUnknownCritical(certificate: Certificate, where: string): void {
  for (const [oid, { critical }] of certificate.extensions)
    if (critical && !understood.includes(oid)) throw bad(where, 'extensions', 'critical ones we understand', oid);
}

/** The rules an EK certificate has to keep. @throws AssayError `certificate`, `der` */
export function checkEkExtensions(certificate: Certificate, where: string): void {
  refuseUnknownCritical(certificate, where);
  const constraints = basicConstraints(certificate, where);
  if (constraints.critical !== true || constraints.ca || constraints.pathLength !== undefined)
    throw bad(where, 'basicConstraints', 'critical, and no CA', constraints);
  const allowed = keyUsage(certificate, where);
  if (!allowed?.critical) throw bad(where, 'keyUsage', 'critical', allowed ? 'not critical' : 'none');
  const needed = certificate.publicKey.type === 'rsa' ? 'keyEncipherment' : 'keyAgreement';
  if (!allowed.may(needed)) throw bad(where, 'keyUsage', needed, 'without');
  if (allowed.may('keyCertSign') || allowed.may('cRLSign')) throw bad(where, 'keyUsage', 'no CA', 'keyCertSign');
  const purposes = certificate.extensions.get(oids.extendedKeyUsage);
  const listed = purposes
    ? expectTag(readDer(purposes.value, where), tags.sequence, `${where} extendedKeyUsage`).children
    : [];
  const names = listed.map((purpose) => oidText(purpose, `${where} extendedKeyUsage`));
  if (!names.includes(ekUsage)) throw bad(where, 'extendedKeyUsage', `tcg-kp-EKCertificate (${ekUsage})`, names);
}
