// What does the lab ask of its hosts? A policy in a file that operators can read and change, as they would write one; applied once, when there is
// none yet.
import { existsSync, readFileSync } from 'node:fs';
import { labDocument } from '@assay/appraisal';
import { AssayError } from '@assay/core';
import { defaultPool, type PolicyDocument } from '@assay/protocol';
import { stringify } from 'yaml';
import type { policiesOf } from '../operator/policies-client.ts';
import { policyFromText } from '../operator/policy-file.ts';
import { who } from '../operator/who.ts';
import type { Layout } from './layout.ts';
import { writePublic } from './private-file.ts';

const about = `# What the hosts of this lab have to prove to be trusted. Written and applied by the first assay up, and not read again. To change it:
#   assay policy try FILE      who would gain or lose trust by it
#   assay policy apply FILE
`;

/** Leaves one that is there as it is. */
export function writePolicy({ etc }: Layout): void {
  if (!existsSync(etc.policy)) writePublic(etc.policy, about + stringify(labDocument));
}

/** @throws AssayError `lab-policy` when it cannot be read; `policy-…` with line and column */
export function readPolicy({ etc }: Layout): PolicyDocument {
  let text: string;
  try {
    text = readFileSync(etc.policy, 'utf8');
  } catch (cause) {
    throw new AssayError('lab-policy', etc.policy, 'a policy', cause, { cause });
  }
  return policyFromText(text, etc.policy);
}

/** Unless a policy is in force, or one of the default pool was there and is removed: then somebody wants it so. */
export async function applyPolicyOnce(paths: Layout, policies: ReturnType<typeof policiesOf>): Promise<void> {
  if ((await policies.list()).length > 0 || (await wasThere(policies))) return;
  await policies.apply({ document: readPolicy(paths), by: who(), because: 'the first start of a lab' });
}

async function wasThere(policies: ReturnType<typeof policiesOf>): Promise<boolean> {
  try {
    return (await policies.versions(defaultPool)).length > 0;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'policy-not-found') return false;
    throw error;
  }
}
