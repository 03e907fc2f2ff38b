// The real logs of test/corpus and what their machines' TPMs held after that boot.
import { readFileSync } from 'node:fs';
import type { HashName } from '../event-log/event.ts';
import { type ToolsEvent, toolsEvents, toolsPcrs } from './expected-yaml.ts';

const folder = new URL('../../../test/corpus/event-logs/', import.meta.url);

/** Logs of whole boots with TPM 2.0, by file name. */
export const healthyLogs = [
  'ovmf-linux-6.1',
  'event-arch-linux',
  'event-bootorder',
  'event-gce-ubuntu-2104-log',
  'event-moklisttrusted',
  'event-postcode',
  'event-sd-boot-fedora37',
] as const;

/** All of them: also fragments, and one in the format of TPM 1.2. */
export const corpusLogs = [
  ...healthyLogs,
  'event-uefi-sha1-log',
  'event-uefiaction',
  'event-uefiservices',
  'event-uefivar',
] as const;
export type CorpusLog = (typeof corpusLogs)[number];

/** The bytes of a log, a fresh copy. */
export const corpusLog = (name: CorpusLog): Uint8Array => Uint8Array.from(readFileSync(new URL(`${name}.bin`, folder)));

/** PCR values by bank, hex. Of the lab log PCR 10 is left out: IMA extended it too. */
export function expectedPcrs(name: CorpusLog): Partial<Record<HashName, Map<number, string>>> {
  if (name === 'ovmf-linux-6.1') {
    const read = JSON.parse(readFileSync(new URL(`expected/${name}.pcrs.json`, folder), 'utf8'));
    const values = Object.entries<string>(read).map(([pcr, value]) => [Number(pcr), value] as const);
    return { sha256: new Map(values.filter(([pcr, value]) => pcr !== 10 && /[^0]/.test(value))) };
  }
  return toolsPcrs(expectedText(name));
}

/** What tpm2_eventlog says of each event. */
export const expectedEvents = (name: Exclude<CorpusLog, 'ovmf-linux-6.1'>): ToolsEvent[] =>
  toolsEvents(expectedText(name));

const expectedText = (name: CorpusLog) => readFileSync(new URL(`expected/${name}.bin.yaml`, folder), 'latin1');
