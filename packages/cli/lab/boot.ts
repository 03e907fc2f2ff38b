// How does a lab host boot? As a real one to its TPM: every measurement of a real boot log is extended, in order.
import { createHash } from 'node:crypto';
import { readFileSync, rmSync } from 'node:fs';
import { AssayError } from '@assay/core';
import { type EventLog, kernelEventOf, linuxTags, parseEventLog, withDigests, writeEventLog } from '@assay/measurement';
import { openTpm, type Tpm } from '@assay/tpm';
import type { HostLayout } from './layout.ts';
import { writePublic } from './private-file.ts';
import type { LabHost } from './settings.ts';

const recorded = new URL('./boot-log/ovmf-linux-6.1.bin', import.meta.url);

/** What the host's firmware writes down: a real boot, with the kernel and the command line that this host is set to boot. */
export function layBootLog(host: LabHost, paths: HostLayout): void {
  writePublic(paths.bootLog, bootLogOf(host));
}

/** The recorded log itself for a host that boots what was recorded. */
export function bootLogOf({ boot, kernel, commandLine }: LabHost): Uint8Array {
  let log = parseEventLog(readFileSync(recorded));
  const measured = kernel ? Buffer.from(kernel.sha256, 'hex') : boot === 'golden' ? undefined : unreleased;
  if (measured) log = withDigests(log, eventOf(log, 'a kernel'), { sha256: measured });
  if (commandLine !== undefined)
    log = withDigests(log, eventOf(log, 'a command line'), { sha256: loadOptionsDigest(commandLine) });
  return writeEventLog(log);
}

/** Of the kernel of a host with a modified hypervisor. */
const unreleased = createHash('sha256').update('a kernel that nobody released').digest();

/** Linux' EFI stub measures what it was given: UTF-16 with the NUL that ends it. */
const loadOptionsDigest = (line: string) =>
  createHash('sha256')
    .update(Buffer.from(`${line}\0`, 'utf16le'))
    .digest();

function eventOf({ events }: EventLog, what: 'a kernel' | 'a command line'): number {
  const found =
    what === 'a kernel'
      ? kernelEventOf(events)
      : events.find((event) => event.kind === 'tagged' && event.content?.tag === linuxTags.loadOptions);
  if (!found) throw new AssayError('lab-boot', recorded.pathname, `a log with ${what}`, 'none');
  return found.index;
}

/**
 * Power comes: the TPM, which must have been cleared just before, is extended by what this host is set to boot, and what IMA had measured is
 * forgotten.
 * @throws AssayError `lab-boot`; what the TPM throws
 */
export async function bootHost(host: LabHost, paths: HostLayout, madeAt: Date): Promise<void> {
  rmSync(paths.imaLog, { force: true });
  layBootLog(host, paths);
  await boot(paths.tpmSocket, paths.bootLog, madeAt);
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
