// PollHosts: what OpenAttestation's clients, Nova's TrustedFilter first, are told of hosts.
// Every host that was asked for is answered, in the order asked, under the name as sent: a host left out, a 2xx without the
// array or a `vtime` that is no text makes Nova's scheduler fail in ways no operator can read.
import type { Clock } from '@assay/daemon';
import type { PollHostsAnswer, PollHostsEntry } from '@assay/protocol';
import type { Registry } from '../registry/registry.ts';
import { noVerdict, type Standing } from '../registry/standing.ts';
import type { Switchboard } from '../rounds/switchboard.ts';
import { noSuchPool, type Standards } from '../standards/standards.ts';
import { askAnew } from './poll-hosts-fresh.ts';
import { namesLike } from './poll-hosts-like.ts';
import { questionOf } from './poll-hosts-question.ts';

export type PollHostsNeeds = {
  clock: Clock;
  registry: Pick<Registry, 'current' | 'names'>;
  switchboard: Pick<Switchboard, 'question'>;
};

/**
 * @param standards say whether there is a pool of that name
 * @throws AssayError `oat-hosts-invalid` when the request names no hosts, `oat-time-invalid`
 */
export async function pollHosts(
  needs: PollHostsNeeds,
  standards: Pick<Standards, 'policies'>,
  body: unknown,
): Promise<PollHostsAnswer> {
  const { clock, registry } = needs;
  const { hosts, pool, maxAgeMs, deadlineMs } = questionOf(body);
  const noPool = noSuchPool(standards, pool);
  const names = hosts.map((asked) => registry.names.nameOf(asked));
  const silent =
    maxAgeMs === undefined || noPool !== undefined
      ? undefined
      : await askAnew(needs, new Set(names.filter((name) => name !== undefined)), pool, { maxAgeMs, deadlineMs });
  const like = namesLike(registry.names);
  return { hosts: hosts.map((asked, at) => entry(asked, names[at])) };

  function entry(asked: string, name: string | undefined): PollHostsEntry {
    const now = clock.now();
    const { verdict, ageMs, usableUntil } = name === undefined ? stranger(asked, now) : known(name, now);
    return {
      host_name: asked,
      trust_lvl: verdict.trust,
      // Nova keeps an answer for as long as its vtime lies ahead: after the clock was set back it must not.
      vtime: new Date(Math.min(Date.parse(verdict.verified_at), now.getTime())).toISOString(),
      expires: usableUntil.toISOString(),
      age_ms: Math.round(ageMs),
      ...(verdict.trust !== 'trusted' && { reason: noPool ?? verdict.reason }),
      ...(verdict.tags && { tags: verdict.tags }),
    };
  }

  function known(host: string, now: Date): Standing {
    const why = silent?.get(host);
    if (why === undefined) return registry.current(host, pool);
    const last = registry.current(host, pool);
    const before = last.ageMs > 0 ? `; ${Math.round(last.ageMs / 1000)} s ago it was ${last.verdict.trust}` : '';
    return nothing(host, 'not-fresh', `no evidence as young as was asked for: ${why}${before}`, now);
  }

  function stranger(asked: string, now: Date): Standing {
    const others = like(asked);
    const hint = others.length > 0 ? `, but ${others.join(' and ')}: give it this name with assay host alias` : '';
    return nothing(asked, 'host-unknown', `not registered${hint}`, now);
  }

  function nothing(host: string, code: string, reason: string, now: Date): Standing {
    return { verdict: noVerdict({ host, pool }, code, reason, now), ageMs: 0, usableUntil: now };
  }
}
