// Which PCR values does a log lead to, whatever it is? What a bank lacks is left out: the log's own report says so.
import { AssayError } from '@assay/core';
import { type EventLog, type PcrValues, replay, untouchedPcr } from '@assay/measurement';
import { digestSize, type HashName, type PcrBanks, type PcrSelection } from '@assay/tpm/structures';

/** Undefined when an event has no digest in this bank. */
export function replayOf(log: EventLog, bank: HashName): PcrValues | undefined {
  try {
    return replay(log.events, bank, log.startupLocality);
  } catch (error) {
    if (error instanceof AssayError) return undefined;
    throw error;
  }
}

/** Values of these PCRs after this log, those it does not extend as they are after a reset. A bank it has no digests for is absent. */
export function ledTo(log: EventLog, selection: PcrSelection): PcrBanks {
  const banks: { [H in HashName]?: PcrValues } = {};
  for (const { hash, pcrs } of selection) {
    const replayed = replayOf(log, hash);
    const start = (pcr: number) => untouchedPcr(pcr, digestSize(hash), log.startupLocality);
    if (replayed) banks[hash] = new Map(pcrs.map((pcr) => [pcr, replayed.get(pcr) ?? start(pcr)]));
  }
  return banks;
}
