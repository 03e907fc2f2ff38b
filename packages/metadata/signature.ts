// Does this request come from somebody who knows the shared secret? Nova's signature, as Nova and Neutron compute it, covers
// the instance id alone: whoever has seen one can repeat it. Ours covers the whole request and the connection it was made for.
import { createHmac, hash, timingSafeEqual } from 'node:crypto';
import type { TLSSocket } from 'node:tls';
import { AssayError } from '@assay/core';

/** Lower-case hex of HMAC-SHA256 over the id, key and message in UTF-8. */
export function signInstanceId(secret: string, instanceId: string): string {
  return createHmac('sha256', secret).update(instanceId).digest('hex');
}

/** Takes the same time wherever a wrong signature differs. */
export function isSignatureOf(signature: string, secret: string, instanceId: string): boolean {
  return isSame(signature, signInstanceId(secret, instanceId));
}

/** Where our proxies put the request's signature. */
export const requestSignatureHeader = 'X-Assay-Signature';

/** What the signature covers, each as it is sent. No text of these has a line end. */
export type SignedRequest = {
  /** From exporterOf, of the connection the request is sent on. */
  readonly exporter: string;
  readonly method: string;
  /** The request line's target. */
  readonly path: string;
  readonly instance: string;
  readonly tenant: string;
  /** X-Forwarded-For; empty when it is not sent. */
  readonly forwardedFor: string;
  /** X-Assay-Token; empty when it is not sent. */
  readonly token: string;
  /** Absent and empty are the same. */
  readonly body?: Uint8Array | undefined;
};
export type Stamp = {
  /** Milliseconds since 1970. */
  readonly timeMs: number;
  /** From 1, greater with each request of a connection. */
  readonly count: number;
};
export type ClaimedSignature = Stamp & { readonly hmac: string };

const noContext = Buffer.alloc(0);
/** 32 bytes only the two ends of this connection know (RFC 8446, §7.5), as hex; a resumed session has others. */
export function exporterOf(socket: Pick<TLSSocket, 'exportKeyingMaterial'>): string {
  return socket.exportKeyingMaterial(32, 'EXPORTER-assay-metadata', noContext).toString('hex');
}

/** The header's value. @throws AssayError `signature-malformed` for a text with a line end in it */
export function signRequest(secret: string, request: SignedRequest, { timeMs, count }: Stamp): string {
  const hmac = hmacOf(secret, request, { timeMs, count });
  if (hmac === undefined)
    throw new AssayError('signature-malformed', requestSignatureHeader, 'texts of one line', 'a line end');
  return `v1 t=${timeMs} n=${count} s=${hmac}`;
}

const form = /^v1 t=(0|[1-9]\d{0,14}) n=([1-9]\d{0,14}) s=([0-9a-f]{64})$/;

/** @returns undefined for what is no signature of ours; what it claims is still to be checked */
export function readRequestSignature(header: string): ClaimedSignature | undefined {
  const [, timeMs, count, hmac] = form.exec(header) ?? [];
  return hmac === undefined ? undefined : { timeMs: Number(timeMs), count: Number(count), hmac };
}

/** Says nothing of the time and of the count: whether these are good depends on what came before. */
export function isRequestSignatureOf(claimed: ClaimedSignature, secret: string, request: SignedRequest): boolean {
  const expected = hmacOf(secret, request, claimed);
  return expected !== undefined && isSame(claimed.hmac, expected);
}

const emptyBody = hash('sha256', '');

function hmacOf(secret: string, request: SignedRequest, { timeMs, count }: Stamp): string | undefined {
  const { exporter, method, path, instance, tenant, forwardedFor, token, body } = request;
  const bodyHash = body === undefined || body.length === 0 ? emptyBody : hash('sha256', body);
  const lines = ['assay-metadata-v1', exporter, method, path, instance, tenant, forwardedFor, token, bodyHash];
  if (lines.some((line) => line.includes('\n'))) return undefined;
  return createHmac('sha256', secret)
    .update(`${lines.join('\n')}\n${timeMs}\n${count}`)
    .digest('hex');
}

function isSame(got: string, expected: string): boolean {
  const [one, other] = [Buffer.from(got, 'latin1'), Buffer.from(expected, 'latin1')];
  return one.length === other.length && timingSafeEqual(one, other);
}
