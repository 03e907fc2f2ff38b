// What may a certificate's key be used for (RFC 5280, §4.2; TCG EK Credential Profile, §3.2)?
import { AssayError } from '@assay/core';
import { boolean, expectTag, oidText, positiveInteger, readDer, sequenceIn, tags } from '@assay/core/der';
import type { Certificate } from './certificate.ts';
import { type TpmNames, tpmNames } from './tpm-names.ts';

const oids = {
  subjectDirectoryAttributes: '2.5.29.9',
  keyUsage: '2.5.29.15',
  subjectAltName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  certificatePolicies: '2.5.29.32',
  extendedKeyUsage: '2.5.29.37',
} as const;
/**
 * Critical extensions we know; an unknown one may forbid what we are about to do. Policies say under which rules a
 * certificate was issued: any will do. Where its revocation list is to be had is never looked at: an operator says that.
 */
const understood: string[] = Object.values(oids);

/** tcg-kp-EKCertificate */
const ekUsage = '2.23.133.8.1';
const anyUsage = '2.5.29.37.0';
const emptyName = 2;

/** Bits of KeyUsage, by position. */
const usage = { keyEncipherment: 2, keyAgreement: 4, keyCertSign: 5, cRLSign: 6 } as const;

/** An extension that is not as it has to be. */
const bad = (where: string, extension: string, expected: string, got: unknown) =>
  new AssayError('certificate', `${where} ${extension}`, expected, got);

/** `ca` false when the extension is absent or says so; `critical` undefined: absent. */
export function basicConstraints(certificate: Certificate, where: string) {
  const found = certificate.extensions.get(oids.basicConstraints);
  if (!found) return { ca: false, critical: undefined, pathLength: undefined };
  const parts = [...sequenceIn(found.value, `${where} basicConstraints`)];
  const ca = parts[0]?.tag === tags.boolean ? boolean(parts.shift() as never, `${where} basicConstraints`) : false;
  const limit = parts[0] && positiveInteger(parts.shift(), `${where} basicConstraints`);
  if (parts.length > 0) throw bad(where, 'basicConstraints', 'cA and pathLenConstraint', parts);
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

/** Purposes of extendedKeyUsage, none where it is absent. @throws AssayError `certificate`, `der` */
export function purposes(certificate: Certificate, where: string): { critical: boolean; forEk: boolean; any: boolean } {
  const found = certificate.extensions.get(oids.extendedKeyUsage);
  const names = found
    ? sequenceIn(found.value, `${where} extendedKeyUsage`).map((one) => oidText(one, `${where} extendedKeyUsage`))
    : [];
  return { critical: found?.critical ?? false, forEk: names.includes(ekUsage), any: names.includes(anyUsage) };
}

/** The rules an EK certificate has to keep. @returns what it says of its TPM. @throws AssayError `certificate`, `der` */
export function checkEkExtensions(certificate: Certificate, where: string): TpmNames {
  refuseUnknownCritical(certificate, where);
  const constraints = basicConstraints(certificate, where);
  if (constraints.critical !== true || constraints.ca || constraints.pathLength !== undefined)
    throw bad(where, 'basicConstraints', 'critical, and no CA', constraints);
  const allowed = keyUsage(certificate, where);
  if (!allowed?.critical) throw bad(where, 'keyUsage', 'critical', allowed ? 'not critical' : 'none');
  const needed = certificate.publicKey.type === 'rsa' ? 'keyEncipherment' : 'keyAgreement';
  if (!allowed.may(needed)) throw bad(where, 'keyUsage', needed, 'without');
  if (allowed.may('keyCertSign') || allowed.may('cRLSign')) throw bad(where, 'keyUsage', 'no CA', 'keyCertSign');
  const purpose = purposes(certificate, where);
  if (!purpose.forEk) throw bad(where, 'extendedKeyUsage', `tcg-kp-EKCertificate (${ekUsage})`, 'without');
  const names = certificate.extensions.get(oids.subjectAltName);
  if (!names) throw bad(where, 'subjectAltName', 'the TPM’s manufacturer, model and version', 'none');
  if (!names.critical && certificate.subject.length === emptyName)
    throw bad(where, 'subjectAltName', 'critical, or a subject', 'neither');
  return tpmNames(names.value, `${where} subjectAltName`);
}
