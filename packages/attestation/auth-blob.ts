// Does a caller know the shared secret? Nova calls it attestation_auth_blob and sends it as `x-auth-blob`.
// Proves no more than that: whoever has it may do everything relying parties and administrators may.
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { AssayError } from '@assay/core';
import { placeOf, readPrivate } from '@assay/daemon';

const shortest = 16;
// Nova's name, and those of other generations of OpenAttestation; Node gives header names in lower case.
const headerNames = ['x-auth-blob', 'auth_blob', 'auth-blob'];

/**
 * The secret in the file, without the line end. Nothing is taken as a default: a missing secret is no secret.
 * @throws AssayError `config-value`; never shows what is in the file
 */
export function readAuthBlob(file: string): string {
  const option = '[attestation_server] auth_blob_file';
  const hint = `for example: (umask 077; openssl rand -hex 32 > ${file})`;
  const fail = (expected: string, got: string) =>
    new AssayError('config-value', placeOf(file, option), expected, got, { hint });
  const blob = readPrivate(file, { what: 'a secret', option, hint })
    .toString()
    .replace(/\r?\n$/, '');
  if (!/^[\x21-\x7e]*$/.test(blob)) throw fail('one line of printable ASCII without spaces', 'something else');
  if (blob.length < shortest) throw fail(`a secret of at least ${shortest} characters`, `${blob.length} characters`);
  return blob;
}

/** Says whether a request's headers carry the secret. Takes the same time however much of a guess is right, or long. */
export function authBlobCheck(blob: string): (headers: IncomingHttpHeaders) => boolean {
  const key = randomBytes(32);
  const seal = (text: string) => createHmac('sha256', key).update(text).digest();
  const wanted = seal(blob);
  return (headers) => {
    const name = headerNames.find((header) => headers[header] !== undefined);
    const claimed = name === undefined ? undefined : headers[name];
    return typeof claimed === 'string' && timingSafeEqual(seal(claimed), wanted);
  };
}
