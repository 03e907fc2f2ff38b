// Which secrets does the lab have? Random, made once, readable by their owner only; there is no default password.
import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import type { Layout } from './layout.ts';
import { secretIn } from './private-file.ts';

export type Secrets = {
  authBlob: string;
  readOnlyAuthBlob: string;
  adminPassword: string;
  demoPassword: string;
  metadata: string;
};

const random = () => randomBytes(24).toString('base64url');

export function secretsOf(paths: Layout): Secrets {
  for (const { dir } of [paths.attestation, paths.compute, paths.metadata])
    mkdirSync(dir, { recursive: true, mode: 0o700 });
  return {
    authBlob: secretIn(paths.attestation.authBlob, random),
    readOnlyAuthBlob: secretIn(paths.attestation.readOnlyAuthBlob, random),
    adminPassword: secretIn(paths.compute.adminPassword, random),
    demoPassword: secretIn(paths.compute.demoPassword, random),
    metadata: secretIn(paths.metadata.secret, random),
  };
}
