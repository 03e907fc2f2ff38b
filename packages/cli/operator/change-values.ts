// What becomes of values that are there: retired, promoted, reinstated, removed. Who needs them is said first.
import type { Change, ReferenceChangeResult, ReferenceSummary, UpdateWindow } from '@assay/protocol';
import { componentName } from '@assay/protocol';
import { type ChangeOptions, perform } from './change.ts';
import { replacesText } from './replacing.ts';
import type { openSession } from './session.ts';
import { counted, listed } from './show-rehearsal.ts';
import { minute, nameOf, shortId } from './value-names.ts';

type Session = Pick<ReturnType<typeof openSession>, 'reference' | 'terminal'>;
export type Act = 'retire' | 'promote' | 'reinstate' | 'remove';
type Wanted = { act: Act; ids: readonly string[]; window: { next?: UpdateWindow } };

/** One after the other: of two values that stand in for each other, each alone may go, both may not. */
export async function changeValues(
  { reference, terminal }: Session,
  { act, ids, window }: Wanted,
  options: ChangeOptions,
) {
  const results: ReferenceChangeResult[] = [];
  const send = (id: string, change: Change) =>
    act === 'reinstate' ? reference.reinstate(id, { ...window, ...change }) : reference[act](id, change);
  if (options.dryRun && ids.length > 1) terminal.note('each is rehearsed by itself, as if the others stayed');
  const there = act === 'retire' || act === 'reinstate' ? await reference.list() : [];
  for (const id of ids) {
    const is = act === 'retire' ? retiredAlready(there, id) : undefined;
    await perform<ReferenceChangeResult>(
      {
        send: (change) => send(id, change),
        rehearsalOf: ({ rehearsal }) => (is ? undefined : rehearsal),
        nothing: () => is !== undefined,
        plan: ({ values }) =>
          is
            ? `${what(is)} is retired already${is.retired_at ? `, since ${minute(is.retired_at)}` : ''}: nothing to do`
            : values.map((value) => `${would(act, value)} ${sentence(value)}${update(act, value, there)}`).join('\n'),
        done: ({ values }) =>
          values.map((value) => `${done(act, value)} ${what(value)}${update(act, value, there)}`).join('\n'),
      },
      options,
      { ...terminal, printJson: async (result) => void results.push(result as ReferenceChangeResult) },
    );
  }
  if (options.json) await terminal.printJson(ids.length === 1 ? results[0] : { results });
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

/** What comes back comes as an update. */
const update = (act: Act, value: ReferenceSummary, there: readonly ReferenceSummary[]): string => {
  const replaces = act === 'reinstate' ? replacesText(value, there) : '';
  return replaces && `\n  ${replaces}`;
};

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
