// Is this attestation key (AK) in the TPM whose endorsement (EK certificate) the host shows? Proven by credential activation:
// a secret that only a TPM holding both can recover (TPM 2.0 Part 1, §24). Proves nothing of what the host has booted.
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { checkAk, checkEndorsement, refuseRoca, type TrustStore } from '@assay/appraisal';
import { AssayError } from '@assay/core';
import type { Clock } from '@assay/daemon';
import { type AgentFrame, fromBase64, type ServerFrame, toBase64 } from '@assay/protocol';
import { makeCredential } from '@assay/tpm/structures';
import { checkFree, keepEnrolment } from '../storage/enrolments.ts';
import type { Db } from '../storage/schema.ts';

export type EnrolmentNeeds = { db: Db; clock: Clock; trustStore: () => TrustStore };
type Claim = Extract<AgentFrame, { type: 'enrol' }>;

/** An enrolment that waits for its proof. */
export type PendingEnrolment = {
  readonly credential: ServerFrame;
  /**
   * One try, right or wrong.
   * @returns hex name of the AK that is enrolled now
   * @throws AssayError `enrol-activation`, or as `keepEnrolment`
   */
  prove(claimedSecret: string): Promise<string>;
};

/**
 * @param claim all of it unchecked
 * @throws AssayError `enrol-…` when this TPM may not speak for this host, `ek-…` when its endorsement is worth nothing,
 * `ak-…` when the key is not fit to vouch, `wire-…` when it is no key at all
 */
export async function beginEnrolment(
  { db, clock, trustStore }: EnrolmentNeeds,
  host: string,
  claim: Claim,
): Promise<PendingEnrolment> {
  const certificate = fromBase64(claim.ek_certificate, 'enrol.ek_certificate');
  const ekPublic = fromBase64(claim.ek_public, 'enrol.ek_public');
  const chain = (claim.ek_chain ?? []).map((der, i) => fromBase64(der, `enrol.ek_chain[${i}]`));
  const ak = checkAk(fromBase64(claim.ak_public, 'enrol.ak_public'));
  const { n: modulus } = ak.key.export({ format: 'jwk' });
  if (modulus !== undefined) refuseRoca('ak-roca', Buffer.from(modulus, 'base64url'));
  const endorsement = checkEndorsement(certificate, ekPublic, chain, trustStore(), clock.now());
  const { ek_sha256, ek_name } = endorsement;
  const { registration } = await checkFree(db, { host, ek_sha256, ek_name });

  const secret = randomBytes(32);
  const made = makeCredential({ ekPublic, akName: ak.name, secret, random: randomBytes });
  let tried = false;
  return {
    credential: {
      type: 'credential',
      credential_blob: toBase64(made.credentialBlob),
      secret: toBase64(made.secret),
    },
    async prove(claimedSecret) {
      const first = !tried;
      tried = true;
      if (!same(fromBase64(claimedSecret, 'activated.secret'), secret) || !first)
        // Says nothing of the secret, nor how near the answer was.
        throw new AssayError('enrol-activation', `host ${host}`, 'the secret that was sent to its TPM', 'another one', {
          hint: 'the key it wants to enrol is not in the TPM of that EK certificate',
        });
      const akName = ak.name.toHex();
      await db.transaction().execute((tx) =>
        keepEnrolment(tx, {
          host,
          registration,
          ek_sha256,
          ek_name,
          ek_certificate: toBase64(certificate),
          endorsement: JSON.stringify(endorsement),
          ak_name: akName,
          ak_public: toBase64(ak.publicArea),
          enrolled_at: clock.now().toISOString(),
        }),
      );
      return akName;
    },
  };
}

function same(a: Uint8Array, b: Uint8Array): boolean {
  const digest = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest();
  return timingSafeEqual(digest(a), digest(b));
}
