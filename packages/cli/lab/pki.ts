// Who vouches for the lab's servers and hosts? A certificate authority of the lab's own, made once, trusted by nothing else.
// Server certificates serve only servers and host certificates only clients, so that one cannot pass for the other.
import './reflect-metadata.ts'; // before x509: it asks for it while it loads
import { createPrivateKey, createPublicKey, randomBytes, X509Certificate } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { AssayError } from '@assay/core';
import * as x509 from '@peculiar/x509';
import type { Layout } from './layout.ts';
import { writePrivate, writePublic } from './private-file.ts';

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const dayMs = 24 * 3600 * 1000;
const caLifeMs = 10 * 365 * dayMs;
const leafLifeMs = 365 * dayMs;
/** A certificate with less left than this is replaced at the next `assay up`. */
const renewMs = 30 * dayMs;
/** Clocks differ a little: what was issued a moment ago is valid for them too. */
const backdateMs = 5 * 60 * 1000;

export type Ca = { certificate: x509.X509Certificate; key: CryptoKey; now: Date };
type Wanted = { name: string; dns: string[]; ip: string[]; usage: 'server' | 'client' };

/** The lab's CA, made when there is none or it is about to expire; then what it issued is no longer `fresh` and follows. */
export async function openCa(paths: Layout['ca'], now = new Date()): Promise<Ca> {
  mkdirSync(paths.certs, { recursive: true, mode: 0o700 });
  const present = existing(paths.certificate, paths.key);
  if (present && Date.parse(present.validTo) - now.getTime() > renewMs + leafLifeMs) {
    const key = await privateKeyOf(paths.key);
    return { certificate: new x509.X509Certificate(present.raw as Uint8Array<ArrayBuffer>), key, now };
  }
  const keys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: serial(),
    name: `O=Assay, CN=Assay lab CA ${randomBytes(4).toString('hex')}`,
    notBefore: new Date(now.getTime() - backdateMs),
    notAfter: new Date(now.getTime() + caLifeMs),
    keys,
    signingAlgorithm: algorithm,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  writePrivate(paths.key, await pkcs8(keys.privateKey));
  writePublic(paths.certificate, `${certificate.toString('pem')}\n`);
  return { certificate, key: keys.privateKey, now };
}

/** A certificate for a server on this machine: `localhost`, `127.0.0.1`. */
export const serverCertificate = (ca: Ca, paths: Layout['ca'], name: string) =>
  certificate(ca, paths, { name, dns: ['localhost'], ip: ['127.0.0.1'], usage: 'server' });

/** A certificate that names a compute host, by its one subject alternative name. */
export const hostCertificate = (ca: Ca, paths: Layout['ca'], host: string) =>
  certificate(ca, paths, { name: host, dns: [host], ip: [], usage: 'client' });

/** Leaves a certificate alone while it is fresh: this CA's, and with more than 30 days left. */
async function certificate(ca: Ca, paths: Layout['ca'], wanted: Wanted): Promise<void> {
  const file = paths.certificateOf(wanted.name);
  const keyFile = paths.keyOf(wanted.name);
  const present = existing(file, keyFile);
  if (present && isFresh(present, ca)) return;
  const keys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const issued = await x509.X509CertificateGenerator.create({
    serialNumber: serial(),
    subject: `O=Assay, CN=${wanted.name}`,
    issuer: ca.certificate.subject,
    notBefore: new Date(ca.now.getTime() - backdateMs),
    notAfter: new Date(ca.now.getTime() + leafLifeMs),
    publicKey: keys.publicKey,
    signingKey: ca.key,
    signingAlgorithm: algorithm,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage[`${wanted.usage}Auth`]]),
      new x509.SubjectAlternativeNameExtension([
        ...wanted.dns.map((value) => ({ type: 'dns' as const, value })),
        ...wanted.ip.map((value) => ({ type: 'ip' as const, value })),
      ]),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
      await x509.AuthorityKeyIdentifierExtension.create(ca.certificate),
    ],
  });
  writePrivate(keyFile, await pkcs8(keys.privateKey));
  writePublic(file, `${issued.toString('pem')}\n`);
}

/** The certificate in these files when it is there with its own key; nothing when it has to be made. */
function existing(file: string, keyFile: string): X509Certificate | undefined {
  if (!existsSync(file) || !existsSync(keyFile)) return undefined;
  try {
    const found = new X509Certificate(readFileSync(file));
    const spki = { type: 'spki', format: 'der' } as const;
    const own = createPublicKey(readFileSync(keyFile)).export(spki);
    return own.equals(found.publicKey.export(spki)) ? found : undefined;
  } catch (cause) {
    throw new AssayError('lab-certificate', file, 'a certificate and its key', cause, {
      cause,
      hint: 'remove both files: they are made anew',
    });
  }
}

function isFresh(present: X509Certificate, ca: Ca): boolean {
  const issuer = new X509Certificate(Buffer.from(ca.certificate.rawData));
  return present.verify(issuer.publicKey) && Date.parse(present.validTo) - ca.now.getTime() > renewMs;
}

async function privateKeyOf(file: string): Promise<CryptoKey> {
  const der = createPrivateKey(readFileSync(file)).export({ type: 'pkcs8', format: 'der' });
  return await crypto.subtle.importKey('pkcs8', der as Uint8Array<ArrayBuffer>, algorithm, true, ['sign']);
}

async function pkcs8(key: CryptoKey): Promise<string> {
  const der = Buffer.from(await crypto.subtle.exportKey('pkcs8', key));
  return createPrivateKey({ key: der, type: 'pkcs8', format: 'der' }).export({
    type: 'pkcs8',
    format: 'pem',
  }) as string;
}

/** 127 random bits, positive and not shorter: RFC 5280, 4.1.2.2. */
function serial(): string {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40;
  return bytes.toString('hex');
}
