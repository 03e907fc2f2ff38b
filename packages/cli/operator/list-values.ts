// Which values are there, of one component or in one state? Where none is, what there is instead.
import { componentName, type ReferenceState, type ReferenceSummary } from '@assay/protocol';
import { componentNamed, componentNames } from './component-names.ts';
import type { openSession } from './session.ts';
import { valueTable } from './show-reference.ts';

type Session = Pick<ReturnType<typeof openSession>, 'reference' | 'policies' | 'terminal'>;
type Wanted = { state?: ReferenceState; component?: string };

/** @throws AssayError `cli-component` for one that neither a policy nor a value names */
export async function listValues({ reference, policies, terminal }: Session, wanted: Wanted, json: boolean) {
  const all = await reference.list();
  const { state } = wanted;
  const there = [...new Set(all.map(({ component }) => component))].sort();
  const component =
    wanted.component === undefined
      ? undefined
      : componentNamed(wanted.component, [...new Set([...componentNames(await policies.list()), ...there])]);
  const values = all.filter(
    (value) => (!state || value.state === state) && (!component || value.component === component),
  );
  if (json) await terminal.printJson({ values });
  else
    await terminal.print(values.length > 0 || all.length === 0 ? valueTable(values) : noneText(state, component, all));
}

function noneText(state: string | undefined, component: string | undefined, all: readonly ReferenceSummary[]): string {
  const of = component ? ` of component ${componentName(component)}` : '';
  const others = [...new Set(all.map((value) => componentName(value.component)))].sort().join(', ');
  const isThere = all.some((value) => value.component === component);
  return `none${of}${state ? ` that is ${state}` : ''}${component && !isThere ? `; there are values of ${others}` : ''}`;
}
