// Of which component does a claim speak, where the operator does not say it? As boot logs are read: `componentsOf` of @assay/measurement.
import { AssayError } from '@assay/core';

const firmware = [
  ...['action', 'driver or option ROM', 'firmware code', 'firmware data', 'firmware version', 'separator'],
  ...['secure boot state', 'secure boot PK', 'secure boot KEK', 'secure boot db', 'secure boot dbx', 'secure boot dbt'],
  ...['secure boot dbr', 'secure boot authority', 'SBAT level', 'boot order', 'boot option'],
];
const bootLoader = [
  ...['boot loader command', 'boot loader data', 'boot loader image', 'file of the boot loader', 'key list of shim'],
];
const hypervisor = [
  ...['command that starts the kernel', 'device tree', 'dynamic launch', 'hypervisor command line', 'hypervisor file'],
  ...['kernel command line', 'kernel command line or configuration', 'kernel file', 'kernel image', 'microcode'],
  ...['name of a part of a unified kernel image', 'part of a unified kernel image'],
];
const system = [
  ...['command that loads the initrd', 'credentials', 'file', 'initrd', 'initrd file', 'module command line'],
  ...['measurement of the running system', 'system extension'],
];

const components: ReadonlyMap<string, string> = new Map(
  Object.entries({ firmware, boot_loader: bootLoader, hypervisor, operating_system: system }).flatMap(
    ([component, claims]) => claims.map((claim) => [claim, component] as const),
  ),
);

/**
 * @param component what the operator says, which counts
 * @throws AssayError `claim-component` for a claim that is not known, and of which no component is said
 */
export function componentOfClaim(claim: string, component: string | undefined, where: string): string {
  const known = component ?? (claim.startsWith('UEFI variable ') ? 'firmware' : components.get(claim));
  if (known) return known;
  const hint = 'say --component too, if it is meant';
  throw new AssayError('claim-component', where, `a claim: ${[...components.keys()].sort().join(', ')}`, claim, {
    hint,
  });
}
