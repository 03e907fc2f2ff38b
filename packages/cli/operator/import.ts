// Reading what is to be known good, and adding it: the commands `import`, `import-package` and `import-tree`.
import { AssayError } from '@assay/core';
import type { LearnResult, NewReferenceValue, ReferenceRequest } from '@assay/protocol';
import type { TreeOptions } from '../known-good/options.ts';
import type { AccessOptions } from './access.ts';
import { addValues } from './add-values.ts';
import type { ChangeOptions } from './change.ts';
import type { ImportGroup } from './exported.ts';
import { type ImportOptions, readImports } from './import-values.ts';
import { openSession } from './session.ts';

type Options = AccessOptions & ChangeOptions;
type Window = Pick<ReferenceRequest, 'next'>;

export async function importValues(files: readonly string[], from: ImportOptions, options: Options, window: Window) {
  await addGroups(await readImports(files, from, process.stdin), options, window);
}

export async function importTree(folder: string, from: TreeOptions, options: Options, window: Window) {
  const { readTree } = await import('../known-good/index.ts');
  await addGroups([{ values: await readTree(folder, from) }], options, window);
}

/** What a server takes at once. */
const most = 1000;

async function addGroups(groups: readonly ImportGroup[], options: Options, window: Window) {
  const session = openSession(options);
  const printed: LearnResult[] = [];
  const { terminal } = session;
  if (groups.length === 0) throw new AssayError('reference-empty', 'import', 'something that is good', 'nothing');
  // As JSON it is one answer, however many requests it took.
  const collecting = { ...terminal, printJson: async (result: unknown) => void printed.push(result as LearnResult) };
  for (const { values, ...standing } of groups)
    for (let at = 0; at < values.length; at += most)
      await addValues(
        { ...session, terminal: collecting },
        values.slice(at, at + most) satisfies NewReferenceValue[],
        window.next && !standing.retired ? window : standing,
        options,
      );
  if (options.json)
    await terminal.printJson(
      printed.length === 1
        ? printed[0]
        : { added: printed.flatMap(({ added }) => added), known: printed.flatMap(({ known }) => known) },
    );
}
