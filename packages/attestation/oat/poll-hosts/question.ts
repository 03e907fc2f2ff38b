// What does a PollHosts ask? Clients of five generations wrote it, so that what does not matter is not looked at: `count`, masks, analysis types.
import { AssayError } from '@assay/core';
import { check, defaultPool, PollHostsRequest } from '@assay/protocol';

export type Question = {
  /** As sent, in order. */
  readonly hosts: readonly string[];
  readonly pool: string;
  /** Evidence must not be older; undefined: what the policy allows will do. */
  readonly maxAgeMs: number | undefined;
  /** How long fresh evidence is waited for. */
  readonly deadlineMs: number;
};

const usualDeadlineMs = 5_000;
const longestDeadlineMs = 25_000;

/** @throws AssayError `oat-hosts-invalid` when it names no hosts, `oat-time-invalid` */
export function questionOf(body: unknown): Question {
  const { hosts, pool = defaultPool, timeThreshold, deadline } = checked(body);
  return {
    hosts: typeof hosts === 'string' ? [hosts] : hosts,
    pool,
    maxAgeMs: milliseconds('timeThreshold', timeThreshold),
    deadlineMs: Math.min(milliseconds('deadline', deadline) ?? usualDeadlineMs, longestDeadlineMs),
  };
}

function checked(body: unknown): PollHostsRequest {
  try {
    return check(PollHostsRequest, body, 'body');
  } catch (cause) {
    if (!(cause instanceof AssayError)) throw cause;
    const expected = cause.where === 'body.pool' ? cause.expected : 'hosts: an array of names, or one name';
    throw new AssayError('oat-hosts-invalid', cause.where, expected, cause.got, { cause });
  }
}

/** A wish for fresh evidence that cannot be read is refused: it must not be answered with old evidence. */
function milliseconds(field: string, value: unknown): number | undefined {
  if (value === undefined || value === null || value === '') return undefined;
  const ms = typeof value === 'string' && /^\s*[+-]?\d+(\.\d+)?\s*$/.test(value) ? Number(value) : value;
  if (typeof ms !== 'number')
    throw new AssayError('oat-time-invalid', `body.${field}`, 'milliseconds: a number, or one as text', value, {
      hint: 'leave it out, and verdicts are as old as the policy allows',
    });
  return ms < 0 ? undefined : ms;
}
