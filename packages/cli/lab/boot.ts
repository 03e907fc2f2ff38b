// How does a lab host boot? As a real one to its TPM: every measurement of a real boot log is extended, in order.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { AssayError } from '@assay/core';
import { kernelEventOf, parseEventLog, withDigests, writeEventLog } from '@assay/measurement';
import { openTpm } from '@assay/tpm';
import type { HostLayout } from './layout.ts';
import { writePublic } from './private-file.ts';
import type { LabHost } from './settings.ts';

const recorded = new URL('./boot-log/ovmf-linux-6.1.bin', import.meta.url);

/** What the host's firmware wrote down. A host with a modified hypervisor has measured another kernel. */
export function layBootLog(host: LabHost, paths: HostLayout): void {
  writePublic(paths.bootLog, host.boot === 'golden' ? readFileSync(recorded) : modifiedHypervisor());
}

function modifiedHypervisor(): Uint8Array {
  const log = parseEventLog(readFileSync(recorded));
  const kernel = kernelEventOf(log.events);
  if (!kernel) throw new AssayError('lab-boot', recorded.pathname, 'a log with a kernel', 'none');
  const digest = createHash('sha256').update('a kernel that nobody released').digest();
  return writeEventLog(withDigests(log, kernel.index, { sha256: digest }));
}

/**
 * Extends the log into the TPM, which must have been cleared just before.
 * @param socket of the TPM
 * @throws AssayError `lab-boot` when the log cannot be read to its end; what the TPM throws
 */
export async function boot(socket: string, bootLog: string): Promise<void> {
  const { events, broken } = parseEventLog(readFileSync(bootLog));
  if (broken) throw new AssayError('lab-boot', `${bootLog} at byte ${broken.offset}`, 'a whole log', broken.message);
  const tpm = await openTpm(`swtpm:path=${socket}`);
  try {
    for (const { kind, pcr, digests } of events) if (kind !== 'no-action') await tpm.pcrExtend(pcr, digests);
  } finally {
    await tpm.close();
  }
}

/** Tells the TPM that power is about to go, so that its clock is safe to compare at the next start. */
export async function powerOff(socket: string): Promise<void> {
  const tpm = await openTpm(`swtpm:path=${socket}`, { openTimeoutMs: 3000 });
  try {
    await tpm.shutdown('clear');
  } finally {
    await tpm.close();
  }
}
