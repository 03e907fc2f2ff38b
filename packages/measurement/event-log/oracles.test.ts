// Two that share no code with us say the same of every log, also of mangled ones: tpm2_eventlog, and a slow replayer of our own.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { AssayError } from '@assay/core';
import { hashId, type hashNames } from '@assay/tpm/structures';
import { type EventLog, parseEventLog, replay } from '../index.ts';
import {
  type CorpusLog,
  corpusLog,
  corpusLogs,
  mutants,
  replaySlowly,
  toolsEvents,
  toolsPcrs,
} from '../testing/index.ts';

const folder = mkdtempSync(join(tmpdir(), 'assay-eventlog-'));
after(() => rmSync(folder, { recursive: true }));

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

/** PCR values by bank, hex; a bank that cannot be replayed is absent. */
function replayed(log: EventLog): Map<string, Map<number, string>> {
  return new Map(
    log.algorithms.flatMap(({ name }) => {
      if (!name) return [];
      try {
        const values = replay(log.events, name, log.startupLocality);
        return [[name, new Map([...values].map(([pcr, value]) => [pcr, hex(value)]))] as const];
      } catch (error) {
        assert.ok(error instanceof AssayError);
        return [];
      }
    }),
  );
}

function sameAsSlow(bytes: Uint8Array, which: string): void {
  const log = parseEventLog(bytes);
  const slow = replaySlowly(bytes);
  assert.equal(log.broken === undefined, slow.whole, which);
  const ours = log.events.map(({ frame }) => ({
    pcr: frame.pcr,
    type: frame.type,
    digests: frame.digests.map(({ algorithm, digest }) => [algorithm, hex(digest)]),
    data: hex(frame.data),
  }));
  assert.deepEqual(ours, slow.events, which);
  const byId = new Map(
    [...replayed(log)].map(([name, values]) => [hashId(name as (typeof hashNames)[number]), values]),
  );
  if (log.events.length > 0) assert.deepEqual(byId, slow.pcrs, which);
}

for (const [seed, name] of corpusLogs.entries())
  test(`a second replayer agrees on ${name} and 150 mutants of it`, () => {
    const bytes = corpusLog(name);
    sameAsSlow(bytes, name);
    for (const [i, mutant] of mutants(bytes, 150, 4711 + seed).entries()) sameAsSlow(mutant, `mutant ${i}`);
  });

/** What tpm2_eventlog says of a log; undefined: it does not accept it. */
function tools(bytes: Uint8Array): string | undefined {
  const file = join(folder, 'log');
  writeFileSync(file, bytes);
  const { status, stdout } = spawnSync('tpm2_eventlog', [file], { encoding: 'latin1', maxBuffer: 64 * 1024 * 1024 });
  return status === 0 ? stdout : undefined;
}

/** @returns whether tpm2_eventlog accepts the log, and then agrees */
function sameAsTools(bytes: Uint8Array, which: string): boolean {
  const log = parseEventLog(bytes);
  // tpm2_eventlog 5.4 writes beyond its array for a PCR that no TPM has (GHSA-qp88-8f4j-wv7q).
  if (log.events.some(({ pcr }) => pcr > 23)) return false;
  const said = tools(bytes);
  if (said === undefined) return false;
  // It does not look at the sizes in a header (L16), nor at its signature (L15).
  if (log.broken?.code === 'log-header' || (log.format === 'sha1' && said.includes('\n  SpecID:'))) return false;
  assert.equal(log.broken, undefined, which);
  const theirs = toolsEvents(said);
  assert.equal(log.events.length, theirs.length, which);
  for (const [i, their] of theirs.entries()) {
    const event = log.events[i];
    const digests = Object.fromEntries(
      Object.entries(event?.digests ?? {}).map(([bank, digest]) => [bank, hex(digest)]),
    );
    assert.deepEqual([event?.pcr, event?.data.length], [their.pcr, their.size], `${which}, event ${i}`);
    if (!/unknown/i.test(their.type)) assert.equal(event?.type, their.type, `${which}, event ${i}`);
    assert.deepEqual(digests, their.digests, `${which}, event ${i}`);
  }
  for (const [bank, values] of Object.entries(toolsPcrs(said)))
    assert.deepEqual(replayed(log).get(bank), values, `${which}, ${bank}`);
  return true;
}

const small: CorpusLog[] = ['ovmf-linux-6.1', 'event-sd-boot-fedora37', 'event-uefivar', 'event-uefi-sha1-log'];

for (const [seed, name] of corpusLogs.entries())
  test(`tpm2_eventlog agrees on ${name}, and on its mutants where it accepts them`, () => {
    const bytes = corpusLog(name);
    assert.ok(sameAsTools(bytes, name));
    const accepted = mutants(bytes, small.includes(name) ? 40 : 10, 1009 + seed).filter((mutant, i) =>
      sameAsTools(mutant, `mutant ${i}`),
    );
    if (small.includes(name)) assert.ok(accepted.length > 0);
  });
