// Who vouches for the lab's servers and hosts? A certificate authority of the lab's own, made once, trusted by nothing else.
// Server certificates serve only servers and host certificates only clients, so that one cannot pass for the other.
import { createPrivateKey, createPublicKey, X509Certificate } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { AssayError } from '@assay/core';
import type { Issuer, Wanted } from './issue.ts';
import type { Layout } from './layout.ts';
import { writePrivate, writePublic } from './private-file.ts';

const dayMs = 24 * 3600 * 1000;
const caLifeMs = 10 * 365 * dayMs;
const leafLifeMs = 365 * dayMs;
/** A certificate with less left than this is replaced at the next `assay up`. */
const renewMs = 30 * dayMs;

export type Ca = Issuer;

/** Loaded only where something has to be made: x509 brings two hundred files with it. */
const issuing = () => import('./issue.ts');

/** The lab's CA, made when there is none or it is about to expire; then what it issued is no longer `fresh` and follows. */
export async function openCa(paths: Layout['ca'], now = new Date()): Promise<Ca> {
  mkdirSync(paths.certs, { recursive: true, mode: 0o700 });
  const present = existing(paths.certificate, paths.key);
  if (present && Date.parse(present.validTo) - now.getTime() > renewMs + leafLifeMs)
    return { certificate: present, key: createPrivateKey(readFileSync(paths.key)), now };
  const { certificate, key } = await (await issuing()).issueCa(now, caLifeMs);
  writePrivate(paths.key, key);
  writePublic(paths.certificate, certificate);
  return { certificate: new X509Certificate(certificate), key: createPrivateKey(key), now };
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
  const made = await (await issuing()).issueCertificate(ca, wanted, leafLifeMs);
  writePrivate(keyFile, made.key);
  writePublic(file, made.certificate);
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
  return present.verify(ca.certificate.publicKey) && Date.parse(present.validTo) - ca.now.getTime() > renewMs;
}
