// Which claims does a log support? Digests are claimed of any event; words only where the digest is the hash of them.
import { escaped } from '@assay/core';
import type { HashName } from '@assay/tpm/structures';
import type { EventLog } from '../event-log/event.ts';
import type { Claims } from './claims.ts';
import { commandLineClaims } from './command-line.ts';
import { Ground } from './ground.ts';
import { notVouched, secureBootClaims } from './secure-boot.ts';

/**
 * @param banks that the quote covers; none: nothing is claimed
 * @param proven PCRs whose value the quote proves and the log explains; every one unless told
 */
export function claimsOf(
  log: EventLog,
  banks: readonly HashName[],
  proven: (pcr: number) => boolean = () => true,
): Claims {
  const ground = new Ground(log, banks, proven);
  const kernel = ground.things('kernel', ['kernel image', 'kernel file']);
  if (kernel.length === 0 && !ground.withheld.some(({ claim }) => claim === 'kernel'))
    ground.withhold('kernel', 'no event measures it', []);
  return {
    ...firmwareVersion(ground),
    firmware: ground.things('firmware', ['firmware code', 'driver or option ROM']),
    ...secureBootClaims(ground),
    bootLoader: ground.things('bootLoader', ['boot loader image']),
    kernel,
    initrd: ground.things('initrd', ['initrd', 'initrd file']),
    ...commandLineClaims(ground),
    hypervisor: ground.things('hypervisor', ['hypervisor file']),
    operatingSystem: ground.things('operatingSystem', [
      'part of a unified kernel image',
      'device tree',
      'microcode',
      'credentials',
      'system extension',
    ]),
    withheld: ground.withheld,
  };
}

function firmwareVersion(ground: Ground): Pick<Claims, 'firmwareVersion'> {
  const { before = [] } = ground.phases[0] ?? {};
  const versions = before.filter((event) => event.kind === 'version');
  const [first, second] = versions;
  if (!first) return {};
  const reason =
    ground.doubt(first) ?? (second ? 'measured more than once' : ground.vouches(first) ? undefined : notVouched);
  if (reason) {
    ground.withhold('firmwareVersion', reason, versions);
    return {};
  }
  return { firmwareVersion: { value: escaped(first.content?.text ?? ''), events: [first.index] } };
}
