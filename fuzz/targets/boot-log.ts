// The boot log: its reader, what is claimed from it, the rules of appraisal over it.
import { readLog } from '@assay/appraisal';
import { claimsOf, componentsOf, parseEventLog, replay, writeEventLog } from '@assay/measurement';
import { corpusLog, corpusLogs } from '@assay/measurement/testing';
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
