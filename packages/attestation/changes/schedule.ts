// Updates whose window has ended: what is next becomes current, what it replaces is retired. Unless that would cost more hosts their trust than the
// brake lets: then nothing is done, and somebody is called, once. Which values are good is in the database all the while: no verdict waits for this.
import { AssayError } from '@assay/core';
import type { ReferenceValue } from '@assay/protocol';
import { readJournal, writeJournal } from '../storage/journal.ts';
import type { Alarm } from './alarm.ts';
import { checkBrake } from './apply.ts';
import type { RunTimeBrake } from './brake.ts';
import { nameOf } from './life.ts';
import type { ChangeNeeds } from './needs.ts';
import { promoteValues } from './reference.ts';

export type ScheduleNeeds = ChangeNeeds & { alarm: Alarm; brake: Pick<RunTimeBrake, 'engaged'> };

/** What is held is tried again after this while: a rehearsal of a large fleet is work. */
const againMs = 600_000;

export function createSchedule(needs: ScheduleNeeds) {
  const { db, clock, log, standards, alarm, brake } = needs;
  const heldUntilMs = new Map<string, number>();

  /** All whose time has come. */
  async function due(): Promise<ReferenceValue[]> {
    const now = clock.now().getTime();
    const { values } = (await standards(db)).knownGood;
    return values.filter(({ state, until }) => state === 'next' && until !== undefined && Date.parse(until) <= now);
  }

  /** As many as go together; each is rehearsed with those before it, so that several cannot cost what one may not. */
  async function harmless(values: readonly ReferenceValue[]) {
    const fit: string[] = [];
    const held: { value: ReferenceValue; error: AssayError }[] = [];
    for (const value of values) {
      try {
        const { rehearsal } = await promoteValues(needs, [...fit, value.id], { dry_run: true });
        checkBrake({ kind: 'reference', where: `reference value ${value.id}` }, rehearsal);
        fit.push(value.id);
      } catch (error) {
        if (!(error instanceof AssayError)) throw error;
        held.push({ value, error });
      }
    }
    return { fit, held };
  }

  async function hold(value: ReferenceValue, message: string): Promise<void> {
    const text = `${nameOf(value)} is due since ${value.until} and what it replaces is not retired: ${message}`;
    const [last] = await readJournal(db, { action: 'reference-', subject: value.id, limit: 1 });
    if (last?.action === 'reference-hold' && last.text.includes(` since ${value.until} `)) return;
    const at = clock.now().toISOString();
    const line = { at, by: 'assay', action: 'reference-hold', subject: value.id, text };
    await db.transaction().execute((tx) => writeJournal(tx, line));
    alarm.raise({ event: 'retirement-held', text, at, hosts: [] });
  }

  return {
    /** Does what is due. */
    async run(): Promise<void> {
      const now = clock.uptimeMs();
      const values = (await due()).filter(({ id }) => !((heldUntilMs.get(id) ?? 0) > now));
      if (values.length === 0) return;
      if (brake.engaged) {
        for (const value of values) await hold(value, 'the brake is on');
        return;
      }
      const { fit, held } = await harmless(values);
      for (const { value, error } of held) {
        heldUntilMs.set(value.id, clock.uptimeMs() + againMs);
        await hold(value, error.message);
      }
      if (fit.length === 0) return;
      await promoteValues(needs, fit, { by: 'assay', because: 'its window has ended' });
      for (const id of fit) heldUntilMs.delete(id);
      log.info({ values: fit }, 'updates whose window has ended took the place of what they replace');
    },
  };
}
