// How do values get into the known-good database? Shown and rehearsed first, as every change.
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

/** @param window as `windowOf` gives it */
export async function addValues(
  { reference, terminal }: Session,
  values: NewReferenceValue[],
  window: Pick<ReferenceRequest, 'next' | 'retired'>,
  options: ChangeOptions,
): Promise<LearnResult | undefined> {
  const update = await updateOf(reference, window.next);
  const send: Steps<LearnResult>['send'] = (change) => reference.add({ values, ...window, ...change });
  return await perform(addition(send, options.all === true, update), options, terminal);
}

/** A window that was asked for, and what is there to be replaced in it. */
type Update = { window?: UpdateWindow; there: readonly ReferenceSummary[] };

export const updateOf = async (reference: Session['reference'], window: UpdateWindow | undefined): Promise<Update> =>
  window ? { window, there: await reference.list() } : { there: [] };

/** Adding, whoever finds out what: known values are named, and need nothing. */
export const addition = (
  send: Steps<LearnResult>['send'],
  all: boolean,
  { window, there }: Update = { there: [] },
): Steps<LearnResult> => ({
  send,
  rehearsalOf: ({ added, rehearsal }) => (added.length > 0 ? rehearsal : undefined),
  plan: ({ added, known }) =>
    [
      ...added.map((value) => lines(valuesText('would add', [value], all), replacesText(value, there, all))),
      ...known.map((value) => knownText(value, window)),
      added.length + known.length === 0 ? 'nothing to add' : '',
    ]
      .filter(Boolean)
      .join('\n'),
  nothing: ({ added }) => added.length === 0,
  done: ({ added }) => {
    const ids = added.map(({ id }) => shortId(id));
    const undo = `assay reference retire ${ids.join(' ')}`;
    const replacing = new Set(added.map((value) => replacesText(value, there, all)));
    return lines(`added ${counted(added.length, 'value')}: ${ids.join(', ')}; to take it back: ${undo}`, ...replacing);
  },
});

const lines = (first: string, ...rest: string[]): string =>
  [first, ...rest.filter(Boolean).map((line) => `  ${line}`)].join('\n');

function knownText(value: ReferenceValue, window: UpdateWindow | undefined): string {
  const [head] = valuesText('already known:', [value], false).split('\n');
  const hint =
    value.state === 'retired'
      ? `retired: assay reference reinstate ${shortId(value.id)}`
      : unchangedWindow(value, window);
  return [head, hint].filter(Boolean).join(', ');
}
