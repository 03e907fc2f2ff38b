// `assay lab reboot HOST`: the host's power goes and comes back. Its TPM resets and counts it, its boot is measured anew.
import { AssayError } from '@assay/core';
import { openLab } from './settings.ts';
import { giveOrder } from './supervisor/control.ts';
import { tpmOf } from './units.ts';

/** Returns when the host's services run again; its verdict follows with its first evidence. */
export async function rebootHost(state: string, host: string): Promise<void> {
  const { settings, paths } = openLab(state);
  const names = settings.hosts.map(({ name }) => name);
  if (!names.includes(host)) throw new AssayError('lab-host', 'host', names.join(', '), host);
  await giveOrder(paths.supervisorSocket, { order: 'restart', unit: tpmOf(host) });
}
