// PollHosts: what OpenAttestation's clients, Nova's TrustedFilter first, are told of hosts.
// Every host that was asked for is answered, in the order asked, under the name as sent: a host left out, a 2xx without the
// array or a `vtime` that is no text makes Nova's scheduler fail in ways no operator can read.
import type { PollHostsAnswer, PollHostsEntry } from '@assay/protocol';
import type { Registry } from '../../registry/registry.ts';
import { noVerdict, type Standing, timesOf } from '../../registry/standing.ts';
import type { Switchboard } from '../../rounds/switchboard.ts';
import { noSuchPool, type Standards } from '../../standards/standards.ts';
import { askAnew } from './fresh.ts';
import { namesLike } from './like.ts';
import { questionOf } from './question.ts';
import { withRoom } from './room.ts';

export type PollHostsNeeds = {
  registry: Pick<Registry, 'current' | 'instant' | 'isJudged' | 'names'>;
  switchboard: Pick<Switchboard, 'question' | 'tookMs'>;
};

/**
 * @param standards say whether there is a pool of that name
 * @param caller its address
 * @throws AssayError `oat-hosts-invalid` when the request names no hosts, `oat-time-invalid`; `questions-unavailable` when too many
 * wait for fresh evidence
 */
export async function pollHosts(
  needs: PollHostsNeeds,
  standards: Pick<Standards, 'policies'>,
  body: unknown,
  caller: string,
): Promise<PollHostsAnswer> {
  const { registry } = needs;
  const { hosts, pool, maxAgeMs, deadlineMs } = questionOf(body);
  const noPool = noSuchPool(standards, pool);
  // Of most hosts there is a verdict under the name as asked: one look into a large table for them, not two.
  const names = hosts.map((asked) => (registry.isJudged(asked) ? asked : registry.names.nameOf(asked)));
  const silent =
    maxAgeMs === undefined || noPool !== undefined
      ? undefined
      : await withRoom(needs.switchboard, caller, hosts.length, () =>
          askAnew(needs, new Set(names.filter((name) => name !== undefined)), pool, { maxAgeMs, deadlineMs }),
        );
  const like = namesLike(registry.names);
  const at = registry.instant();
  const { now } = at;
  const nowMs = now.getTime();
  const iso = isoTexts();
  return { hosts: hosts.map((asked, index) => entry(asked, names[index])) };

  function entry(asked: string, name: string | undefined): PollHostsEntry {
    const { verdict, ageMs, usableUntil } = name === undefined ? stranger(asked) : known(name);
    const { trust, tags } = verdict;
    const one: PollHostsEntry = {
      host_name: asked,
      trust_lvl: trust,
      // Nova keeps an answer for as long as its vtime lies ahead: after the clock was set back it must not.
      vtime: timesOf(verdict).verifiedAt > nowMs ? iso(nowMs) : verdict.verified_at,
      expires: iso(usableUntil.getTime()),
      age_ms: Math.round(ageMs),
    };
    if (trust !== 'trusted') one.reason = noPool ?? verdict.reason;
    if (tags) one.tags = tags;
    return one;
  }

  function known(host: string): Standing {
    const standing = registry.current(host, pool, at);
    const why = silent?.get(host);
    if (why === undefined) return standing;
    const { verdict, ageMs } = standing;
    const before = ageMs > 0 ? `; ${Math.round(ageMs / 1000)} s ago it was ${verdict.trust}` : '';
    return nothing(host, 'not-fresh', `no evidence as young as was asked for: ${why}${before}`);
  }

  function stranger(asked: string): Standing {
    const others = like(asked);
    const hint = others.length > 0 ? `, but ${others.join(' and ')}: give it this name with assay host alias` : '';
    return nothing(asked, 'host-unknown', `not registered${hint}`);
  }

  function nothing(host: string, code: string, reason: string): Standing {
    return { verdict: noVerdict({ host, pool }, code, reason, now), ageMs: 0, usableUntil: now };
  }
}

/** `Date.toISOString` of many instants that lie close together: all but the milliseconds is written once a second. */
function isoTexts(): (ms: number) => string {
  const seconds = new Map<number, string>();
  return (ms) => {
    const second = Math.floor(ms / 1000);
    let text = seconds.get(second);
    if (text === undefined) {
      text = new Date(second * 1000).toISOString().slice(0, -4);
      seconds.set(second, text);
    }
    return `${text}${String(ms - second * 1000).padStart(3, '0')}Z`;
  };
}
