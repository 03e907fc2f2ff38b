// What changes what is good, put together: one change at a time, the brake, and what is done now and then.
import type { AttestationOptions } from '../options.ts';
import type { RoundNeeds } from '../rounds/round.ts';
import type { Switchboard } from '../rounds/switchboard.ts';
import { createAlarm } from './alarm.ts';
import { type RunTimeBrake, startBrake } from './brake.ts';
import { FallWatch } from './fall-watch.ts';
import { type Housekeeping, keepHouse } from './housekeeping.ts';
import type { ChangeNeeds } from './needs.ts';
import { reappraiseHosts } from './reappraise.ts';
import { createSchedule } from './schedule.ts';
import { createTurns } from './turns.ts';

export type Changes = Pick<ChangeNeeds, 'turns' | 'brakePercent' | 'fallWatch'> & {
  brake: RunTimeBrake;
  housekeeping: Housekeeping;
  close(): Promise<void>;
};

type Options = Pick<AttestationOptions, 'brake_percent' | 'brake_window' | 'alarm_url' | 'alarm_ca_file'>;

/**
 * After the registry was loaded; before anything else tells it of verdicts.
 * @throws AssayError `config-value`, `tls-file` for what is wrong with the alarm
 */
export async function startChanges(
  base: RoundNeeds & { switchboard: Switchboard },
  { brake_percent: brakePercent, brake_window: windowS, alarm_url: url, alarm_ca_file: caFile }: Options,
): Promise<Changes> {
  const { log } = base;
  const alarm = createAlarm({ url, caFile }, log);
  const fallWatch = new FallWatch(windowS * 1000);
  const heldValues = new Map<string, string>();
  const brake = await startBrake({ ...base, alarm, fallWatch, brakePercent, windowS, heldValues });
  const needs = { ...base, turns: createTurns(), brakePercent, fallWatch };
  const schedule = createSchedule({ ...needs, alarm, brake, heldValues });
  // Those a change left behind: a storage that failed, an end of this process before all were judged.
  const judgeThoseBehind = () =>
    needs.turns(async () => {
      const behind = needs.registry.behind();
      if (behind.length > 0) await reappraiseHosts(needs, behind);
    });
  const housekeeping = keepHouse([judgeThoseBehind, brake.look, schedule.run], (windowS * 1000) / 4, log);
  void housekeeping.run(); // what became due while nobody was there
  return {
    ...{ turns: needs.turns, brakePercent, fallWatch, brake, housekeeping },
    async close() {
      await housekeeping.close();
      await brake.close();
      await alarm.close();
    },
  };
}
