// Replay: which PCR values would the events of this log have left behind?
// Says nothing of truth: only a quote over equal values turns a log into evidence.
import { hash } from 'node:crypto';
import { AssayError } from '@assay/core';
import { nodeHash } from '@assay/tpm/structures';
import type { BootEvent, HashName } from './event-log/event.ts';

/** Of an event, what extends a PCR. */
export type Extending = Pick<BootEvent, 'index' | 'pcr' | 'kind' | 'digests'>;

/** PCR index → value in one bank. A PCR that no event extends is absent, not zero. */
export type PcrValues = ReadonlyMap<number, Uint8Array>;

/**
 * @param events in log order; `pcr` 0–23; `digests` by bank
 * @param startupLocality 0, 3 or 4: the byte PCR 0 starts with (PC Client PFP, StartupLocality event)
 * @throws AssayError `log-no-digest` when an event has none in this bank: such a log proves nothing
 */
export function replay(events: Iterable<Extending>, bank: HashName, startupLocality = 0): PcrValues {
  const values = new Map<number, Buffer>();
  const name = nodeHash(bank);
  for (const { index, pcr, kind, digests } of events) {
    if (kind === 'no-action') continue; // recorded, never extended
    const digest = digests[bank];
    if (!digest) throw new AssayError('log-no-digest', `event ${index}`, `a ${bank} digest`, Object.keys(digests));
    const size = digest.length;
    let extended = values.get(pcr);
    if (!extended) {
      // Zero, PCRs 17–22 too: they read all ones until a dynamic launch zeroes them, and their events follow it.
      extended = Buffer.alloc(2 * size);
      if (pcr === 0) extended[size - 1] = startupLocality;
      values.set(pcr, extended);
    }
    // Part 3, §22.2 TPM2_PCR_Extend: the hash of old value and digest. As text: node:crypto returns bytes several times slower.
    extended.set(digest, size);
    extended.write(hash(name, extended, 'latin1'), 0, 'latin1');
  }
  return new Map([...values].map(([pcr, extended]) => [pcr, extended.subarray(0, extended.length / 2)]));
}

/** What a PCR of this bank reads that nothing has extended since the TPM started (PC Client PTP, §4.6). */
export function untouchedPcr(pcr: number, size: number, startupLocality = 0): Uint8Array {
  const dynamic = pcr >= 17 && pcr <= 22;
  const value = new Uint8Array(size).fill(dynamic ? 0xff : 0);
  if (pcr === 0) value.fill(startupLocality, -1);
  return value;
}
