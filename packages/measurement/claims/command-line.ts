// With which command line were kernel and hypervisor started? Claimed when its digest vouches for its text, and when nothing
// beside it could be another one: GRUB's words “grub_cmd” and “kernel_cmdline” are not part of what it hashes, so that the
// command which started the kernel has to say the same, and no event of PCR 8 may hide what it measured.
import { escaped } from '@assay/core';
import type { Role } from '../components.ts';
import type { BootEvent } from '../event-log/event.ts';
import type { Claims } from './claims.ts';
import type { Ground } from './ground.ts';
import { notVouched } from './secure-boot.ts';

/** In characters; Linux takes 4,096 at most on any architecture. */
const longest = 65_536;

/** How GRUB quotes differs between command and command line. */
const plain = (text: string) => text.replace(/[\\'"]/g, '').trim();
const wordsOf = (event: BootEvent): string | undefined => (event.kind === 'ipl' ? event.content?.words : undefined);

export function commandLineClaims(
  ground: Ground,
): Pick<Claims, 'commandLine' | 'hypervisorCommandLine' | 'loadOptions'> {
  return {
    ...text('commandLine', 'kernel command line', ground),
    ...text('hypervisorCommandLine', 'hypervisor command line', ground),
    loadOptions: ground.things('loadOptions', ['kernel command line'], 'tagged'),
  };
}

function text(
  claim: 'commandLine' | 'hypervisorCommandLine',
  role: Role,
  ground: Ground,
): Pick<Claims, 'commandLine' | 'hypervisorCommandLine'> {
  const lines = ground.of([role]).map(({ event }) => event);
  const spoken = lines.filter(({ kind }) => kind === 'ipl');
  const withhold = (reason: string, of: readonly BootEvent[]) => {
    ground.withhold(claim, reason, of);
    return {};
  };
  const [first] = spoken;
  if (!first) return lines.length > 0 ? withhold('the log has its digest, not its text', lines) : {};
  const unproven = spoken.filter((event) => !ground.vouches(event));
  if (unproven.length > 0) return withhold(notVouched, unproven);
  const value = wordsOf(first) ?? '';
  if (value.length > longest) return withhold('it is longer than any kernel takes', spoken);
  if (spoken.some((event) => wordsOf(event) !== value)) return withhold('there is more than one', spoken);
  if (spoken.some(({ pcr }) => pcr === 8)) {
    const { spoke, argumentsOf } = ground.grub;
    const hidden = spoke && ground.parts.find(({ event }) => event.pcr === 8 && !ground.vouches(event));
    if (hidden) return withhold('in PCR 8 stands an event whose digest does not vouch for it', [hidden.event]);
    const other = spoken.find(
      ({ index }) => argumentsOf.has(index) && plain(argumentsOf.get(index) ?? '') !== plain(value),
    );
    if (other) return withhold('the command that started it says something else', [other]);
  }
  return { [claim]: { value: escaped(value.trim()), events: spoken.map(({ index }) => index) } };
}
