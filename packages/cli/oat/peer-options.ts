// What was given of another server, with its files read.
import { readAuthBlob, readCa } from '../operator/attestation-client.ts';
import type { OtherServer } from './options.ts';
import type { PeerOptions } from './peer.ts';

/** @throws AssayError `cli-file` when a file cannot be read */
export function peerOptions({ url, caFile, fetchCertificate, authBlobFile, oldTls }: OtherServer): PeerOptions {
  return {
    url,
    first: fetchCertificate === true,
    oldTls: oldTls === true,
    ca: caFile === undefined ? undefined : readCa(caFile),
    authBlob: authBlobFile === undefined ? undefined : readAuthBlob(authBlobFile),
  };
}
