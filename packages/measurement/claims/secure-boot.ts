// Which Secure Boot state and keys did the firmware measure? Only what it measured into PCR 7 before the separator counts, once
// each, and only while every event there vouches for itself: a type is not authenticated, so that an event whose words are not
// proven could be another reading of the same variable (L01, L08).
import { escaped } from '@assay/core';
import type { BootEvent, EventOf } from '../event-log/event.ts';
import { fingerprintOf, type Key, keyName, keysOf } from '../uefi/signature-list.ts';
import { globalVariable, shimLock } from '../uefi/variable-meaning.ts';
import type { Claim, Claims, KeyEntry } from './claims.ts';
import type { Ground } from './ground.ts';

type Variable = EventOf<'variable'> & { content: NonNullable<EventOf<'variable'>['content']> };
const isVariable = (event: BootEvent): event is Variable => event.kind === 'variable' && event.content !== undefined;
const isConfig = (event: BootEvent): event is Variable =>
  event.type === 'EV_EFI_VARIABLE_DRIVER_CONFIG' && isVariable(event);
const isSecureBoot = (event: BootEvent): event is Variable =>
  isConfig(event) && event.content.guid === globalVariable && event.content.name === 'SecureBoot';

/** Why no variable of PCR 7 can be claimed; undefined: they can. */
function doubtOf(ground: Ground): { reason: string; events: BootEvent[] } | undefined {
  const { before, separators } = ground.phases[7] ?? { before: [], separators: [] };
  const missing = [...before, ...separators].find((event) => ground.doubt(event));
  if (missing) return { reason: ground.doubt(missing) ?? '', events: [missing] };
  if (separators.length === 0) return { reason: 'the firmware never ended PCR 7 with a separator', events: [] };
  const unproven = before.find((event) => !ground.vouches(event));
  return (
    unproven && {
      reason: 'before the separator of PCR 7 stands an event whose digest does not vouch for it',
      events: [unproven],
    }
  );
}

export function secureBootClaims(
  ground: Ground,
): Pick<Claims, 'secureBoot' | 'shimValidation' | 'secureBootKeys' | 'authorities' | 'sbatLevel'> {
  const { before = [], after = [] } = ground.phases[7] ?? {};
  const doubt = doubtOf(ground);
  const secureBoot = stateOf(ground, doubt);
  const secureBootKeys = keyClaims(ground, before.filter(isConfig), doubt);
  const later = [...before, ...after].filter(isVariable);
  const hidden = after.find((event) => event.type !== 'EV_EFI_VARIABLE_AUTHORITY' || !ground.vouches(event));
  return {
    ...(secureBoot && { secureBoot }),
    ...(!doubt && shimOf(ground, later, hidden)),
    secureBootKeys,
    authorities: later.flatMap((event) => authorityOf(ground, event, hidden)),
    ...sbatOf(ground, later, hidden),
  };
}

/** Behind the separator stand only the variables that vouched for what was started; as something else one could be hidden. */
const hides = 'behind the separator of PCR 7 stands an event that may be another one';

function stateOf(ground: Ground, doubt: ReturnType<typeof doubtOf>): Claims['secureBoot'] {
  const { before = [], after = [] } = ground.phases[7] ?? {};
  const [readings, late] = [before.filter(isSecureBoot), after.filter(isSecureBoot)];
  const [first] = readings;
  const withhold = (reason: string, events: readonly BootEvent[]) => ground.withhold('secureBoot', reason, events);
  if (late.length > 0)
    return withhold('the variable SecureBoot was measured after the separator of PCR 7', [...readings, ...late]);
  if (!first) return withhold('the variable SecureBoot was not measured', []);
  if (readings.length > 1) return withhold('the variable SecureBoot was measured more than once', readings);
  if (doubt) return withhold(doubt.reason, doubt.events);
  const { meaning } = first.content;
  if (meaning.is !== 'flag' || meaning.on === undefined)
    return withhold('the variable SecureBoot holds neither 0 nor 1', readings);
  return { value: meaning.on ? 'on' : 'off', events: [first.index] };
}

