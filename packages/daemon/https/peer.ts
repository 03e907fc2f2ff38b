// Which host does the client's certificate name? Its one SAN dNSName, read from the DER; never the common name, never
// OpenSSL's printed text, in which one entry can look like two. That the certificate is genuine was TLS's work.
import type { TLSSocket } from 'node:tls';
import { AssayError } from '@assay/core';
import { subjectAltNames } from './subject-alt-names.ts';

const label = '[A-Za-z0-9]([A-Za-z0-9_-]{0,61}[A-Za-z0-9])?';
const hostName = new RegExp(`^(?=.{1,253}$)${label}(\\.${label})*$`);

/** @throws AssayError `tls-peer`: no verified certificate, no DNS name in it, more than one, or none that is a host name */
export function peerHost(socket: TLSSocket): string {
  const where = `client certificate from ${socket.remoteAddress ?? 'a closed connection'}`;
  const certificate = socket.encrypted && socket.authorized ? socket.getPeerX509Certificate() : undefined;
  if (!certificate) throw new AssayError('tls-peer', where, 'a client certificate of our CA', 'none');
  return hostOf(certificate.raw, where);
}

/** @param der a certificate somebody else has verified */
export function hostOf(der: Uint8Array, where: string): string {
  const names = subjectAltNames(der, where).flatMap((name) => (name.kind === 'dns' ? [name.value] : []));
  const [name] = names;
  if (name === undefined || names.length > 1)
    throw new AssayError('tls-peer', where, 'exactly one DNS name (SAN)', names);
  if (!hostName.test(name)) throw new AssayError('tls-peer', where, 'a host name without wildcard', name);
  return name;
}
