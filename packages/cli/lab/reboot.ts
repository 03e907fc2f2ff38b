// `assay lab reboot HOST`: the host's power goes and comes back. Its TPM resets and counts it, its boot is measured anew; what it boots from now
// on may be another kernel or command line.
import { type BootWish, toBoot } from './boots.ts';
import { lockLab } from './lab-lock.ts';
import { mustBeUp } from './leftovers.ts';
import { hostOf, type LabHost, openLab, writeSettings } from './settings.ts';
import { giveOrder } from './supervisor/control.ts';
import type { UnitStatus } from './supervisor/unit.ts';
import { tpmOf } from './units.ts';

/** Returns when the host's services run again; its verdict follows with its first evidence. @returns what it has booted, and all units */
export async function rebootHost(
  state: string,
  name: string,
  wish: BootWish = {},
): Promise<{ host: LabHost; units: UnitStatus[] }> {
  const { paths } = openLab(state);
  const unlock = lockLab(paths); // lab.json is read and written; whoever else does waits
  try {
    mustBeUp(paths);
    const { settings } = openLab(state);
    const host = toBoot(hostOf(settings.hosts, name), wish);
    // Its log is written when its TPM starts, not before: until then its evidence is that of the boot that is over.
    if (Object.keys(wish).length > 0)
      writeSettings(paths, { ...settings, hosts: settings.hosts.map((one) => (one.name === name ? host : one)) });
    const units = await giveOrder(paths.supervisorSocket, { order: 'restart', unit: tpmOf(name) });
    return { host, units };
  } finally {
    unlock();
  }
}
