// Who has to be asked now, because his evidence is older than somebody wants it, and who has not answered? All of them are asked at the same time;
// nobody is waited for past the deadline. What is stored of a host does not change by its silence here.
import { AssayError } from '@assay/core';
import type { Registry } from '../../registry/registry.ts';
import type { Standing } from '../../registry/standing.ts';
import type { Question, Switchboard } from '../../rounds/switchboard.ts';

type Needs = { registry: Pick<Registry, 'current' | 'instant'>; switchboard: Pick<Switchboard, 'question' | 'tookMs'> };

/** Whoever has one of these will not have a verdict in that pool by being asked. */
const beyondAsking: readonly (string | undefined)[] = ['host-unknown', 'pool-foreign'];
/** These say that there is no verdict that holds, however young. */
const unjudged: readonly (string | undefined)[] = ['no-evidence', 'verdict-expired', 'appraisal-failed'];

/**
 * @param hosts registered names, each once
 * @returns host → why there is no fresh evidence of it. Whoever is missing has some, or was beyond asking.
 */
export async function askAnew(
  { registry, switchboard }: Needs,
  hosts: Iterable<string>,
  pool: string,
  question: Question,
): Promise<ReadonlyMap<string, string>> {
  const silent = new Map<string, string>();
  const began = registry.instant();
  // The slowest first: whatever it takes to ask a hundred hosts, those have it that are awaited last.
  const asked = [...hosts]
    .filter((host) => isOld(registry.current(host, pool, began), question.maxAgeMs))
    .map((host) => ({ host, tookMs: switchboard.tookMs(host) }))
    .sort((a, b) => b.tookMs - a.tookMs);
  await Promise.all(
    asked.map(async ({ host }) => {
      try {
        await switchboard.question(host, question);
        // What counts is what readers are told, and another connection may have brought something older.
        const at = registry.instant();
        if (registry.current(host, pool, at).ageMs > question.maxAgeMs + at.uptimeMs - began.uptimeMs)
          silent.set(host, 'its answer did not count');
      } catch (error) {
        if (!(error instanceof AssayError)) throw error;
        silent.set(host, why(error, question.deadlineMs));
      }
    }),
  );
  return silent;
}

function isOld({ verdict, ageMs }: Standing, maxAgeMs: number): boolean {
  const code = verdict.findings[0]?.code;
  if (beyondAsking.includes(code)) return false;
  // At equal, too: the clock goes in steps, and at 0 whatever is stored was there before the question.
  return unjudged.includes(code) || ageMs >= maxAgeMs;
}

function why(error: AssayError, deadlineMs: number): string {
  if (error.code === 'attest-unavailable') return 'its agent is not connected';
  if (error.code === 'attest-timeout') return `it did not answer within ${deadlineMs / 1000} s`;
  // Where the database lies and what it was asked is for the log, not for clients.
  if (error.code.startsWith('storage-')) return 'the server’s database cannot do this now; its log tells more';
  return error.message;
}
