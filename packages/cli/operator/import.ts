// Reading what is to be known good, and adding it: the commands `import`, `import-package` and `import-tree`.
import { AssayError } from '@assay/core';
import { components, type LearnResult, type NewReferenceValue, type ReferenceRequest } from '@assay/protocol';
import type { LeftOut, Said, TreeOptions } from '../known-good/options.ts';
import type { AccessOptions } from './access.ts';
import { addValues, notGood } from './add-values.ts';
import type { ChangeOptions } from './change.ts';
import { componentNamed, componentNames } from './component-names.ts';
import type { ImportGroup } from './exported.ts';
import { type ImportOptions, readImports } from './import-values.ts';
import { leftOutText } from './left-out.ts';
import { openSession } from './session.ts';

type Session = ReturnType<typeof openSession>;
type Options = AccessOptions & ChangeOptions;
type Window = Pick<ReferenceRequest, 'next'>;

export async function importValues(files: readonly string[], from: ImportOptions, options: Options, window: Window) {
  const session = openSession(options);
  const leftOut: LeftOut[] = [];
  const read = { ...(await named(from, session)), leaveOut: (one: LeftOut) => void leftOut.push(one) };
  const groups = await readImports(files, read, process.stdin).finally(() => {
    if (leftOut.length > 0) session.terminal.note(leftOutText(leftOut, options.all === true));
  });
  await addGroups(groups, session, options, window);
}

export async function importTree(folder: string, from: TreeOptions, options: Options, window: Window) {
  const session = openSession(options);
  const { readTree } = await import('../known-good/index.ts');
  await addGroups([{ values: await readTree(folder, await named(from, session)) }], session, options, window);
}

/** @throws AssayError `cli-component` for one that is not there */
async function named<S extends Said>(said: S, { policies }: Session): Promise<S> {
  if (said.component === undefined) return said;
  return { ...said, component: componentNamed(said.component, componentNames(await policies.list())) };
}

/** As lists name them. What another server exported may come before the policies that define its extras. */
async function checkComponents(groups: readonly ImportGroup[], { policies }: Session) {
  const told = groups.flatMap(({ values }) => values.filter(({ source }) => source.kind !== 'import'));
  if (told.every(({ component }) => (components as readonly string[]).includes(component))) return;
  const names = componentNames(await policies.list());
  for (const { component, source } of told) componentNamed(component, names, source.name);
}

/** What a server takes at once. */
const most = 1000;

async function addGroups(groups: readonly ImportGroup[], session: Session, options: Options, window: Window) {
  const printed: LearnResult[] = [];
  const { terminal } = session;
  if (groups.length === 0) throw new AssayError('reference-empty', 'import', 'something that is good', 'nothing');
  await checkComponents(groups, session);
  // As JSON it is one answer, however many requests it took.
  const collecting = { ...terminal, printJson: async (result: unknown) => void printed.push(result as LearnResult) };
  const asked: LearnResult[] = [];
  for (const { values, ...standing } of groups)
    for (let at = 0; at < values.length; at += most) {
      const found = await addValues(
        { ...session, terminal: collecting },
        values.slice(at, at + most) satisfies NewReferenceValue[],
        window.next && !standing.retired ? window : standing,
        options,
      );
      if (!standing.retired) asked.push(found);
    }
  if (options.json)
    await terminal.printJson(
      printed.length === 1
        ? printed[0]
        : { added: printed.flatMap(({ added }) => added), known: printed.flatMap(({ known }) => known) },
    );
  notGood(asked, options);
}
