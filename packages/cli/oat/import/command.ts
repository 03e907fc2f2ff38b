// `assay import oat`: what an OpenAttestation server has is made known to the attestation server this shell speaks to, through its OAT API.
import { AssayError } from '@assay/core';
import type { AccessOptions } from '../../operator/access.ts';
import { attestationClient } from '../../operator/attestation-client.ts';
import { changeLimits } from '../../operator/limits.ts';
import { terminal } from '../../operator/terminal.ts';
import { who } from '../../operator/who.ts';
import type { OtherServer } from '../options.ts';
import { type Peer, peerAt, query, trusted } from '../peer.ts';
import { peerOptions } from '../peer-options.ts';
import { carryOut, type Send } from './move.ts';
import { planOf } from './plan.ts';
import { countsOf, isWhole, movedText } from './show.ts';
import { type Get, readStock } from './stock.ts';

export type ImportOptions = AccessOptions &
  Pick<OtherServer, 'url' | 'fetchCertificate' | 'oldTls'> & {
    oldCaFile?: string;
    oldAuthBlobFile?: string;
    dryRun?: true;
    because?: string;
    json?: true;
  };

/** @returns whether all of it is there now */
export async function importOat(options: ImportOptions, out = terminal()): Promise<boolean> {
  const { oldCaFile, oldAuthBlobFile, url, fetchCertificate, oldTls } = options;
  const how = peerOptions({
    url,
    ...(fetchCertificate && { fetchCertificate }),
    ...(oldTls && { oldTls }),
    ...(oldCaFile !== undefined && { caFile: oldCaFile }),
    ...(oldAuthBlobFile !== undefined && { authBlobFile: oldAuthBlobFile }),
  });
  const client = attestationClient(options);
  const peer = await peerAt(how);
  try {
    trusted(peer, how);
    if (how.first) out.note(`certificate of ${url}: SHA-256 ${peer.seen.certificate.fingerprint256}`);
    const [old, there] = [await readStock(getOf(peer)), await readStock((path) => client.ask('GET', path))];
    const because = `imported from ${peer.url.host} by ${who()}${options.because ? `: ${options.because}` : ''}`;
    const send: Send = (path, body) =>
      client.ask('POST', `${path}${query({ because: because.slice(0, 1000) })}`, body, changeLimits);
    const moved = await carryOut(planOf(old, there), options.dryRun ? undefined : send);
    if (options.json) await out.printJson({ from: peer.url.href, summary: countsOf(moved), moved });
    else await out.print(movedText(moved));
    return isWhole(moved);
  } finally {
    peer.close();
  }
}

const getOf =
  ({ ask, url }: Peer): Get =>
  async (path) => {
    const { status, json, text } = await ask('GET', path);
    if (status === 200 && json !== undefined) return json;
    const hint =
      status === 401 || status === 403
        ? 'it asks for a secret: --old-auth-blob-file FILE'
        : 'before OAT 1.5 there are no such lists: register the hosts with assay host register';
    throw new AssayError('oat-answer', `GET ${url.origin}${path}`, 'a list as JSON', `status ${status}: ${text}`, {
      hint,
    });
  };
