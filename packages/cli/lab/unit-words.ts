// What has become of the lab's processes, for whoever started or stopped some?
import type { UnitStatus } from './supervisor/unit.ts';

type Status = Pick<UnitStatus, 'name' | 'state' | 'pid'>;

/**
 * A line for each unit that was named, and for each that changed with it.
 * @param before @param after all units
 */
export function orderedText(
  order: 'start' | 'stop',
  named: readonly string[],
  before: readonly Status[],
  after: readonly Status[],
): string {
  const was = new Map(before.map((unit) => [unit.name, unit]));
  const lines = after.flatMap((unit) => {
    const { name, state, pid } = unit;
    const old = was.get(name);
    const isChanged = old?.state !== state || old.pid !== pid;
    if (!isChanged && !named.includes(name)) return [];
    if (state !== (order === 'start' ? 'ready' : 'stopped')) return [`${name} is ${state}`];
    const already = isChanged ? '' : ', as before';
    return [order === 'start' ? `${name} runs${already} (pid ${pid})` : `${name} is stopped${already}`];
  });
  const again = order === 'stop' ? `to start again: assay lab start-unit ${named.join(' ')}` : '';
  return [...lines, again].filter(Boolean).join('\n');
}

/** Of a host that has rebooted: what does not run on it, since somebody stopped it. */
export const stoppedText = (host: string, units: readonly Status[]): string[] =>
  units
    .filter(({ name, state }) => name.startsWith(`${host}-`) && state === 'stopped')
    .map(({ name }) => `${name} was stopped before and stays so: assay lab start-unit ${name}`);
