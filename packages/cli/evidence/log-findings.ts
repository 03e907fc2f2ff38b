// What would an appraisal say of this log by itself? The same rules with the same codes, so that a verdict and what an operator sees
// on the host agree. Whether a quote vouches for any of it is not asked here.
import type { EventLog } from '@assay/measurement';
import type { HashName } from '@assay/tpm/structures';
import type { Strange } from './piece.ts';

const allPcrs = Array.from({ length: 24 }, (_, pcr) => pcr);

/** @param banks in which every event has a digest: as if a quote covered all PCRs in them */
export async function logFindings(log: EventLog, banks: readonly HashName[]): Promise<Strange[]> {
  const { allowedByDefault, readLog } = await import('@assay/appraisal');
  const { findings } = readLog(
    log,
    banks.map((hash) => ({ hash, pcrs: allPcrs })),
  );
  return findings.map(({ code, message, event, pcr }) => {
    const offset = event === undefined ? undefined : log.events[event]?.offset;
    const usual = allowedByDefault.some((allowed) => allowed === code);
    return {
      code,
      message,
      ...(usual && { usual }),
      ...(offset !== undefined && { offset }),
      ...(event !== undefined && { event }),
      ...(pcr !== undefined && { pcr }),
    };
  });
}
