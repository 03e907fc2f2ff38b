// How does a program come to a TPM? By what an operator wrote in `tpm = …`, to a device that answers.
import { AssayError } from '@assay/core';
import { Runner } from './commands/runner.ts';
import { openCharacter } from './device/character.ts';
import { busy, openSocket } from './device/socket.ts';
import { parseSpec } from './device/spec.ts';
import { Tpm } from './tpm.ts';

export type TpmOptions = {
  /** How long opening may wait while another program holds the TPM. 15 seconds unless told. */
  openTimeoutMs?: number;
  /** How long one command may take; those that make keys five times as long. 30 seconds unless told. */
  commandTimeoutMs?: number;
  /** Say TPM2_Startup first, unless it was said before: for a software TPM, which has no firmware to say it. */
  startup?: 'clear' | 'state';
  /** Authorisation of the endorsement hierarchy. Empty unless an administrator has set one. */
  endorsementAuth?: Uint8Array;
};

/**
 * Opens a TPM and asks it for a sign of life. Close it soon: a TPM without resource manager serves nobody else meanwhile.
 * @param spec `device:/dev/tpmrm0`, `/dev/tpmrm0`, `swtpm:path=/run/tpm.sock`, `swtpm:host=127.0.0.1,port=2321`
 * @throws AssayError `tpm-spec`, `tpm-open`, `tpm-busy` (another program holds it), `tpm-rc-initialize`, `tpm-rc-bad-tag` (TPM 1.2)
 */
export async function openTpm(spec: string, options: TpmOptions = {}): Promise<Tpm> {
  const { openTimeoutMs = 15_000, commandTimeoutMs = 30_000, endorsementAuth = new Uint8Array() } = options;
  const meant = parseSpec(spec);
  const begun = performance.now();
  const device =
    meant.kind === 'character'
      ? await openCharacter(meant.path, spec, openTimeoutMs)
      : await openSocket(meant, spec, openTimeoutMs);
  const tpm = new Tpm(device, new Runner(device, { timeoutMs: commandTimeoutMs }), endorsementAuth);
  try {
    if (options.startup) await tpm.startup(options.startup).catch(saidBefore);
    // A software TPM takes a connection at once and answers it when the client before has gone.
    await tpm.greet(Math.max(1, openTimeoutMs - (performance.now() - begun)));
    return tpm;
  } catch (error) {
    await device.close();
    throw error instanceof AssayError && error.code === 'tpm-timeout' ? busy(spec, openTimeoutMs, error) : error;
  }
}

function saidBefore(error: unknown): void {
  if (!(error instanceof AssayError && error.code === 'tpm-rc-initialize')) throw error;
}
