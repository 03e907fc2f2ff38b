// Is this the same TPM going on, restarted with its host, or set back? Compares a quote's clock and counters with the last ones,
// and with what the host says of its own boot. A TPM that went on proves nothing of what was run on it meanwhile; and a host that
// lies about its boot consistently is not found out here: what it booted is for the PCRs to say.
import type { ClaimedEvidence, Finding } from '@assay/protocol';
import { finding } from '../findings/finding.ts';
import type { Quote } from './quote.ts';

/** What verified quotes said of the TPM's life; plain JSON, to be stored. 64-bit numbers as decimal text. */
export type TpmState = {
  /** Milliseconds the TPM has had power, over all its life. */
  clock: string;
  reset_count: number;
  restart_count: number;
  /** False: `clock` may be behind an earlier one (it was not shut down in order). */
  safe: boolean;
  /** Of the first quote after enrolment: what a later one is compared with. */
  firmware_version: string;
  /** The host's boot, with the counters at its first quote. Absent: stored by an older version. */
  boot?: { id: string; reset_count: number; restart_count: number };
};

/** What the host says of its boot: honest hosts say the truth. */
export type ClaimedBoot = Pick<ClaimedEvidence, 'boot_id' | 'uptime_s'>;

export type Continuity = {
  /** What only an exchanged, cleared or lying TPM or host explains, and what an operator wants to know of. */
  findings: Finding[];
  /** To be stored, and given as `previous` next time. */
  next: TpmState;
  /** Neither reset nor restarted since: what was read bit by bit may be read on from where it stands. */
  goesOn: boolean;
};

/**
 * @param previous of the last verified quote of this AK; undefined after enrolment
 * @param software a software TPM ends and starts like any process, without its host: its restarts say nothing
 */
export function continuityOf(
  previous: TpmState | undefined,
  quote: Pick<Quote, 'clockInfo' | 'firmwareVersion'>,
  boot: ClaimedBoot,
  software: boolean,
): Continuity {
  const now = stateOf(quote, boot);
  const notes = now.safe ? [] : [unsafeClock()];
  if (!previous) return { findings: notes, next: now, goesOn: false };
  const back = setBack(previous, now);
  // A TPM that was set back stays suspect until it is enrolled again.
  if (back) return { findings: [back], next: previous, goesOn: false };
  const same = sameBoot(previous, now, boot);
  if (!software && same) notes.unshift(...restarts(same, now));
  if (now.firmware_version !== previous.firmware_version)
    notes.unshift(firmwareChanged(previous.firmware_version, now.firmware_version));
  const next = {
    ...now,
    firmware_version: previous.firmware_version,
    ...(same && { boot: { ...same, id: boot.boot_id } }),
  };
  const goesOn = now.reset_count === previous.reset_count && now.restart_count === previous.restart_count;
  return { findings: notes, next, goesOn };
}

const stateOf = ({ clockInfo, firmwareVersion }: Pick<Quote, 'clockInfo' | 'firmwareVersion'>, boot: ClaimedBoot) => {
  const counters = { reset_count: clockInfo.resetCount, restart_count: clockInfo.restartCount };
  return {
    clock: clockInfo.clock.toString(),
    ...counters,
    safe: clockInfo.safe,
    firmware_version: firmwareVersion.toString(),
    boot: { id: boot.boot_id, ...counters },
  };
};

/**
 * How far a counter went on. Counters are compared as distances: a TPM adds a constant to those it shows to keys outside
 * the endorsement hierarchy (Part 1, §36.7), so that they may pass 2³² at any time.
 */
const steps = (from: number, to: number): number => (to - from) | 0;

/** Counters or a clock that no TPM shows that only went on. */
function setBack(previous: TpmState, now: TpmState): Finding | undefined {
  const resets = steps(previous.reset_count, now.reset_count);
  if (resets < 0) return lower('resetCount', previous.reset_count, now.reset_count);
  if (resets === 0 && steps(previous.restart_count, now.restart_count) < 0)
    return lower('restartCount', previous.restart_count, now.restart_count);
  // After a power cut the clock may fall back to what was last saved, and says so by `safe`.
  const mayFallBack = resets > 0 && !now.safe;
  if (BigInt(now.clock) >= BigInt(previous.clock) || mayFallBack) return undefined;
  return finding('tpm-clock-backwards', 'TPMS_CLOCK_INFO.clock', `${previous.clock} ms or later`, `${now.clock} ms`);
}

/**
 * The boot the host is still in by its own words: that of the same id, or one that has been up for longer than there was time
 * since the last quote by the TPM's clock. Undefined: it booted anew, or nothing is known of the boot before.
 */
function sameBoot(previous: TpmState, now: TpmState, { boot_id, uptime_s }: ClaimedBoot): TpmState['boot'] {
  if (previous.boot?.id === boot_id) return previous.boot;
  const passedMs = Number(BigInt(now.clock) - BigInt(previous.clock));
  // A clock that fell back or stood still during sleep measures nothing; one that goes may be wrong by 15 % (Part 1, §36.2).
  const measures = now.safe && now.restart_count === 0;
  return measures && uptime_s * 1000 > 2 * passedMs + slackMs ? previous.boot : undefined;
}
const slackMs = 600_000;

/** PCRs that start anew under a running host can be extended by it to whatever a good boot leaves behind (CVE-2018-6622). */
function restarts(boot: NonNullable<TpmState['boot']>, now: TpmState): Finding[] {
  const during = `as when this boot of the host was first seen`;
  if (now.reset_count !== boot.reset_count)
    return [
      finding(
        'tpm-reset-unexplained',
        'TPMS_CLOCK_INFO.resetCount',
        `${boot.reset_count}, ${during}`,
        `${now.reset_count}`,
      ),
    ];
  if (now.restart_count === boot.restart_count) return [];
  const expected = `${boot.restart_count}, ${during}`;
  return [finding('tpm-restart-unexplained', 'TPMS_CLOCK_INFO.restartCount', expected, `${now.restart_count}`)];
}

const lower = (field: string, was: number, is: number) =>
  finding(
    'tpm-counter-lower',
    `TPMS_CLOCK_INFO.${field}`,
    `${was} or more (a TPM that was cleared or exchanged has to be enrolled again)`,
    `${is}`,
  );

const firmwareChanged = (was: string, is: string) =>
  finding(
    'tpm-firmware-changed',
    'TPMS_ATTEST.firmwareVersion',
    `${versionText(was)}, as at enrolment`,
    versionText(is),
  );

/** 64 bits, as tools print them: `0x2019100400163636`. */
const versionText = (version: string) => `0x${BigInt(version).toString(16).padStart(16, '0')}`;

const unsafeClock = () =>
  finding(
    'tpm-clock-unsafe',
    'TPMS_CLOCK_INFO.safe',
    'yes',
    'no: the TPM lost power without notice, a while ago at most',
  );
