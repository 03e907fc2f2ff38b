// An honest host, golden at that, from which each test takes one step aside.
import { corpusLog } from '@assay/measurement/testing';
import { type Appraisal, type AppraisalInput, appraise } from '../appraise.ts';
import { checkEndorsement } from '../endorsement/endorsement.ts';
import { trustStoreFrom } from '../endorsement/trust-store.ts';
import { bootPcrs } from '../policy/policy.ts';
import { referenceFrom } from '../reference/learn.ts';
import { type EvidenceWish, makeEvidence } from './evidence.ts';
import { type SoftwareTpm, softwareTpm } from './tpm.ts';

export type Scene = {
  tpm: SoftwareTpm;
  log: Uint8Array;
  nonce: Uint8Array;
  now: Date;
  /** What the honest host would be appraised with; `evidence` and anything else may be changed. */
  input(evidence?: Partial<EvidenceWish>, other?: Partial<AppraisalInput>): AppraisalInput;
  appraise(evidence?: Partial<EvidenceWish>, other?: Partial<AppraisalInput>): Appraisal;
};

/** @param log of the golden host; its own measurements are the reference values */
export function scene(log: Uint8Array = corpusLog('ovmf-linux-6.1')): Scene {
  const tpm = softwareTpm();
  const now = new Date();
  const store = trustStoreFrom([], [{ file: 'test-ca.pem', text: tpm.ca.pem }]);
  const endorsement = checkEndorsement(tpm.ekCertificate, tpm.ekPublic, store, now);
  const nonce = Uint8Array.from({ length: 32 }, (_, i) => i * 7 + 1);
  const policy = { pcrs: bootPcrs, softwareTpmAccepted: true, verdictLifetimeS: 90 };
  const input: Scene['input'] = (evidence = {}, other = {}) => ({
    host: 'node1',
    evidence: makeEvidence({ akKey: tpm.akKey, akName: tpm.akName, nonce, log, ...evidence }),
    ak: tpm.akPublic,
    nonce,
    wanted: bootPcrs,
    endorsement,
    reference,
    policy,
    previous: undefined,
    now,
    ...other,
  });
  let reference: AppraisalInput['reference'] = [];
  reference = referenceFrom(appraise(input()));
  return { tpm, log, nonce, now, input, appraise: (evidence, other) => appraise(input(evidence, other)) };
}
