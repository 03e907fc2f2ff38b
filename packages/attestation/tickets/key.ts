// The key that signs start permissions: made at the first start, kept in a file only this service can read.
import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, statSync, writeSync } from 'node:fs';
import { AssayError } from '@assay/core';
import { calculateJwkThumbprint, exportJWK, type JSONWebKeySet } from 'jose';

export type TicketKey = {
  readonly privateKey: KeyObject;
  /** RFC 7638 thumbprint: another key never has the same. */
  readonly kid: string;
  /** What `GET /v1/keys` answers (RFC 7517): the public half. */
  readonly jwks: JSONWebKeySet;
};

/** @throws AssayError `config-value` naming the file when it is there but is not such a key, or others can read it */
export async function ticketKey(file: string): Promise<TicketKey> {
  const privateKey = readKey(file) ?? makeKey(file);
  const { kty, crv, x, y } = await exportJWK(createPublicKey(privateKey));
  if (kty === undefined || crv === undefined || x === undefined || y === undefined)
    throw wrong(file, 'an ECDSA key', 'another one');
  const kid = await calculateJwkThumbprint({ kty, crv, x, y });
  return { privateKey, kid, jwks: { keys: [{ kty, crv, x, y, kid, alg: 'ES256', use: 'sig' }] } };
}

const wrong = (file: string, expected: string, got: string, cause?: unknown) =>
  new AssayError('config-value', `[attestation_server] ticket_key_file ${file}`, expected, got, {
    ...(cause === undefined ? {} : { cause }),
    hint: 'move the file away and a new key is made; tickets signed by the old one are refused then',
  });

function readKey(file: string): KeyObject | undefined {
  let pem: string;
  try {
    const mode = statSync(file).mode & 0o777;
    if ((mode & 0o077) !== 0)
      throw wrong(file, 'a file only its owner can read (mode 0600)', `mode 0${mode.toString(8)}`);
    pem = readFileSync(file, 'utf8');
  } catch (cause) {
    if (cause instanceof AssayError) throw cause;
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT') return undefined;
    throw wrong(file, 'a file that can be read', code ?? 'an error', cause);
  }
  try {
    const key = createPrivateKey(pem);
    if (key.asymmetricKeyDetails?.namedCurve === 'prime256v1') return key;
  } catch (cause) {
    throw wrong(file, 'a private key in PEM', 'something else', cause);
  }
  throw wrong(file, 'a key on curve P-256', 'another kind of key');
}

/** Written whole or not at all. */
function makeKey(file: string): KeyObject {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  try {
    const part = `${file}.new`;
    const handle = openSync(part, 'w', 0o600);
    writeSync(handle, privateKey.export({ type: 'pkcs8', format: 'pem' }).toString());
    fsyncSync(handle);
    closeSync(handle);
    renameSync(part, file);
  } catch (cause) {
    throw wrong(file, 'a place where the key can be kept', (cause as NodeJS.ErrnoException).code ?? 'an error', cause);
  }
  return privateKey;
}
