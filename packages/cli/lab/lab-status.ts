// What runs of the lab here, and what do its hosts' verdicts say?
import { hostTable } from '../operator/show-hosts.ts';
import { table } from '../operator/table.ts';
import { bootsElse } from './boots.ts';
import { mustBeUp } from './leftovers.ts';
import { type Lab, openLab } from './settings.ts';
import { giveOrder } from './supervisor/control.ts';
import type { UnitStatus } from './supervisor/unit.ts';
import { trustOf } from './trust.ts';

export async function labStatus(state: string, json: boolean): Promise<void> {
  const lab = openLab(state);
  const units = await unitsOf(lab);
  if (json) return console.log(JSON.stringify({ units }, null, 2));
  console.log(unitTable(units));
  console.log(`\n${hostTable(await trustOf(lab).list())}`);
  const other = lab.settings.hosts.flatMap((host) => bootsElse(host) ?? []);
  if (other.length > 0) console.log(`\n${other.join('\n')}`);
}

/** @throws AssayError `lab-down` */
async function unitsOf({ paths }: Lab): Promise<UnitStatus[]> {
  mustBeUp(paths);
  return await giveOrder(paths.supervisorSocket, { order: 'status' });
}

const unitTable = (units: readonly UnitStatus[]): string =>
  table(
    ['unit', 'state', 'pid', 'restarts', 'ended'],
    units.map(({ name, state, pid, restarts, ended }) => [name, state, pid ?? '', restarts, ended ?? '']),
  );
