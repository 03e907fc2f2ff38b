// The `assay` command as an operator runs it, against a server of a test. Nobody sits at its terminal.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { TestContext } from 'node:test';
import type { TestServer } from '@assay/attestation/testing';
import { fileOf } from '../../evidence/testing/world.ts';

const launcher = join(import.meta.dirname, '../../../../assay');

export type Ran = { code: number | null; stdout: string; stderr: string };
export type Assay = (args: readonly string[], stdin?: string) => Promise<Ran>;

export function assayOf(t: TestContext, { url, caFile, blob }: Pick<TestServer, 'url' | 'caFile' | 'blob'>): Assay {
  const env = {
    ...process.env,
    ASSAY_SERVER: url,
    ASSAY_CA_FILE: caFile,
    ASSAY_AUTH_BLOB_FILE: fileOf(t, blob),
    ASSAY_USER: 'ada@console',
  };
  return async (args, stdin = '') => {
    const child = spawn(launcher, [...args], { env, stdio: ['pipe', 'pipe', 'pipe'] });
    child.stdin.on('error', () => undefined); // a command that reads nothing has ended
    child.stdin.end(stdin);
    const [stdout, stderr, code] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      new Promise<number | null>((done) => child.on('close', done)),
    ]);
    return { code, stdout, stderr };
  };
}
