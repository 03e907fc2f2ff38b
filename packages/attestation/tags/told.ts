// What is told of a host's asset tags: as they were written, and how far its TPM bears them out now.
import { isDeepStrictEqual } from 'node:util';
import type { HostTags, Verdict } from '@assay/protocol';
import type { KnownTags } from '../storage/tags.ts';

/** @param verdicts of the host in its pools, as valid now */
export function toldTags(known: KnownTags | undefined, verdicts: readonly Verdict[]): HostTags | undefined {
  if (!known) return undefined;
  const { tags, serial, written_at, certified_at, problem } = known;
  const told = { tags, serial, written_at };
  if (verdicts.some((verdict) => isDeepStrictEqual(verdict.tags, tags))) return { ...told, state: 'certified' };
  const findings = verdicts.flatMap((verdict) => verdict.findings.filter(({ code }) => code.startsWith('tag-')));
  const isPending = certified_at === null;
  // That nothing was certified yet is what pending means.
  const found = findings.find(({ code }) => !isPending || code !== 'tag-missing')?.message;
  const why = problem ?? found ?? (isPending ? undefined : verdicts[0]?.reason);
  return { ...told, state: isPending ? 'pending' : 'refused', ...(why !== undefined && { problem: why }) };
}
