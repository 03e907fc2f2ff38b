// The key that signs tokens: made once, kept in a file its owner alone can read.
import { createPrivateKey, generateKeyPairSync, type KeyObject, randomUUID } from 'node:crypto';
import { link, mkdir, open, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { AssayError } from '@assay/core';
import { readKey } from '@assay/daemon';

/** @throws AssayError `tls-file` (unreadable, or others may read it), `tls-key` (not a P-256 private key) */
export async function tokenKey(file: string): Promise<KeyObject> {
  await makeOnce(file);
  const pem = readKey(file);
  let key: KeyObject;
  try {
    key = createPrivateKey(pem);
  } catch (cause) {
    throw new AssayError('tls-key', file, 'a private key in PEM without passphrase', cause, { cause });
  }
  if (key.asymmetricKeyDetails?.namedCurve !== 'prime256v1')
    throw new AssayError('tls-key', file, 'a P-256 key', key.asymmetricKeyType);
  return key;
}

/** Written beside and linked into place: two that start at once end up with one key. */
async function makeOnce(file: string): Promise<void> {
  const beside = `${file}.${randomUUID()}`;
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  try {
    await mkdir(dirname(file), { recursive: true, mode: 0o700 });
    const handle = await open(beside, 'wx', 0o600);
    try {
      await handle.writeFile(privateKey.export({ type: 'pkcs8', format: 'pem' }));
      await handle.sync();
    } finally {
      await handle.close();
    }
    await link(beside, file);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'EEXIST') return;
    throw new AssayError('tls-file', file, 'a place for the key that signs tokens', cause, { cause });
  } finally {
    await rm(beside, { force: true });
  }
}
