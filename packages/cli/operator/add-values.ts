// How do values get into the known-good database? Shown and rehearsed first, as every change.
import type { LearnResult, NewReferenceValue, ReferenceRequest } from '@assay/protocol';
import { type ChangeOptions, perform, type Steps } from './change.ts';
import type { openSession } from './session.ts';
import { shortId, valuesText } from './show-reference.ts';
import { counted } from './show-rehearsal.ts';

type Session = Pick<ReturnType<typeof openSession>, 'reference' | 'terminal'>;

/** @param window as `windowOf` gives it */
export const addValues = (
  { reference, terminal }: Session,
  values: NewReferenceValue[],
  window: Pick<ReferenceRequest, 'next'>,
  options: ChangeOptions,
): Promise<LearnResult | undefined> =>
  perform(
    addition((change) => reference.add({ values, ...window, ...change }), options.all === true),
    options,
    terminal,
  );

/** Adding, whoever finds out what: known values are named, and need nothing. */
export const addition = (send: Steps<LearnResult>['send'], all: boolean): Steps<LearnResult> => ({
  send,
  rehearsalOf: ({ added, rehearsal }) => (added.length > 0 ? rehearsal : undefined),
  plan: ({ added, known }) =>
    [
      valuesText('would add', added, all),
      ...known.map((value) => {
        const retired = value.state === 'retired' ? `, retired: assay reference reinstate ${shortId(value.id)}` : '';
        return `${valuesText('already known:', [value], false).split('\n')[0]}${retired}`;
      }),
      added.length + known.length === 0 ? 'nothing to add' : '',
    ]
      .filter(Boolean)
      .join('\n'),
  nothing: ({ added }) => added.length === 0,
  done: ({ added }) =>
    `added ${counted(added.length, 'value')}: ${added.map(({ id }) => shortId(id)).join(', ')}; to take it back: assay reference retire ID`,
});
