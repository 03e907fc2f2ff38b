// What would a change do to the fleet, for a person? Every host whose verdict would be another one, who loses trust first.
import { escaped } from '@assay/core';
import type { Rehearsal, VerdictChange } from '@assay/protocol';
import { table } from './table.ts';

/** Of changes and of silent hosts, unless all are asked for. */
const mostShown = 30;

export function rehearsalText(rehearsal: Rehearsal, all = false): string {
  const {
    hosts,
    silent,
    changes,
    more = 0,
    stale = 0,
    when_heard: heard = [],
    losing_unheard: unheard = 0,
  } = rehearsal;
  const sorted = [...changes].sort((a, b) => order(a) - order(b));
  const shown = all ? sorted : sorted.slice(0, mostShown);
  const unshown = sorted.length - shown.length;
  const parts = [
    shown.length === 0 ? '' : table(['host', 'pool', 'before', 'after', 'finding'], shown.map(rowOf)),
    unshown > 0 ? `and ${unshown} more (--all)` : '',
    more > 0 ? `and ${more} more that the server does not list` : '',
    unheard === 0
      ? ''
      : `${counted(unheard, 'host')} whose verdict has expired would not be trusted when heard again: ${listed([...new Set(heard.map(({ host }) => host))], all)}${whyHeard(heard)}`,
    `rehearsed on the recorded evidence of ${counted(hosts, 'host')}: ${outcome(rehearsal)}`,
    stale === 0
      ? ''
      : `the verdict of ${counted(stale, 'host')} has expired, and their last evidence is a day old or not good: they do not count`,
    silent.length === 0 ? '' : `of ${listed(silent, all)} nothing can be said: no evidence is recorded`,
  ];
  return parts.filter(Boolean).join('\n');
}

/** The first finding of each code, with its reason: who is away is not in the table. */
function whyHeard(changes: readonly VerdictChange[]): string {
  const codes = new Map(changes.toReversed().map(({ code = 'no longer in the pool', reason }) => [code, reason]));
  return [...codes]
    .map(([code, reason]) => `\n  ${escaped(reason.startsWith(code) ? reason : `${code}: ${reason}`)}`)
    .join('');
}

/** How many would lose trust, now or when they are heard again. */
export const allLosing = ({ losing, losing_unheard: unheard = 0 }: Rehearsal): number => losing + unheard;

/** `3 of 10 trusted hosts would lose trust (30 %)`; `1 of 10 …, after 3 by other changes just now (40 %)`; `…, 2 of them when heard again (20 %)` */
export function loss(rehearsal: Rehearsal): string {
  const { losing_unheard: unheard = 0, lost_recently: lost = 0, losing_percent: share } = rehearsal;
  const losing = allLosing(rehearsal);
  if (losing === 0) return '0 trusted hosts would lose trust';
  // The share says of how many: the server rounds nothing before it compares.
  const of = share > 0 ? ` of ${Math.round(((losing + lost) * 100) / share)}` : '';
  const away = unheard > 0 ? `, ${unheard === losing ? '' : `${unheard} of them `}when heard again` : '';
  const before = lost > 0 ? `, after ${lost} by other changes just now` : '';
  return `${losing}${of} trusted ${losing === 1 && !of ? 'host' : 'hosts'} would lose trust${away}${before} (${rounded(share)} %)`;
}

function outcome(rehearsal: Rehearsal): string {
  const { changes, more = 0 } = rehearsal;
  const losing = allLosing(rehearsal);
  const gaining = changes.filter(({ before, after }) => before !== 'trusted' && after === 'trusted').length;
  const gained = gaining > 0 ? `${gaining}${more > 0 ? ' or more' : ''} would gain it` : '';
  if (changes.length === 0 && losing === 0) return 'no verdict would change';
  return [losing > 0 ? loss(rehearsal) : 'nobody would lose trust', gained].filter(Boolean).join(', ');
}

const order = ({ before, after }: VerdictChange): number =>
  before === 'trusted' && after !== 'trusted' ? 0 : after === 'trusted' ? 2 : 1;

const rowOf = ({ host, pool, before, after, code, reason }: VerdictChange) => [
  host,
  pool,
  before ?? 'none',
  after ?? 'not in the pool',
  escaped(code && !reason.startsWith(code) ? `${code}: ${reason}` : reason),
];

const rounded = (share: number): string => String(Math.round(share * 10) / 10);

/** `1 host`, `3 hosts` */
export const counted = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;

/** `node1, node2 and 3 more` */
export function listed(names: readonly string[], all = false, most = 10): string {
  const shown = all || names.length <= most ? names : names.slice(0, most);
  const more = names.length - shown.length;
  return `${shown.map(escaped).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}
