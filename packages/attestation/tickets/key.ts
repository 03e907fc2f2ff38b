// The key that signs start permissions: made at the first start, kept in a file only this service can read.
import { createPublicKey, type KeyObject } from 'node:crypto';
import { AssayError } from '@assay/core';
import { placeOf, signingKey } from '@assay/daemon';
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
  const option = '[attestation_server] ticket_key_file';
  const privateKey = signingKey(file, option);
  const { kty, crv, x, y } = await exportJWK(createPublicKey(privateKey));
  if (kty === undefined || crv === undefined || x === undefined || y === undefined)
    throw new AssayError('config-value', placeOf(file, option), 'an ECDSA key', 'another one');
  const kid = await calculateJwkThumbprint({ kty, crv, x, y });
  return { privateKey, kid, jwks: { keys: [{ kty, crv, x, y, kid, alg: 'ES256', use: 'sig' }] } };
}
