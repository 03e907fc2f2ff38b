// The real logs of test/corpus and what their machines' TPMs held after that boot.
import { readFileSync } from 'node:fs';
import type { HashName } from '../event-log/event.ts';

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
  const banks: Partial<Record<HashName, Map<number, string>>> = {};
  let bank: Map<number, string> | undefined;
  for (const line of expectedText(name).split('\npcrs:\n')[1]?.split('\n') ?? []) {
    const [, hash, pcr, value] = /^ {2}(\w+):$|^ {4}(\d+) *: 0x([0-9a-f]+)$/.exec(line) ?? [];
    if (hash) banks[hash as HashName] = bank = new Map();
    else if (pcr && value) bank?.set(Number(pcr), value);
  }
  return banks;
}

/** PCR and type of each event, as tpm2_eventlog gives them. */
export const expectedEvents = (name: Exclude<CorpusLog, 'ovmf-linux-6.1'>): { pcr: number; type: string }[] =>
  [...expectedText(name).matchAll(/^ {2}PCRIndex: (\d+)\n {2}EventType: (\w+)$/gm)].map(([, pcr, type = '']) => ({
    pcr: Number(pcr),
    type,
  }));

const expectedText = (name: CorpusLog) => readFileSync(new URL(`expected/${name}.bin.yaml`, folder), 'utf8');
