// What goes when an update has come? A `next` value names what it replaces; one that names nothing leaves what is good now as it is.
import { componentName, type ReferenceSummary, type ReferenceValue, type UpdateWindow } from '@assay/protocol';
import { listed } from './show-rehearsal.ts';
import { minute, nameOf, shortId } from './value-names.ts';

type Named = Pick<ReferenceSummary, 'id' | 'component' | 'name' | 'version'>;
type Next = Pick<ReferenceValue, 'state' | 'until' | 'replaces'>;

/** @param there values that are there, for their names @returns of a value that is no `next`: nothing */
export function replacesText({ state, until, replaces = [] }: Next, there: readonly Named[], all = false): string {
  if (state !== 'next') return '';
  const when = until === undefined ? 'when it is promoted' : `at ${minute(until)}`;
  return replaces.length > 0
    ? `replaces, ${when}: ${listed(namesOf(replaces, there), all)}`
    : 'replaces nothing: what is good now stays good until it is retired by hand (--replaces ID)';
}

/** What makes a `next` value current. */
export const howToPromote = ({ id, until }: Pick<ReferenceValue, 'id' | 'until'>): string =>
  `${until === undefined ? '' : `current at ${minute(until)}, or now: `}assay reference promote ${shortId(id)}${until === undefined ? ' makes it current' : ''}`;

/** `hypervisor linux-image 6.1 (01234567)`; of one that is not there any more, its id. */
const namesOf = (ids: readonly string[], there: readonly Named[]): string[] =>
  ids.map((id) => {
    const value = there.find((one) => one.id === id);
    const name = value && [componentName(value.component), nameOf(value)].filter(Boolean).join(' ');
    return name ? `${name} (${shortId(id)})` : shortId(id);
  });

/** A known value stays as it is, whatever window was asked for. @returns nothing where it is in that window */
export function unchangedWindow(value: ReferenceValue, asked: UpdateWindow | undefined): string {
  if (value.state === 'retired') return '';
  if (!asked) return value.state === 'next' ? `it is next: ${howToPromote(value)}` : '';
  if (value.state === 'current') return 'it is current, and was not put into a window';
  const { from, until, replaces = [] } = value;
  const isOther =
    differs(asked.from, from) ||
    differs(asked.until, until) ||
    asked.replaces?.some((id) => !replaces.some((one) => one.startsWith(id)));
  return isOther ? `its window was not changed: ${until === undefined ? 'no end' : `until ${minute(until)}`}` : '';
}

const differs = (asked: string | undefined, is: string | undefined): boolean =>
  asked !== undefined && (is === undefined || Date.parse(asked) !== Date.parse(is));
