// An honest host, golden at that, from which each test takes one step aside.
import { corpusLog } from '@assay/measurement/testing';
import type { Finding, PcrWish } from '@assay/protocol';
import { type Appraisal, type AppraisalInput, appraise } from '../appraise.ts';
import { checkEndorsement } from '../endorsement/endorsement.ts';
import { trustStoreFrom } from '../endorsement/trust-store.ts';
import { counting } from '../findings/finding.ts';
import type { Policy } from '../policy/policy.ts';
import { bootPcrs } from '../policy/policy.ts';
import { KnownGood } from '../reference/known-good.ts';
import { referenceFrom } from '../reference/learn.ts';
import { type EvidenceWish, makeEvidence } from './evidence.ts';
import { knownGoodOf, testPolicy } from './known-good.ts';
import { type SoftwareTpm, softwareTpm } from './tpm.ts';

export type SceneInput = AppraisalInput & { policy: Policy };

export type Scene = {
  tpm: SoftwareTpm;
  log: Uint8Array;
  nonce: Uint8Array;
  now: Date;
  /** What the honest host would be appraised with; `evidence` and anything else may be changed. */
  input(evidence?: Partial<EvidenceWish>, other?: Partial<SceneInput>): SceneInput;
  appraise(evidence?: Partial<EvidenceWish>, other?: Partial<SceneInput>): Appraisal;
  /** What speaks against a host then, and is not allowed. */
  findings(evidence?: Partial<EvidenceWish>, other?: Partial<SceneInput>): Finding[];
};

/**
 * @param log of the golden host; its own measurements are the reference values
 * @param wanted what the policy rests on and the challenge asks for
 */
export function scene(log: Uint8Array = corpusLog('ovmf-linux-6.1'), wanted: readonly PcrWish[] = bootPcrs): Scene {
  const tpm = softwareTpm();
  const now = new Date();
  const store = trustStoreFrom([{ file: 'test-ca.pem', text: tpm.ca.pem, kind: 'software' }]);
  const endorsement = checkEndorsement(tpm.ekCertificate, tpm.ekPublic, [], store, now);
  const nonce = Uint8Array.from({ length: 32 }, (_, i) => i * 7 + 1);
  const policy = testPolicy({}, { pcrs: wanted });
  const input: Scene['input'] = (evidence = {}, other = {}) => ({
    host: 'node1',
    evidence: makeEvidence({ akKey: tpm.akKey, akName: tpm.akName, nonce, log, wanted, ...evidence }),
    ak: tpm.akPublic,
    nonce,
    wanted,
    endorsement,
    knownGood,
    policy,
    previous: undefined,
    now,
    ...other,
  });
  let knownGood = new KnownGood([]);
  knownGood = knownGoodOf(referenceFrom(appraise(input())));
  const appraised: Scene['appraise'] = (evidence, other) => appraise(input(evidence, other));
  const findings: Scene['findings'] = (evidence, other) => counting(appraised(evidence, other).verdict.findings);
  return { tpm, log, nonce, now, input, appraise: appraised, findings };
}
