// Updates whose window has ended: what is next becomes current, what it replaces is retired. Unless that would cost more hosts their trust than the
// brake lets: then nothing is done, and somebody is called, once. Which values are good is in the database all the while: no verdict waits for this.
import { AssayError } from '@assay/core';
import type { ReferenceValue } from '@assay/protocol';
import { readJournal, writeJournal } from '../storage/journal.ts';
import type { Alarm } from './alarm.ts';
import { checkBrake, losersIn } from './apply.ts';
import type { RunTimeBrake } from './brake.ts';
import { nameOf } from './life.ts';
import type { ChangeNeeds } from './needs.ts';
import { promoteValues } from './reference.ts';

export type ScheduleNeeds = ChangeNeeds & {
  alarm: Alarm;
  brake: Pick<RunTimeBrake, 'engaged' | 'turned' | 'state'>;
  /** What is not promoted though its time has come, by id, in words: kept here. */
  heldValues: Map<string, string>;
};

/** What is held is tried again after this while, or when what held it may have changed: a rehearsal of a large fleet is work. */
const againMs = 600_000;

/** The last try of a value: until when it is worth no other, while the standards and the brake stay as they were. */
type Tried = { readonly untilMs: number; readonly revision: number; readonly turned: number };

export function createSchedule(needs: ScheduleNeeds) {
  const { db, clock, log, standards, alarm, brake, heldValues } = needs;
  const tried = new Map<string, Tried>();

  /** All whose time has come. */
  async function due(): Promise<{ values: ReferenceValue[]; revision: number }> {
    const now = clock.now().getTime();
    const { knownGood, revision } = await standards(db);
    const ended = ({ state, until }: ReferenceValue) =>
      state === 'next' && until !== undefined && Date.parse(until) <= now;
    return { values: knownGood.values.filter(ended), revision };
  }

  const isWaiting = ({ id }: ReferenceValue, revision: number): boolean => {
    const last = tried.get(id);
    if (!last) return false;
    return last.revision === revision && last.turned === brake.turned && clock.uptimeMs() < last.untilMs;
  };

  /** As many as go together; each is rehearsed with those before it, so that several cannot cost what one may not. */
  async function harmless(values: readonly ReferenceValue[]) {
    const fit: string[] = [];
    const held: { value: ReferenceValue; error: AssayError; hosts: string[] }[] = [];
    for (const value of values) {
      let hosts: string[] = [];
      try {
        const { rehearsal } = await promoteValues(needs, [...fit, value.id], { dry_run: true });
        hosts = losersIn(rehearsal);
        const command = `assay reference promote ${value.id.slice(0, 8)}`;
        checkBrake({ kind: 'reference', where: `reference value ${value.id}`, command }, rehearsal);
        fit.push(value.id);
      } catch (error) {
        if (!(error instanceof AssayError)) throw error;
        held.push({ value, error, hosts });
      }
    }
    return { fit, held };
  }

  /** Each reason is written once, and somebody is called; with other numbers it is the same. */
  async function hold(value: ReferenceValue, message: string, hosts: readonly string[]): Promise<void> {
    const text = `${nameOf(value)} is due since ${value.until} and what it replaces is not retired: ${message}`;
    heldValues.set(value.id, `${value.id.slice(0, 8)} ${text}`);
    const lines = await readJournal(db, { action: 'reference-hold', subject: value.id });
    if (lines.some((line) => reasonOf(line.text) === reasonOf(text))) return;
    const at = clock.now().toISOString();
    const line = { at, by: 'assay', action: 'reference-hold', subject: value.id, text };
    await db.transaction().execute((tx) => writeJournal(tx, line));
    alarm.raise({ event: 'retirement-held', text, at, hosts });
  }

  return {
    /** Does what is due. */
    async run(): Promise<void> {
      const { values: all, revision } = await due();
      for (const id of [...heldValues.keys()]) if (!all.some((value) => value.id === id)) heldValues.delete(id);
      for (const id of [...tried.keys()]) if (!heldValues.has(id)) tried.delete(id);
      const values = all.filter((value) => !isWaiting(value, revision));
      if (values.length === 0) return;
      if (brake.engaged) {
        for (const value of values) await hold(value, 'the brake is on', brake.state().fallen);
        return;
      }
      const { fit, held } = await harmless(values);
      for (const { value, error, hosts } of held) {
        tried.set(value.id, { untilMs: clock.uptimeMs() + againMs, revision, turned: brake.turned });
        await hold(value, error.message, hosts);
      }
      if (fit.length === 0) return;
      await promoteValues(needs, fit, { by: 'assay', because: 'its window has ended' });
      for (const id of fit) heldValues.delete(id);
      log.info({ values: fit }, 'updates whose window has ended took the place of what they replace');
    },
  };
}

/** Since when, what was expected, and why; not how many and who. */
const reasonOf = (text: string): string => {
  const [since = '', ...rest] = text.split(' and what it replaces ');
  return `${since} ${rest
    .join(' ')
    .replace(/\d+/g, '#')
    .replace(/(most by [^:]*):.*$/s, '$1')}`;
};
