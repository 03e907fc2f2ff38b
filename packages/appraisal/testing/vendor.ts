// A TPM vendor with a root, an issuing CA and one TPM, and a store that lists them: where tests of endorsement begin.
import { generateKeyPairSync } from 'node:crypto';
import { encode } from '@assay/core';
import { Public } from '@assay/tpm/structures';
import { checkEndorsement, type Endorsement } from '../endorsement/endorsement.ts';
import { type TpmKind, type TrustStore, trustStoreFrom } from '../endorsement/trust-store.ts';
import { type Ca, type CertificateWish, ekExtensions, issueCertificate, makeCa } from './certificates.ts';
import { eccEkPublic, rsaEkPublic } from './tpm.ts';

export const root = makeCa('Vendor Root');
export const issuing = makeCa('Vendor CA 1', { issuer: root, serial: Uint8Array.of(0x11) });
export const rsaEk = generateKeyPairSync('rsa', { modulusLength: 2048 });
export const eccEk = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
export const now = new Date();

export const listed = (kind: TpmKind, ...cas: Pick<Ca, 'name' | 'pem'>[]) =>
  cas.map(({ name, pem }) => ({ file: `${name}.pem`, text: pem, kind }));
export const store = trustStoreFrom(listed('hardware', root, issuing));

export const rsaArea = encode(Public, rsaEkPublic(rsaEk.publicKey));
export const eccArea = encode(Public, eccEkPublic(eccEk.publicKey));

/** An EK certificate right in all that the wish leaves out. */
export const issue = (wish: Partial<CertificateWish> = {}): Uint8Array =>
  issueCertificate({
    subject: 'EK',
    publicKey: rsaEk.publicKey,
    issuer: issuing,
    extensions: ekExtensions(0x20),
    serial: Uint8Array.of(0x22),
    ...wish,
  } as Parameters<typeof issueCertificate>[0]);

export type Check = { trust?: TrustStore; area?: Uint8Array; at?: Date; shown?: readonly Uint8Array[] };
export const check = (
  certificate: Uint8Array,
  { trust = store, area = rsaArea, at = now, shown = [] }: Check = {},
): Endorsement => checkEndorsement(certificate, area, shown, trust, at);
