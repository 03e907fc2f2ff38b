// The boot log: its reader, what is claimed from it, the rules of appraisal over it.
import { readLog } from '@assay/appraisal';
import { AssayError } from '@assay/core';
import { claimsOf, componentsOf, parseEventLog, replay, writeEventLog } from '@assay/measurement';
import { corpusLog, corpusLogs, replaySlowly } from '@assay/measurement/testing';
import { foreseen, holds } from '../oracle.ts';
import { recordedFiles } from './recorded.ts';
import { type Target, words } from './target.ts';

export const bootLogSeeds = (): Uint8Array[] => [...corpusLogs.map(corpusLog), ...recordedFiles('event-log.bin')];

export const bootLogWords = words(
  'Spec ID Event03\0',
  'StartupLocality\0',
  'SP800-155 Event\0',
  'grub_cmd: linux /vmlinuz\0',
  Buffer.from('61dfe48bca93d211aa0d00e098032b8c', 'hex'),
  Buffer.from('a159c0a5e494a74a87b5ab155c2bf072', 'hex'), // EFI_CERT_X509_GUID
  Buffer.from('2616c4c14c509240aca941f936934328', 'hex'), // EFI_CERT_SHA256_GUID
  Buffer.from('SecureBoot', 'utf16le'),
  Buffer.from('0000000000000000', 'hex'),
  Buffer.from('ec223b8f', 'hex'),
);

export const bootLog: Target = {
  name: 'boot-log',
  seeds: bootLogSeeds,
  words: bootLogWords,
  run(input) {
    const log = parseEventLog(input);
    const said = log.events.map(({ description, problem, content }) => [description, problem, content]);
    const banks = log.algorithms.flatMap(({ name }) => (name ? [name] : []));
    for (const bank of banks) foreseen(() => replay(log.events, bank, log.startupLocality));
    const all = Array.from({ length: 24 }, (_, pcr) => pcr);
    const reading = readLog(
      log,
      [...new Set(banks)].map((hash) => ({ hash, pcrs: all })),
    );
    componentsOf(log.events);
    claimsOf(log, banks);
    const written = foreseen(() => writeEventLog(log));
    holds(
      written instanceof Error || Buffer.compare(written, input) === 0,
      'what was read is written as something else',
    );
    return { log, said, reading };
  },
};

/** Two readers that share no code agree on every event and every PCR value. */
export const bootLogReplay: Target = {
  name: 'boot-log-replay',
  seeds: bootLogSeeds,
  words: bootLogWords,
  // The slow reader is part of this.
  msPerMiB: 1000,
  run(input) {
    const [log, slow] = [parseEventLog(input), replaySlowly(input)];
    holds(
      log.events.length === slow.events.length,
      `${log.events.length} events, and ${slow.events.length} to the second reader`,
    );
    holds((log.broken === undefined) === slow.whole, 'whole to one reader, broken to the other');
    for (const [i, { frame, offset }] of log.events.entries()) {
      const other = slow.events[i];
      const digests = frame.digests.map(({ algorithm, digest }) => [algorithm, digest.toHex()]);
      const same = frame.pcr === other?.pcr && frame.type === other.type && String(digests) === String(other.digests);
      holds(same && frame.data.toHex() === other?.data, `event ${i} at byte ${offset} is another to the second reader`);
    }
    for (const { id, name } of log.algorithms) {
      if (!name) continue;
      const values = foreseen(() => replay(log.events, name, log.startupLocality));
      const others = slow.pcrs.get(id);
      if (values instanceof AssayError || !others)
        holds(values instanceof AssayError && !others, `${name} is good to one replay alone`);
      else {
        holds(values.size === others.size, `${name}: other PCRs to the second replay`);
        for (const [pcr, value] of values)
          holds(value.toHex() === others.get(pcr), `${name} PCR ${pcr} is another to the second replay`);
      }
    }
  },
};
