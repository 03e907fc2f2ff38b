// Is this the same TPM going on, rebooted, or set back? Compares a quote's clock and counters with the last ones.
// A TPM that went on proves nothing of what was run on it meanwhile.
import type { Finding } from '@assay/protocol';
import { finding } from '../findings.ts';
import type { Quote } from './quote.ts';

/** What a verified quote says of the TPM's life; plain JSON, to be stored. 64-bit numbers as decimal text. */
export type TpmState = {
  /** Milliseconds the TPM has had power, over all its life. */
  clock: string;
  reset_count: number;
  restart_count: number;
  /** False: `clock` may be behind an earlier one (it was not shut down in order). */
  safe: boolean;
  firmware_version: string;
};

export const tpmStateOf = ({ clockInfo, firmwareVersion }: Quote): TpmState => ({
  clock: clockInfo.clock.toString(),
  reset_count: clockInfo.resetCount,
  restart_count: clockInfo.restartCount,
  safe: clockInfo.safe,
  firmware_version: firmwareVersion.toString(),
});

/**
 * How far a counter went on. Counters are compared as distances: a TPM adds a constant to those it shows to keys outside
 * the endorsement hierarchy (Part 1, §36.7), so that they may pass 2³² at any time.
 */
const steps = (from: number, to: number): number => (to - from) | 0;

/** @returns what only an exchanged, cleared or lying TPM explains */
export function continuityFindings(previous: TpmState | undefined, now: TpmState): Finding[] {
  if (!previous) return [];
  const resets = steps(previous.reset_count, now.reset_count);
  if (resets < 0) return [lower('resetCount', previous.reset_count, now.reset_count)];
  if (resets === 0 && steps(previous.restart_count, now.restart_count) < 0)
    return [lower('restartCount', previous.restart_count, now.restart_count)];
  // After a power cut the clock may fall back to what was last saved, and says so by `safe`.
  const mayFallBack = resets > 0 && !now.safe;
  if (BigInt(now.clock) < BigInt(previous.clock) && !mayFallBack)
    return [
      finding('tpm-clock-backwards', 'TPMS_CLOCK_INFO.clock', `${previous.clock} ms or later`, `${now.clock} ms`),
    ];
  return [];
}

const lower = (field: string, was: number, is: number) =>
  finding(
    'tpm-counter-lower',
    `TPMS_CLOCK_INFO.${field}`,
    `${was} or more (a TPM that was cleared or exchanged has to be enrolled again)`,
    `${is}`,
  );
