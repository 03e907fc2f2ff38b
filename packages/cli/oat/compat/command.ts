// `assay compat oat`: a server is tried as Nova's stock filter and OAT's own tools would use it, and what differs is told.
import { randomBytes } from 'node:crypto';
import { terminal } from '../../operator/terminal.ts';
import { untrusted } from '../line.ts';
import type { OtherServer } from '../options.ts';
import { type Peer, peerAt } from '../peer.ts';
import { peerOptions } from '../peer-options.ts';
import { newBase, type World } from './check.ts';
import { seenChecks, type Tried, tryAll, tryServer } from './run.ts';
import { countsOf, findingsText, matters } from './show.ts';

export type CompatOptions = OtherServer & { host?: string[]; plainPort: number; write?: true; all?: true; json?: true };

/** @returns whether anything matters */
export async function compatOat(options: CompatOptions, out = terminal()): Promise<boolean> {
  const how = peerOptions(options);
  const peer = await peerAt(how);
  const stop = new AbortController();
  const stopped = () => stop.abort();
  process.once('SIGINT', stopped).once('SIGTERM', stopped);
  try {
    const trouble = how.first ? undefined : untrusted(peer.place, peer.seen);
    if (trouble)
      out.note(`assay: nothing is sent there, and only what its certificate shows is tried: ${trouble.message}`);
    const tried = trouble
      ? await seen(peer)
      : await tryServer(peer, {
          secret: how.authBlob ?? '',
          hosts: options.host ?? [],
          plainPort: options.plainPort,
          signal: stop.signal,
          write: options.write && `assay-compat-${randomBytes(4).toString('hex')}`,
        });
    if (tried.stopped) out.note('assay: stopped before the end; what was written has been removed');
    const { findings, left } = tried;
    if (options.json) await out.printJson({ url: peer.url.href, summary: countsOf(findings), findings, left });
    else await out.print(findingsText(findings, options.all === true));
    return matters(findings) || tried.stopped || trouble !== undefined;
  } finally {
    process.off('SIGINT', stopped).off('SIGTERM', stopped);
    peer.close();
  }
}

async function seen(peer: Peer): Promise<Tried> {
  const world: World = {
    ...{ peer, ask: peer.ask, secret: '', hosts: [], plainPort: 0 },
    way: { method: 'POST', base: newBase },
  };
  return { findings: await tryAll(seenChecks, world), left: [], stopped: false };
}
