// Whose endorsements count? The vendors' published CAs as far as an operator wants them, and what the operator put into
// folders: further CAs, and revocation lists. Nothing a host sends is ever an anchor, and nothing is fetched.
// The folders are read again when something in them changed, so that a new CA or list needs no restart.
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type CaFile, type TpmKind, type TrustStore, trustStoreFrom } from '@assay/appraisal';
import { AssayError } from '@assay/core';
import type { Clock, Log } from '@assay/daemon';
import type { AttestationOptions } from '../options.ts';
import { vendorCas } from './vendors.ts';

export type TrustOptions = Pick<
  AttestationOptions,
  'ek_vendors' | 'ek_ca_dir' | 'virtual_tpm_ca_dir' | 'software_tpm_ca_dir' | 'ek_crl_dir'
>;

export type TrustFolders = {
  /** As the folders are now. @throws AssayError as `trustFolders` */
  present(): TrustStore;
  /**
   * The same but up to a second old, for what is asked in every round; and as they last were while they cannot be read: a file
   * that is being copied takes no enrolled host's trust.
   */
  held(): TrustStore;
};

const heldMs = 1_000;

/** @throws AssayError `trust-store-folder`, and what `vendorCas` and `trustStoreFrom` throw */
export function trustFolders(options: TrustOptions, { clock, log }: { clock: Clock; log: Log }): TrustFolders {
  const published = vendorCas(options.ek_vendors);
  let seen: string | undefined;
  let store: TrustStore = trustStoreFrom(published);
  const present = () => {
    const files = {
      hardware: filesIn('ek_ca_dir', options.ek_ca_dir),
      virtual: filesIn('virtual_tpm_ca_dir', options.virtual_tpm_ca_dir),
      software: filesIn('software_tpm_ca_dir', options.software_tpm_ca_dir),
    };
    const lists = filesIn('ek_crl_dir', options.ek_crl_dir);
    if (options.ek_crl_dir !== undefined && lists.length === 0)
      throw badFolder('ek_crl_dir', options.ek_crl_dir, 'a folder with revocation lists', 'none in it');
    const state = JSON.stringify([files, lists]);
    if (state !== seen) {
      const given = Object.entries(files).flatMap(([kind, some]) =>
        some.flatMap((one) => certificates(one, kind as TpmKind)),
      );
      // Each file counts: passing over one that cannot be read would let through what it revokes.
      const revocations = lists.map(({ path }) => ({ file: path, bytes: contents(path) }));
      store = trustStoreFrom([...published, ...given], revocations);
      seen = state;
    }
    return store;
  };
  present();
  let readAt = clock.uptimeMs();
  let told: string | undefined;
  return {
    present,
    held() {
      if (clock.uptimeMs() - readAt < heldMs) return store;
      readAt = clock.uptimeMs();
      try {
        present();
        told = undefined;
      } catch (error) {
        if (!(error instanceof AssayError)) throw error;
        if (told !== error.message)
          log.warn({ code: error.code }, `${error.message}; what was there before goes on counting`);
        told = error.message;
      }
      return store;
    },
  };
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
    throw badFolder(option, folder, 'a folder that can be read', got, cause);
  }
}

const badFolder = (option: string, folder: string, expected: string, got: string, cause?: unknown) =>
  new AssayError('trust-store-folder', `[attestation_server] ${option} ${folder}`, expected, got, { cause });

/** Files that hold no certificate are left alone: a CA's folder has other things in it. */
function certificates({ path }: File, kind: TpmKind): CaFile[] {
  const text = Buffer.from(contents(path)).toString('latin1');
  return text.includes('-----BEGIN CERTIFICATE-----') ? [{ file: path, text, kind }] : [];
}

function contents(path: string): Uint8Array {
  try {
    return new Uint8Array(readFileSync(path));
  } catch (cause) {
    const got = (cause as NodeJS.ErrnoException).code ?? 'an error';
    throw new AssayError('trust-store-folder', path, 'a file that can be read', got, { cause });
  }
}
