// What stands in the lab's certificates? Keys and certificates are made here, as PEM; whether they are needed, and where they lie, is
// `pki.ts`'s.
import 'reflect-metadata'; // before x509: it asks for it while it loads
import { createPrivateKey, type KeyObject, randomBytes, type X509Certificate } from 'node:crypto';
import * as x509 from '@peculiar/x509';

/** Both as PEM; the key as PKCS #8. */
export type Issued = { certificate: string; key: string };
export type Issuer = { certificate: X509Certificate; key: KeyObject; now: Date };
export type Wanted = { name: string; dns: string[]; ip: string[]; usage: 'server' | 'client' };

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
/** Clocks differ a little: what was issued a moment ago is valid for them too. */
const backdateMs = 5 * 60 * 1000;

export async function issueCa(now: Date, lifeMs: number): Promise<Issued> {
  const keys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: serial(),
    name: `O=Assay, CN=Assay lab CA ${randomBytes(4).toString('hex')}`,
    notBefore: new Date(now.getTime() - backdateMs),
    notAfter: new Date(now.getTime() + lifeMs),
    keys,
    signingAlgorithm: algorithm,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return issued(certificate, keys.privateKey);
}

export async function issueCertificate(ca: Issuer, wanted: Wanted, lifeMs: number): Promise<Issued> {
  const keys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const issuer = new x509.X509Certificate(ca.certificate.raw as Uint8Array<ArrayBuffer>);
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: serial(),
    subject: `O=Assay, CN=${wanted.name}`,
    issuer: issuer.subject,
    notBefore: new Date(ca.now.getTime() - backdateMs),
    notAfter: new Date(ca.now.getTime() + lifeMs),
    publicKey: keys.publicKey,
    signingKey: await signingKeyOf(ca.key),
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
      await x509.AuthorityKeyIdentifierExtension.create(issuer),
    ],
  });
  return issued(certificate, keys.privateKey);
}

async function issued(certificate: x509.X509Certificate, key: CryptoKey): Promise<Issued> {
  const der = Buffer.from(await crypto.subtle.exportKey('pkcs8', key));
  const pem = createPrivateKey({ key: der, type: 'pkcs8', format: 'der' }).export({ type: 'pkcs8', format: 'pem' });
  return { certificate: `${certificate.toString('pem')}\n`, key: pem as string };
}

async function signingKeyOf(key: KeyObject): Promise<CryptoKey> {
  const der = key.export({ type: 'pkcs8', format: 'der' });
  return await crypto.subtle.importKey('pkcs8', der as Uint8Array<ArrayBuffer>, algorithm, false, ['sign']);
}

/** 127 random bits, positive and not shorter: RFC 5280, 4.1.2.2. */
function serial(): string {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40;
  return bytes.toString('hex');
}
