// What becomes of values that are there: retired, promoted, reinstated, removed. Who needs them is said first.
import type { ReferenceChangeResult, ReferenceSummary, UpdateWindow } from '@assay/protocol';
import { componentName } from '@assay/protocol';
import { type ChangeOptions, perform } from './change.ts';
import { howToPromote, replacesText } from './replacing.ts';
import type { openSession } from './session.ts';
import { counted, listed } from './show-rehearsal.ts';
import { minute, nameOf, shortId } from './value-names.ts';

type Session = Pick<ReturnType<typeof openSession>, 'reference' | 'terminal'>;
export type Act = 'retire' | 'promote' | 'reinstate' | 'remove';
type Wanted = { act: Act; ids: readonly string[]; window: { next?: UpdateWindow } };

/** All of them or none, rehearsed together. */
export async function changeValues(
  { reference, terminal }: Session,
  { act, ids, window }: Wanted,
  options: ChangeOptions,
): Promise<void> {
  const there = act === 'retire' || act === 'reinstate' ? await reference.list() : [];
  const before = act === 'retire' ? [...new Set(ids.flatMap((id) => retiredAlready(there, id) ?? []))] : [];
  const isOld = ({ id }: ReferenceSummary) => before.some((one) => one.id === id);
  const nothing = ({ values }: ReferenceChangeResult) => values.every(isOld);
  await perform<ReferenceChangeResult>(
    {
      send: (change) =>
        act === 'reinstate'
          ? reference.reinstate({ ids: [...ids], ...window, ...change })
          : reference[act]({ ids: [...ids], ...change }),
      rehearsalOf: (result) => (nothing(result) ? undefined : result.rehearsal),
      nothing,
      plan: ({ values }) =>
        [
          ...before.map(
            (value) =>
              `${what(value)} is retired already${value.retired_at ? `, since ${minute(value.retired_at)}` : ''}: nothing to do`,
          ),
          ...values
            .filter((value) => !isOld(value))
            .map((value) => `${would(act, value)} ${sentence(value)}${update(act, value, there)}`),
        ].join('\n'),
      done: ({ values }) =>
        values.map((value) => `${done(act, value)} ${what(value)}${update(act, value, there)}`).join('\n'),
    },
    options,
    terminal,
  );
}

/** Promoting one retires what it replaces, and both are told. */
const actOn = (act: Act, { state }: ReferenceSummary): Act =>
  act === 'promote' && state === 'retired' ? 'retire' : act;
const would = (act: Act, value: ReferenceSummary): string => `would ${actOn(act, value)}`;
const past = { retire: 'retired', promote: 'promoted', reinstate: 'reinstated', remove: 'removed' } as const;
const done = (act: Act, value: ReferenceSummary): string => past[actOn(act, value)];

/** Where several begin so the server says which. */
function retiredAlready(there: readonly ReferenceSummary[], id: string): ReferenceSummary | undefined {
  const [only, another] = there.filter((value) => value.id.startsWith(id));
  return only?.state === 'retired' && !another ? only : undefined;
}

/** What comes back comes as an update, and stays one until somebody says so. */
function update(act: Act, value: ReferenceSummary, there: readonly ReferenceSummary[]): string {
  if (act !== 'reinstate') return '';
  return ['', `it is next: ${howToPromote(value)}`, replacesText(value, there)].join('\n  ');
}

const what = (value: ReferenceSummary): string =>
  `${componentName(value.component)} ${nameOf(value) || value.form} (${shortId(value.id)})`;

function sentence(value: ReferenceSummary): string {
  const { hosts, hosts_last_heard: past = [] } = value;
  const present =
    hosts.length === 0
      ? 'no verdict rests on it'
      : `the verdicts of ${counted(hosts.length, 'host')} rest on it: ${listed(hosts)}`;
  return [what(value), present, past.length === 0 ? '' : `resting on it when last heard: ${listed(past)}`]
    .filter(Boolean)
    .join('; ');
}
