// tpm2-tools as a peer: another program, by other people, on the same TPM.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/**
 * Runs `tpm2_<tool>` in a folder. @returns its standard output
 * @param spec the TPM; `undefined` for tools that only compute and refuse to be given one
 */
export async function tpm2(folder: string, spec: string | undefined, tool: string, ...args: string[]): Promise<string> {
  const env = { ...process.env, TSS2_LOG: 'all+NONE' };
  const { stdout } = await run(`tpm2_${tool}`, spec ? ['-T', spec, ...args] : args, {
    cwd: folder,
    env,
    timeout: 20_000,
  });
  return stdout;
}
