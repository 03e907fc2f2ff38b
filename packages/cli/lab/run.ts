// `assay lab run HOST FILE…`: what would IMA measure if this host executed these files? Measured into the host's own software TPM and list as its
// kernel would; nothing is executed. A real host's list is its kernel's work.
import { createHash } from 'node:crypto';
import { appendFileSync, createReadStream, existsSync, readFileSync, statSync, truncateSync } from 'node:fs';
import { resolve } from 'node:path';
import { AssayError } from '@assay/core';
import {
  bootAggregateOf,
  imaExtension,
  imaPcr,
  readImaList,
  type WrittenImaEntry,
  writeImaEntry,
} from '@assay/measurement';
import { openTpm, type Tpm } from '@assay/tpm';
import type { HostLayout } from './layout.ts';

/** `entry` in the list, from 0, which is boot_aggregate. `again`: the same path and content was measured before, so the kernel does not. */
export type Measured = { path: string; sha256: string; entry: number; again: boolean };

/**
 * @param as the path that the host sees, for a single file; its own unless given
 * @throws AssayError `lab-file` when one cannot be read, `lab-as` for several files under one path; `ima-path`; what the TPM throws
 */
export async function runOnHost(host: HostLayout, files: readonly string[], as?: string): Promise<Measured[]> {
  if (as !== undefined && files.length > 1)
    throw new AssayError('lab-as', '--as', 'one file', `${files.length} files`, {
      hint: 'run them one after the other',
    });
  const wanted: { path: string; sha256: string; written: WrittenImaEntry }[] = [];
  for (const file of files) {
    const path = as ?? resolve(file);
    const digest = await digestOf(resolve(file));
    wanted.push({ path, sha256: digest.toHex(), written: writeImaEntry({ path, digest }) });
  }
  const tpm = await openTpm(`swtpm:path=${host.tpmSocket}`);
  try {
    const list = await openList(tpm, host.imaLog);
    const measured: Measured[] = [];
    for (const { path, sha256, written } of wanted) measured.push({ path, sha256, ...(await list.measure(written)) });
    return measured;
  } finally {
    await tpm.close();
  }
}

type ListTpm = Pick<Tpm, 'pcrBanks' | 'pcrRead' | 'pcrExtend'>;

/** While the TPM is open to us it is to nobody else, so that no two of us write the list. */
export async function openList(tpm: ListTpm, file: string) {
  const known = new Map<string, number>();
  for (const { data, index } of readImaList(existsSync(file) ? readFileSync(file) : new Uint8Array()))
    known.set(Buffer.from(data).toString('latin1'), index);
  const banks = (await tpm.pcrBanks()).filter(({ pcrs }) => pcrs.includes(imaPcr)).map(({ hash }) => hash);

  const measure = async (written: WrittenImaEntry): Promise<{ entry: number; again: boolean }> => {
    const key = Buffer.from(written.data).toString('latin1');
    const before = known.get(key);
    if (before !== undefined) return { entry: before, again: true };
    // As a kernel does: the list first. Who reads between the two sees a list that has run ahead of its quote.
    const length = existsSync(file) ? statSync(file).size : 0;
    appendFileSync(file, written.bytes, { mode: 0o644 });
    try {
      await tpm.pcrExtend(imaPcr, Object.fromEntries(banks.map((bank) => [bank, imaExtension(written, bank)])));
    } catch (error) {
      truncateSync(file, length); // what no PCR knows would stand against the host until its next boot
      throw error;
    }
    const entry = known.size;
    known.set(key, entry);
    return { entry, again: false };
  };
  if (known.size === 0) await measure(await bootAggregate(tpm));
  return { measure };
}

/** Entry 0: over the boot PCRs, as the kernel finds them. */
async function bootAggregate(tpm: ListTpm): Promise<WrittenImaEntry> {
  const pcrs = Array.from({ length: 10 }, (_, pcr) => pcr);
  const { sha256 } = await tpm.pcrRead([{ hash: 'sha256', pcrs }]);
  const digest = sha256 && bootAggregateOf(sha256, 'sha256');
  if (!digest) throw new AssayError('lab-ima', 'TPM2_PCR_Read', 'PCR 0–9 of the bank sha256', 'none');
  return writeImaEntry({ path: 'boot_aggregate', digest });
}

async function digestOf(file: string): Promise<Uint8Array> {
  const hash = createHash('sha256');
  try {
    if (!statSync(file).isFile()) throw new Error('something else');
    for await (const part of createReadStream(file)) hash.update(part as Buffer);
  } catch (cause) {
    throw new AssayError('lab-file', file, 'a file that can be read', cause, { cause });
  }
  return hash.digest();
}
