// With which key does a service sign? A P-256 key of its own, made at the first start, in a file its owner alone can read.
import { createPrivateKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { AssayError } from '@assay/core';
import { placeOf, readOrMakePrivate } from './private-file.ts';

/**
 * @param option what names the file, for errors: `[identity] token_key_file`
 * @throws AssayError `config-value`: the file cannot be read or made, others can read it, or it holds something else, which is
 * left alone
 */
export function signingKey(file: string, option: string): KeyObject {
  const pem = readOrMakePrivate(file, { what: 'a private key', option }, () =>
    generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ type: 'pkcs8', format: 'pem' }),
  );
  const wrong = (expected: string, got: string, cause?: unknown) =>
    new AssayError('config-value', placeOf(file, option), expected, got, {
      ...(cause === undefined ? {} : { cause }),
      hint: 'move the file away and a new key is made; what the old one signed is refused then',
    });
  let key: KeyObject;
  try {
    key = createPrivateKey(pem);
  } catch (cause) {
    throw wrong('a private key in PEM without passphrase', 'something else', cause);
  }
  if (key.asymmetricKeyDetails?.namedCurve !== 'prime256v1') throw wrong('a key on curve P-256', 'another kind of key');
  return key;
}
