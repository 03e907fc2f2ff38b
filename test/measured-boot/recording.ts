// The boots of test/corpus/boots, as they came from the host. Nothing here has been checked.
import { readdirSync, readFileSync } from 'node:fs';
import { type ClaimedEvidence, fromBase64, toBase64 } from '@assay/protocol';
import type { BootName } from './boots.ts';
import type { BootFile, HostFile } from './record.ts';

export const corpusOfBoots = new URL('../corpus/boots/', import.meta.url);

export type Recording = Omit<BootFile, 'evidence'> & {
  evidence: ClaimedEvidence;
  /** IMA's list as the kernel itself writes it for people. */
  imaText: string;
};

export function recordingOf(name: BootName): Recording {
  const folder = new URL(`${name}/`, corpusOfBoots);
  const file = (one: string) => readFileSync(new URL(one, folder));
  const { evidence, ...rest } = JSON.parse(file('boot.json').toString()) as BootFile;
  const logs = { event_log: toBase64(file('event-log.bin')), ima_log: { offset: 0, data: toBase64(file('ima.bin')) } };
  return { ...rest, evidence: { ...evidence, ...logs }, imaText: file('ima.txt').toString() };
}

/** DER, and TPMT_PUBLIC of EK and AK. */
export function recordedHost(): { certificate: Uint8Array; ek: Uint8Array; ak: Uint8Array } {
  const file = JSON.parse(readFileSync(new URL('host.json', corpusOfBoots), 'utf8')) as HostFile;
  const bytes = (field: keyof HostFile) => fromBase64(file[field], `host.json ${field}`);
  return { certificate: bytes('ek_certificate'), ek: bytes('ek_public'), ak: bytes('ak_public') };
}

/** PEM files of the CA of the recorded host's TPM. */
export const recordedCas = (): { file: string; text: string }[] => {
  const folder = new URL('tpm-ca/', corpusOfBoots);
  return readdirSync(folder).map((file) => ({ file, text: readFileSync(new URL(file, folder), 'utf8') }));
};
