// PollHosts: what OpenAttestation's clients, Nova's TrustedFilter first, are told of hosts.
// Every host that was asked for is answered, in the order asked, under the name as sent: a host left out, a 2xx without the
// array or a `vtime` that is no text makes Nova's scheduler fail in ways no operator can read.
import { AssayError } from '@assay/core';
import type { Clock } from '@assay/daemon';
import { check, defaultPool, type PollHostsAnswer, type PollHostsEntry, PollHostsRequest } from '@assay/protocol';
import type { Registry } from '../registry/registry.ts';
import { noSuchPool, type Standards } from '../standards/standards.ts';

type Needs = { clock: Clock; registry: Pick<Registry, 'current'> };

/**
 * @param standards say whether there is a pool of that name
 * @throws AssayError `oat-hosts-invalid` when the request names no hosts
 */
export function pollHosts(
  { clock, registry }: Needs,
  standards: Pick<Standards, 'policies'>,
  body: unknown,
): PollHostsAnswer {
  const { hosts, pool = defaultPool } = asked(body);
  const noPool = noSuchPool(standards, pool);
  return { hosts: hosts.map((host) => entry(host)) };

  function entry(host: string): PollHostsEntry {
    const { verdict, ageMs, usableUntil } = registry.current(host, pool);
    const now = clock.now().getTime();
    return {
      host_name: host,
      trust_lvl: verdict.trust,
      // Nova keeps an answer for as long as its vtime lies ahead: after the clock was set back it must not.
      vtime: new Date(Math.min(Date.parse(verdict.verified_at), now)).toISOString(),
      expires: usableUntil.toISOString(),
      age_ms: Math.round(ageMs),
      ...(verdict.trust !== 'trusted' && { reason: noPool ?? verdict.reason }),
    };
  }
}

function asked(body: unknown): { hosts: readonly string[]; pool: string | undefined } {
  try {
    const { hosts, pool } = check(PollHostsRequest, body, 'body');
    return { hosts: typeof hosts === 'string' ? [hosts] : hosts, pool };
  } catch (cause) {
    if (!(cause instanceof AssayError)) throw cause;
    throw new AssayError('oat-hosts-invalid', cause.where, 'hosts: an array of names, or one name', cause.got, {
      cause,
    });
  }
}
