// Whose endorsements count? The certificates an operator put into two folders; nothing a host sends is ever an anchor.
// Read again at an enrolment when something in them changed, so that a new CA needs no restart.
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type PemFile, type TrustStore, trustStoreFrom } from '@assay/appraisal';
import { AssayError } from '@assay/core';

export type TrustFolders = { ek_ca_dir: string | undefined; software_tpm_ca_dir: string | undefined };

/**
 * @returns gives the store as the folders are now
 * @throws AssayError `trust-store-folder`, and what `trustStoreFrom` throws, now and at each reading
 */
export function trustFolders({ ek_ca_dir, software_tpm_ca_dir }: TrustFolders): () => TrustStore {
  let seen = JSON.stringify([[], []]);
  let store: TrustStore = { hardware: [], software: [] };
  const read = () => {
    const hardware = filesIn('ek_ca_dir', ek_ca_dir);
    const software = filesIn('software_tpm_ca_dir', software_tpm_ca_dir);
    const state = JSON.stringify([hardware, software]);
    if (state !== seen) {
      store = trustStoreFrom(hardware.flatMap(certificates), software.flatMap(certificates));
      seen = state;
    }
    return store;
  };
  read();
  return read;
}

type File = { path: string; changed: number; size: number };

function filesIn(option: string, folder: string | undefined): File[] {
  if (folder === undefined) return [];
  try {
    return readdirSync(folder, { withFileTypes: true })
      .filter((entry) => !entry.isDirectory() && !entry.name.startsWith('.'))
      .map(({ name }) => join(folder, name))
      .sort()
      .map((path) => {
        const { mtimeMs, size } = statSync(path);
        return { path, changed: mtimeMs, size };
      });
  } catch (cause) {
    const got = (cause as NodeJS.ErrnoException).code ?? 'an error';
    throw new AssayError(
      'trust-store-folder',
      `[attestation_server] ${option} ${folder}`,
      'a folder of certificates that can be read',
      got,
      { cause },
    );
  }
}

/** Files that hold no certificate are left alone: a CA's folder has other things in it. */
function certificates({ path }: File): PemFile[] {
  const text = readFileSync(path, 'latin1');
  return text.includes('-----BEGIN CERTIFICATE-----') ? [{ file: path, text }] : [];
}