const isShimState = ({ content }: Variable) =>
  content.guid === shimLock && (content.name === 'MokSBState' || content.name === 'MokSBStateRT');

/** shim takes any byte but zero for “verify nothing”, and anything longer for no state. */
function shimOf(
  ground: Ground,
  variables: readonly Variable[],
  hidden: BootEvent | undefined,
): Pick<Claims, 'shimValidation'> {
  const states = variables.filter(isShimState);
  const withhold = (reason: string, events: readonly BootEvent[]) => {
    ground.withhold('shimValidation', reason, events);
    return {};
  };
  const unproven = states.filter((event) => !ground.vouchesForAll(event));
  if (unproven.length > 0) return withhold(notVouched, unproven);
  const events = states.map(({ index }) => index);
  const off = states.some(({ content: { value } }) => value.length === 1 && value[0] !== 0);
  if (off) return { shimValidation: { value: 'off', events } };
  if (hidden) return withhold(hides, [hidden]);
  if (states.length === 0) return {};
  if (states.some(({ content: { value } }) => value.length !== 1))
    return withhold('the variable MokSBState holds no state', states);
  return { shimValidation: { value: 'on', events } };
}

function keyClaims(
  ground: Ground,
  variables: readonly Variable[],
  doubt: ReturnType<typeof doubtOf>,
): Claims['secureBootKeys'] {
  const claims = new Map<string, Claim<readonly KeyEntry[]>>();
  const seen = new Map<string, Variable>();
  for (const event of variables) {
    const { name, meaning } = event.content;
    if (meaning.is !== 'keys' && !(meaning.is === 'malformed' && name !== 'SecureBoot')) continue;
    const shown = escaped(name);
    const first = seen.get(shown);
    seen.set(shown, event);
    if (first) {
      claims.delete(shown);
      ground.withhold('secureBootKeys', `the variable ${shown} was measured more than once`, [first, event]);
    } else if (doubt) ground.withhold('secureBootKeys', doubt.reason, [event]);
    else if (meaning.is === 'keys')
      claims.set(
        shown,
        lazy([event.index], () => [...keysOf(meaning.lists)].map(entryOf)),
      );
    else ground.withhold('secureBootKeys', `the variable ${shown} is malformed`, [event]);
  }
  return Object.fromEntries(claims);
}

function authorityOf(ground: Ground, event: Variable, hidden: BootEvent | undefined): Claim<KeyEntry>[] {
  const { meaning } = event.content;
  if (meaning.is !== 'authority') return [];
  const vouched = ground.vouchesForAll(event);
  if (vouched && !hidden) return [lazy([event.index], () => entryOf(meaning.key))];
  const cut = ground.vouches(event) ? 'its digest leaves out the last byte of the key' : notVouched;
  const reason = vouched ? hides : cut;
  ground.withhold('authorities', reason, [event]);
  return [];
}

function sbatOf(
  ground: Ground,
  variables: readonly Variable[],
  hidden: BootEvent | undefined,
): Pick<Claims, 'sbatLevel'> {
  const levels = variables.filter(({ content }) => content.meaning.is === 'text');
  const [first, second] = levels;
  if (first?.content.meaning.is !== 'text') return {};
  const withhold = (reason: string) => {
    ground.withhold('sbatLevel', reason, levels);
    return {};
  };
  if (second) return withhold('measured more than once');
  if (!ground.vouches(first)) return withhold(notVouched);
  if (hidden) return withhold(hides);
  return { sbatLevel: { value: escaped(first.content.meaning.text.trim()), events: [first.index] } };
}

export const notVouched = 'its digest does not vouch for its data';

const entryOf = (key: Key): KeyEntry => ({
  type: key.type,
  owner: key.owner,
  name: keyName(key),
  fingerprint: fingerprintOf(key),
});

/** A claim whose value is put into words when somebody looks: a revocation list has hundreds of entries. */
function lazy<T>(events: readonly number[], make: () => T): Claim<T> {
  let made: { value: T } | undefined;
  return {
    get value() {
      made ??= { value: make() };
      return made.value;
    },
    events,
  };
}
