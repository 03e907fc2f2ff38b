// How does a software TPM come to seeds and EK certificates? swtpm_setup plays the vendor, with a CA of our own.
import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { AssayError } from '@assay/core';
import { openTpm } from '../open.ts';
import { startSwtpm } from './swtpm.ts';

const run = promisify(execFile);

/**
 * Makes the state of a new TPM: seeds, EK certificates in NV (RSA-2048 and P-384), active PCR banks. About a second.
 * @param stateDir absolute; made if missing; a TPM that is there already is left as it is
 * @param caDir absolute; swtpm's local CA, made on first use: `issuercert.pem` signs EK certificates and is signed by
 *   `swtpm-localca-rootca-cert.pem`; private keys beside them. Calls at the same time may share it
 * @throws AssayError `swtpm`
 */
export async function manufacture({
  stateDir,
  caDir,
  banks = ['sha256', 'sha384'],
}: {
  stateDir: string;
  caDir: string;
  banks?: readonly string[];
}): Promise<void> {
  for (const folder of [stateDir, caDir]) await mkdir(folder, { recursive: true, mode: 0o700 });
  const file = (name: string) => join(caDir, name);
  await writeWhole(file('swtpm_setup.conf'), [
    'create_certs_tool = swtpm_localca',
    `create_certs_tool_config = ${file('swtpm-localca.conf')}`,
    `create_certs_tool_options = ${file('swtpm-localca.options')}`,
  ]);
  await writeWhole(file('swtpm-localca.conf'), [
    `statedir = ${caDir}`,
    `signingkey = ${file('signkey.pem')}`,
    `issuercert = ${file('issuercert.pem')}`,
    `certserial = ${file('certserial')}`,
  ]);
  await writeWhole(file('swtpm-localca.options'), [
    '--platform-manufacturer Assay',
    '--platform-version 1',
    '--platform-model Laboratory',
  ]);
  const tpm = ['--tpm2', '--tpmstate', stateDir, '--config', file('swtpm_setup.conf'), '--not-overwrite'];
  const make = ['--create-ek-cert', '--create-platform-cert', '--pcr-banks', banks.join(',')];
  await run('swtpm_setup', [...tpm, ...make]).catch((cause: Error & { stdout?: string; stderr?: string }) => {
    const said = `${cause.stdout ?? ''}${cause.stderr ?? ''}`.trim().split('\n').slice(-3).join('; ');
    throw new AssayError('swtpm', `swtpm_setup in ${stateDir}`, 'a manufactured TPM', said || cause, {
      cause,
      hint: 'apt-get install swtpm swtpm-tools',
    });
  });
  await allowManyTries(stateDir);
}

/** It comes with three tries, and being killed after a key with a password was used takes one: an hour's lockout is near. */
async function allowManyTries(stateDir: string): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'assay-tpm-'));
  const swtpm = await startSwtpm(stateDir, folder);
  try {
    const tpm = await openTpm(swtpm.spec);
    await tpm.resetLockout({ maxTries: 32, recoverySeconds: 10 });
    await tpm.close();
  } finally {
    await swtpm.end(true);
    await rm(folder, { recursive: true, force: true });
  }
}

/** Never half a file to another process that manufactures at the same time. */
async function writeWhole(file: string, lines: string[]): Promise<void> {
  const draft = `${file}.${randomUUID()}`;
  await writeFile(draft, `${lines.join('\n')}\n`);
  await rename(draft, file);
}
