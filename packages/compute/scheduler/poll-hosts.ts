// What does the attestation server say of these hosts, and may one still act on it? OpenAttestation's PollHosts as a client.
// Whatever goes wrong is an opinion without trust and with the true reason: nothing here can make a host trusted.
import { AssayError, shown } from '@assay/core';
import { type Clock, httpsRequest } from '@assay/daemon';
import { PollHostsAnswer, type PollHostsEntry, parse, type Tags, type Trust } from '@assay/protocol';
import type { AttestationAccess } from './options.ts';

/** `trust` absent: there is no answer one may act on. `tags`: certified ones. */
export type Opinion = { trust: Trust | undefined; reason: string; tags?: Tags | undefined };
/** Judges at the moment it is called, so an opinion that is kept ages. */
export type Opinions = (host: string) => Opinion;
/**
 * One question for all hosts. Never rejects.
 * @param hosts names as the attestation server knows them, each once
 * @param pool whose policy decides; absent: the default one's
 */
export type PollHosts = (hosts: readonly string[], pool?: string) => Promise<Opinions>;

const maxBytes = 32 << 20; // 100,000 hosts
/** Of the time for a question, what hosts that are asked anew may take; the rest is for the way there and back. */
const shareOfHosts = 0.8;
/** Ages are told by a clock that goes in steps. */
const stepMs = 10;

/**
 * @param authTimeoutS an answer's evidence must not be older (Nova's `attestation_auth_timeout`)
 * @param deadlineMs how long one question may take
 */
export function pollHostsOf(
  access: AttestationAccess | undefined,
  authTimeoutS: number,
  clock: Clock,
  deadlineMs = 5_000,
): PollHosts {
  if (!access) return async () => () => ({ trust: undefined, reason: 'no attestation server is configured' });
  const { origin, apiUrl, authBlob, ca, maxAgeS } = access;
  return async (hosts, pool) => {
    // The age of an answer counts from before the question: what the network took is never in our favour.
    const asked = { wallMs: clock.now().getTime(), uptimeMs: clock.uptimeMs() };
    try {
      const { status, body } = await httpsRequest({
        url: `${origin}${apiUrl}/PollHosts`,
        method: 'POST',
        headers: { accept: 'application/json', 'x-auth-blob': authBlob },
        body: {
          count: hosts.length,
          hosts,
          ...(pool !== undefined && { pool }),
          ...(maxAgeS !== undefined && { timeThreshold: maxAgeS * 1000, deadline: deadlineMs * shareOfHosts }),
        },
        ca,
        timeoutMs: deadlineMs,
        maxBytes,
      });
      if (status !== 200)
        throw new AssayError('poll-hosts-status', `${origin}${apiUrl}/PollHosts`, 'status 200', status);
      const answer = parse(PollHostsAnswer, body.toString('utf8'), `${origin}${apiUrl}/PollHosts`);
      const entries = Map.groupBy(answer.hosts, (entry) => entry.host_name);
      const tookMs = Math.max(0, clock.uptimeMs() - asked.uptimeMs);
      return (host) => {
        const [entry] = entries.get(host) ?? [];
        // A server that does not know the wish answers with what it has.
        if (maxAgeS !== undefined && entry && entry.age_ms - tookMs > maxAgeS * 1000 + stepMs)
          return none(
            `its evidence was ${seconds(entry.age_ms)} old when it was asked about, attestation_max_age is ${maxAgeS} s`,
          );
        return opinion(entries.get(host), asked, authTimeoutS, clock);
      };
    } catch (error) {
      if (!(error instanceof AssayError)) throw error;
      const reason = `attestation server ${origin}: ${plain(error, deadlineMs)}`;
      return () => ({ trust: undefined, reason });
    }
  };
}

function opinion(
  entries: readonly PollHostsEntry[] | undefined,
  asked: { wallMs: number; uptimeMs: number },
  authTimeoutS: number,
  clock: Clock,
): Opinion {
  const [entry] = entries ?? [];
  if (!entry) return none('the attestation server’s answer does not name it');
  if ((entries?.length ?? 0) > 1) return none('the attestation server’s answer names it more than once');
  const expiresMs = Date.parse(entry.expires);
  const sinceMs = Math.max(0, clock.uptimeMs() - asked.uptimeMs);
  // Both clocks: the wall clock may be stepped back while we wait, the boot clock is not.
  if (!(clock.now().getTime() < expiresMs && asked.wallMs + sinceMs < expiresMs))
    return none(
      entry.trust_lvl === 'unknown'
        ? `the attestation server has no verdict on it that holds${why(entry)}` // never had one, not in this pool, or an old one
        : `its verdict expired at ${entry.expires}`,
    );
  const ageMs = entry.age_ms + sinceMs;
  if (!(ageMs <= authTimeoutS * 1000))
    return none(`its evidence is ${seconds(ageMs)} old, attestation_auth_timeout is ${authTimeoutS} s`);
  return { trust: entry.trust_lvl, reason: `verified ${seconds(ageMs)} ago${why(entry)}`, tags: entry.tags };
}

const none = (reason: string): Opinion => ({ trust: undefined, reason });

/** Servers of before this field do not say. Of a digest its beginning is enough for people; `assay host explain` has all of it. */
const why = ({ reason }: PollHostsEntry): string =>
  reason === undefined ? '' : `: ${shown(reason.replace(/\b[0-9a-f]{17,}\b/g, (digest) => `${digest.slice(0, 12)}…`))}`;

const seconds = (ms: number): string => `${Math.round(ms / 1000)} s`;

/** The few failures an administrator meets daily, in the words for them. */
function plain(error: AssayError, deadlineMs: number): string {
  if (error.code === 'https-unreachable' && error.got === 'ECONNREFUSED') return 'connection refused';
  if (error.code === 'https-timeout') return `no answer within ${deadlineMs} ms`;
  if (error.code === 'poll-hosts-status')
    return error.got === 401 ? 'it refuses attestation_auth_blob (401)' : `it answers ${error.got}`;
  return error.message;
}
