// In what does a value differ from another one, or from what a host measures now?
import { AssayError } from '@assay/core';
import type { ReferenceSummary } from '@assay/protocol';
import type { openSession } from './session.ts';
import { diffText } from './show-changes.ts';
import { valueDiff } from './value-diff.ts';
import { who } from './who.ts';

type Session = Pick<ReturnType<typeof openSession>, 'reference' | 'terminal'>;

/** @param now id of a value, or name of a host, which is asked now */
export async function compareValues({ reference, terminal }: Session, old: string, now: string, json: boolean) {
  const a = await reference.one(old);
  const b = isId(now) ? await reference.one(now) : await measuredBy(reference, a, now);
  const diff = valueDiff(a, b);
  if (json) await terminal.printJson({ old: a.id, new: b.id, ...diff });
  else await terminal.print(diffText(diff));
}

/** Of a host that is named like an id, its value has to be looked up by hand. */
const isId = (text: string): boolean => /^[0-9a-f]{4,64}$/.test(text);

/** Asked as for learning, without learning it. */
async function measuredBy({ learn }: Session['reference'], { component, form }: ReferenceSummary, host: string) {
  const { added, known } = await learn({ host, components: [component], dry_run: true, by: who() });
  const found = [...added, ...known].find((value) => value.component === component && value.content.form === form);
  if (found) return found;
  throw new AssayError('reference-incomparable', `host ${host}`, `measurements of ${component} as ${form}`, 'none', {
    hint: 'hosts measure sequences and files',
  });
}
