// How do values get into the known-good database? Shown and rehearsed first, as every change.
import { AssayError, escaped } from '@assay/core';
import type {
  LearnResult,
  NewReferenceValue,
  ReferenceRequest,
  ReferenceSummary,
  ReferenceValue,
  UpdateWindow,
} from '@assay/protocol';
import { type ChangeOptions, perform, type Steps } from './change.ts';
import { replacesText, unchangedWindow } from './replacing.ts';
import type { openSession } from './session.ts';
import { valuesText } from './show-reference.ts';
import { counted } from './show-rehearsal.ts';
import { shortId } from './value-names.ts';

type Session = Pick<ReturnType<typeof openSession>, 'reference' | 'terminal'>;

/** @param window as `windowOf` gives it @returns what was added, or would be, and what was known */
export async function addValues(
  { reference, terminal }: Session,
  values: NewReferenceValue[],
  window: Pick<ReferenceRequest, 'next' | 'retired'>,
  options: ChangeOptions,
): Promise<LearnResult> {
  const update = await updateOf(reference, window.next);
  let found: LearnResult = { added: [], known: [] };
  const send: Steps<LearnResult>['send'] = async (change) => {
    found = await reference.add({ values, ...window, ...change });
    return found;
  };
  await perform(addition(send, options, update), options, terminal);
  return found;
}

/**
 * Of what was to be good, some is: added, or known as that. A dry run only says.
 * @throws AssayError `reference-retired`
 */
export function notGood(results: readonly LearnResult[], { dryRun }: ChangeOptions): void {
  const known = results.flatMap(({ known }) => known);
  if (dryRun || known.length === 0 || results.some(({ added }) => added.length > 0)) return;
  if (known.some(({ state }) => state !== 'retired')) return;
  const ids = known.map(({ id }) => shortId(id));
  throw new AssayError('reference-retired', 'known good', 'values that are good, or new ones', 'retired ones alone', {
    hint: `nothing was added, and none of it is good; to make it good again: ${ids.map((id) => `assay reference reinstate ${id}`).join('; ')}`,
  });
}

/** A window that was asked for, and what is there to be replaced in it. */
type Update = { window?: UpdateWindow; there: readonly ReferenceSummary[] };

export const updateOf = async (reference: Session['reference'], window: UpdateWindow | undefined): Promise<Update> =>
  window ? { window, there: await reference.list() } : { there: [] };

/** Adding, whoever finds out what: known values are named, and need nothing. */
export const addition = (
  send: Steps<LearnResult>['send'],
  { all: given, dryRun }: Pick<ChangeOptions, 'all' | 'dryRun'>,
  { window, there }: Update = { there: [] },
): Steps<LearnResult> => {
  const all = given === true;
  return {
    send,
    rehearsalOf: ({ added, rehearsal }) => (added.length > 0 ? rehearsal : undefined),
    plan: ({ added, known }) =>
      [
        ...added.map((value) =>
          lines(valuesText(dryRun ? 'would add' : 'will add', [value], all), replacesText(value, there, all)),
        ),
        ...known.map((value) => knownText(value, window)),
        added.length + known.length === 0 ? 'nothing to add' : '',
      ]
        .filter(Boolean)
        .join('\n'),
    nothing: ({ added }) => added.length === 0,
    done: ({ added }) => {
      const ids = added.map(({ id }) => shortId(id));
      const undo = `to take ${ids.length === 1 ? 'it' : 'them'} back: assay reference retire ${ids.join(' ')}`;
      const replacing = [...Map.groupBy(added, (value) => replacesText(value, there, all))].map(([text, those]) =>
        text && added.length > 1 ? `${those.map(({ id }) => shortId(id)).join(', ')}: ${text}` : text,
      );
      return lines(`added ${counted(added.length, 'value')}: ${ids.join(', ')}; ${undo}`, ...replacing);
    },
  };
};

const lines = (first: string, ...rest: string[]): string =>
  [first, ...rest.filter(Boolean).map((line) => `  ${line}`)].join('\n');

function knownText(value: ReferenceValue, window: UpdateWindow | undefined): string {
  const { state, id, retired_because: because } = value;
  const verb = state === 'retired' ? 'NOT good, for it was retired:' : 'already known:';
  const [head] = valuesText(verb, [value], false).split('\n');
  if (state !== 'retired') return [head, unchangedWindow(value, window)].filter(Boolean).join(', ');
  const why = because ? ` because “${escaped(because)}”` : '';
  return `${head}${why}; to make it good again: assay reference reinstate ${shortId(id)}`;
}
