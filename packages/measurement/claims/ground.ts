// What claims may rest on: the events of PCRs that are proven, with a digest in each bank that is quoted, and whether the
// digest of one vouches for its words.
import type { HashName } from '@assay/tpm/structures';
import { type Attribution, componentsOf, type Role } from '../components.ts';
import { digestText, isDigestOf } from '../digest.ts';
import type { BootEvent, EventLog } from '../event-log/event.ts';
import { labelText } from '../event-log/label-text.ts';
import { exitBootServices, type Phases, phasesOf } from '../event-log/order.ts';
import { isVouchedFor } from '../event-log/vouched.ts';
import { type GrubStory, grubStory } from '../grub.ts';
import { devicePathText } from '../uefi/device-path.ts';
import { hexText, latin1 } from '../uefi/primitives.ts';
import type { Claim, ClaimName, MeasuredThing, Withheld } from './claims.ts';

export class Ground {
  readonly grub: GrubStory;
  readonly parts: readonly Attribution[];
  /** Of PCR 0–7. */
  readonly phases: readonly Phases[];
  readonly withheld: Withheld[] = [];
  readonly #banks: readonly HashName[];
  readonly #proven: (pcr: number) => boolean;
  readonly #ended: boolean;
  readonly #reasons = new Map<string, number[]>();
  readonly #byRole = new Map<Role, Attribution[]>();

  constructor(log: EventLog, banks: readonly HashName[], proven: (pcr: number) => boolean) {
    this.#banks = banks;
    this.#proven = proven;
    this.grub = grubStory(log.events);
    this.parts = componentsOf(log.events, this.grub);
    for (const part of this.parts) {
      const same = this.#byRole.get(part.role);
      if (same) same.push(part);
      else this.#byRole.set(part.role, [part]);
    }
    this.phases = phasesOf(log.events, banks);
    this.#ended = proven(5) && exitBootServices(log.events, banks) !== undefined;
  }

  /** Notes that something cannot be claimed. Events with the same reason are told together. */
  withhold(claim: ClaimName, reason: string, events: readonly BootEvent[]): undefined {
    const indices = events.map(({ index }) => index);
    const known = this.#reasons.get(`${claim}\n${reason}`);
    if (known) known.push(...indices);
    else {
      this.#reasons.set(`${claim}\n${reason}`, indices);
      this.withheld.push({ claim, reason, events: indices });
    }
    return undefined;
  }

  /** Whether the digest of this event is proven and is the hash of its data in every bank. */
  vouches(event: BootEvent): boolean {
    return this.#proven(event.pcr) && isVouchedFor(event, this.#banks);
  }

  /** Whether what is proven is every byte of its data; some shims leave out the last. */
  vouchesForAll(event: BootEvent): boolean {
    return (
      this.vouches(event) &&
      this.#banks.every((bank) => isDigestOf(bank, event.digests[bank] ?? event.data, event.data))
    );
  }

  /** Those of the events that measured none of these contents, the same in every bank. */
  notDigestOf(contents: readonly Uint8Array[], events: readonly BootEvent[]): BootEvent[] {
    const digests = new Set(contents.map((content) => this.#banks.map((bank) => digestText(bank, content)).join('')));
    return events.filter(
      (event) => !digests.has(this.#banks.map((bank) => latin1(event.digests[bank] ?? new Uint8Array())).join('')),
    );
  }

  /** Why not even the digest of this event can be claimed; undefined: it can. */
  doubt(event: BootEvent): string | undefined {
    const { pcr, digests } = event;
    if (!this.#proven(pcr)) return `PCR ${pcr} is not proven`;
    if (this.#banks.length === 0) return 'no bank is quoted';
    for (const bank of this.#banks) if (!digests[bank]) return `no ${bank} digest`;
    return undefined;
  }

  /** Events of these roles, in log order. */
  of(roles: readonly Role[]): Attribution[] {
    const parts = roles.flatMap((role) => this.#byRole.get(role) ?? []);
    return roles.length > 1 ? parts.sort((a, b) => a.event.index - b.event.index) : parts;
  }

  /** Events of these roles as things that were measured: their digests are claimed, their names are not proven. `kind`: of this kind alone. */
  things(claim: ClaimName, roles: readonly Role[], kind?: BootEvent['kind']): Claim<MeasuredThing>[] {
    const claims: Claim<MeasuredThing>[] = [];
    for (const { event, role } of this.of(roles)) {
      if (kind && event.kind !== kind) continue;
      const reason = this.doubt(event) ?? this.#placeDoubt(event);
      if (reason) this.withhold(claim, reason, [event]);
      else claims.push({ value: this.#thing(event, role), events: [event.index] });
    }
    return claims;
  }

  /**
   * Code of the firmware is measured before its separator. PCR 4 has no such end: that the firmware said in PCR 5 that it left proves that
   * the log is whole so far, not what stood in PCR 4 by then. Two PCRs have no common order (L25), so an image that root extended
   * later cannot be told from one that was started; it is one too many, which only a comparison with what is known good shows.
   */
  #placeDoubt(event: BootEvent): string | undefined {
    const phase = this.phases[event.pcr];
    if (!phase) return undefined;
    if (event.pcr <= 3)
      return phase.separators.length > 0 && event.index < (phase.separators[0]?.index ?? 0)
        ? undefined
        : `measured when the firmware had ended PCR ${event.pcr}, or never ended it: it may have been added later`;
    return this.#ended
      ? undefined
      : 'the firmware did not say that it gave the machine away (ExitBootServices): it may have been added later';
  }

  #thing(event: BootEvent, role: Role): MeasuredThing {
    const digests: MeasuredThing['digests'] = {};
    for (const bank of this.#banks) {
      const digest = event.digests[bank];
      if (digest) digests[bank] = hexText(digest);
    }
    return { pcr: event.pcr, role, digests, name: labelText(nameOf(event)) };
  }
}

function nameOf(event: BootEvent): string {
  if (event.kind === 'image' && event.content) return devicePathText(event.content.devicePath) || event.description;
  if (event.kind === 'ipl' && event.content) return event.content.text;
  if (event.kind === 'tagged' && event.content?.label) return event.content.label;
  if (event.kind === 'firmware-blob' && event.content?.name) return event.content.name;
  return event.description;
}
