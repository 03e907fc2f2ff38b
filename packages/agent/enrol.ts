// Enrolment from the host's side: endorsement and a new attestation key go to the server, the secret that only this
// TPM can recover comes back to it, and the key the server confirmed is remembered.
import { AssayError } from '@assay/core';
import { type Credential, type Enrol, fromBase64, toBase64 } from '@assay/protocol';
import type { EkProfile, Tpm } from '@assay/tpm';
import { writeAkState } from './state.ts';

/** What this host asks the server to accept. The AK is made by the TPM from its own seed: the same one each time. */
export async function enrolment(tpm: Tpm): Promise<Enrol> {
  const profile = await certifiedEk(tpm);
  const certificate = await tpm.readEkCertificate(profile);
  const chain = fitting(await tpm.readEkChain());
  const ek = await tpm.createEk(profile);
  const ak = await tpm.loadAk();
  return {
    type: 'enrol',
    ek_certificate: toBase64(certificate),
    ...(chain.length > 0 ? { ek_chain: chain.map(toBase64) } : {}),
    ek_public: toBase64(ek.publicArea),
    ak_public: toBase64(ak.publicArea),
  };
}

/** A server listens to a stranger for 64 KiB; a chain of a vendor's has 2 to 6. */
const mostOfChain = 24 * 1024;
const largestCertificate = 8 * 1024;

/** From the first on as many as the server takes: the last is next to a root, and most likely to be known. */
function fitting(certificates: readonly Uint8Array[]): Uint8Array[] {
  let room = mostOfChain;
  return certificates.filter(({ length }) => {
    if (length > largestCertificate || length > room) return false;
    room -= length;
    return true;
  });
}

/** The secret inside the server's credential (TPM2_ActivateCredential). @throws AssayError of the TPM library */
export async function activate(tpm: Tpm, credential: Credential): Promise<Uint8Array> {
  const ek = await tpm.createEk(await certifiedEk(tpm));
  const ak = await tpm.loadAk();
  return await tpm.activateCredential({
    ak,
    ek,
    credentialBlob: fromBase64(credential.credential_blob, 'credential.credential_blob'),
    secret: fromBase64(credential.secret, 'credential.secret'),
  });
}

/** @throws AssayError `agent-ak-name` when the server confirmed another key than the TPM holds */
export async function remember(tpm: Tpm, confirmedName: string, stateDir: string): Promise<void> {
  const ak = await tpm.loadAk();
  const name = ak.name.toHex();
  if (name !== confirmedName)
    throw new AssayError('agent-ak-name', 'enrolment', `the AK this TPM holds (${name})`, confirmedName);
  await writeAkState(stateDir, { version: 1, ak_name: name, ak_public: toBase64(ak.publicArea) });
}

/** The endorsement key to enrol with: RSA-2048, which every TPM has, or else the first this TPM has a certificate for. */
async function certifiedEk(tpm: Tpm): Promise<EkProfile> {
  const certified = await tpm.ekCertificates();
  const [first] = certified;
  return certified.includes('rsa2048') || !first ? 'rsa2048' : first;
}
