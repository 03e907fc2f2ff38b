// Which host speaks on this connection, and may it still? TLS looked at the certificate when the connection began;
// proxies keep theirs open for days, so its end is looked at with every request.
import type { TLSSocket } from 'node:tls';
import { AssayError } from '@assay/core';
import { peerHost } from '@assay/daemon';

/** @returns the host a connection's client certificate names. It throws AssayError `tls-peer` */
export function certificatePeers(now: () => Date): (socket: TLSSocket) => string {
  const known = new WeakMap<TLSSocket, { host: string; end: Date }>();
  return (socket) => {
    let peer = known.get(socket);
    if (!peer) {
      const host = peerHost(socket);
      peer = { host, end: socket.getPeerX509Certificate()?.validToDate ?? new Date(0) };
      known.set(socket, peer);
    }
    if (now() <= peer.end) return peer.host;
    socket.destroy(); // without an answer, so that the host asks again, over a connection with its new certificate
    throw new AssayError(
      'tls-peer',
      `client certificate of ${peer.host}`,
      'one that is still valid',
      peer.end.toISOString(),
    );
  };
}
