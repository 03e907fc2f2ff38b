// How does a lab host boot? As a real one to its TPM: every measurement of a real boot log is extended, in order.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { AssayError } from '@assay/core';
import { kernelEventOf, parseEventLog, withDigests, writeEventLog } from '@assay/measurement';
import { openTpm, type Tpm } from '@assay/tpm';
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
 * @param madeAt when the TPM was manufactured
 * @throws AssayError `lab-boot` when the log cannot be read to its end; what the TPM throws
 */
export async function boot(socket: string, bootLog: string, madeAt: Date): Promise<void> {
  const { events, broken } = parseEventLog(readFileSync(bootLog));
  if (broken) throw new AssayError('lab-boot', `${bootLog} at byte ${broken.offset}`, 'a whole log', broken.message);
  const tpm = await openTpm(`swtpm:path=${socket}`);
  try {
    await afterPowerCut(tpm, madeAt);
    for (const { kind, pcr, digests } of events) if (kind !== 'no-action') await tpm.pcrExtend(pcr, digests);
  } finally {
    await tpm.close();
  }
}

/**
 * What a TPM in hardware keeps through a power cut and swtpm does not: its clock, which falls back by more than the specification
 * lets it (Part 1, §36.3), and room for more than a few such cuts before it takes them for attacks and locks its keys.
 */
async function afterPowerCut(tpm: Tpm, madeAt: Date): Promise<void> {
  const { clock, safe } = (await tpm.readClock()).clockInfo;
  if (safe) return;
  // The clock counts no time without power, and none before the making, which takes seconds.
  const atMost = BigInt(Date.now() - madeAt.getTime() + 60_000);
  if (atMost > clock) await tpm.setClock(atMost);
  await tpm.resetLockout({ maxTries: 32, recoverySeconds: 10 });
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
