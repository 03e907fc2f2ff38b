// With which command line were kernel and hypervisor started? Claimed when its digest vouches for its text, and when nothing
// beside it could be another one: GRUB's words “grub_cmd” and “kernel_cmdline” are not part of what it hashes, so that the
// command which started the kernel has to say the same, each such command has its line, no event of PCR 8 may hide what it
// measured, and what the kernel measured as its load options (PCR 9) has to be this line.
// What it does not prove: that GRUB said it. PCR 8, 9 and 12 stay open while the system runs. Where nothing in them tells of the
// real command line (a host that starts an older kernel without GRUB), root can extend them by one and add it to the log.
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
  const doubt = doubtOfPcr8(ground);
  if (doubt) return withhold(doubt.reason, [doubt.event]);
  const { argumentsOf } = ground.grub;
  const other = spoken.find(differsFrom(value, argumentsOf));
  if (other) return withhold('the command that started it says something else', [other]);
  const tagged = lines.filter(({ kind }) => kind === 'tagged');
  const options = tagged.length > 0 ? ground.notDigestOf(loadOptionsOf(value), tagged) : [];
  if (options.length > 0) return withhold('the kernel measured other load options', options);
  return { [claim]: { value: escaped(value.trim()), events: spoken.map(({ index }) => index) } };
}

/** Many lines may come from one command, which may be megabytes long: it is looked at once. */
function differsFrom(value: string, argumentsOf: ReadonlyMap<number, string>): (event: BootEvent) => boolean {
  const wanted = plain(value);
  let [last, differs] = [value, false];
  return ({ index }) => {
    const words = argumentsOf.get(index);
    if (words === undefined) return false;
    if (words !== last) [last, differs] = [words, plain(words) !== wanted];
    return differs;
  };
}

/** What in PCR 8 may be another command line than what is claimed. Its types are not authenticated: an action may be a command. */
function doubtOfPcr8(ground: Ground): { reason: string; event: BootEvent } | undefined {
  const { spoke, unanswered } = ground.grub;
  for (const { event } of ground.parts) {
    if (event.pcr !== 8) continue;
    if (!ground.vouches(event)) return { reason: 'in PCR 8 stands an event whose digest does not vouch for it', event };
    const isKnown = event.kind === 'ipl' && (event.content?.command !== undefined || !spoke);
    if (!isKnown) return { reason: 'in PCR 8 stands an event that is none of GRUB’s', event };
    if (event.index === unanswered[0])
      return { reason: 'no command line follows a command that starts something', event };
  }
  return undefined;
}

/**
 * What Linux' EFI stub may have been given, and so measured: UTF-16 with or without the NUL that ends it; mainline GRUB puts a name
 * before the path of the kernel, systemd-stub nothing.
 */
export function loadOptionsOf(line: string): Uint8Array[] {
  const lines = line === line.trim() ? [line] : [line, line.trim()];
  return lines
    .flatMap((text) => [text, `BOOT_IMAGE=${text}`])
    .flatMap((text) => [text, `${text}\0`])
    .map((text) => Buffer.from(text, 'utf16le'));
}
