// `assay reference …`: which measurements are known to be good, were, or will be.
import type { LearnRequest, ReferenceState } from '@assay/protocol';
import { type Command, Option } from 'commander';
import { type AccessOptions, withAccess } from '../operator/access.ts';
import { type ChangeOptions, withChange } from '../operator/change.ts';
import type { WindowOptions } from '../operator/update-window.ts';
import { windowOf, withWindow } from '../operator/update-window.ts';
import { referenceImport } from './reference-import.ts';
import { repeated } from './service.ts';

type Options = AccessOptions & { json?: true; all?: true };
type Changing = AccessOptions & ChangeOptions;

export function reference(program: Command): void {
  const group = program.command('reference').description('measurements that are known to be good');
  const add = (usage: string, description: string) => withAccess(group.command(usage).description(description));
  const states: ReferenceState[] = ['next', 'current', 'retired'];

  add('list', 'all reference values, and how many hosts rest on each')
    .addOption(new Option('--state <state>', 'only those').choices(states))
    .option('--component <name>', 'only those of this component')
    .option('--json', 'as JSON')
    .action(async (options: Options & { state?: ReferenceState; component?: string }) => {
      const [session, { listValues }] = await Promise.all([load(options), import('../operator/list-values.ts')]);
      await listValues(session, options, options.json === true);
    });
  add('show <id>', 'one value: what is good by it, since when, by whom, and who rests on it')
    .option('--all', 'long lists in full')
    .option('--json', 'as JSON')
    .action(async (id: string, options: Options) => {
      const { reference, terminal, valueDetails } = await load(options);
      const value = await reference.one(id);
      if (options.json) return await terminal.printJson(value);
      const there = value.replaces?.length ? await reference.list() : [];
      await terminal.print(valueDetails(value, options.all, there));
    });
  withWindow(withChange(add('learn <host>', 'take what this host measures as good; it is asked now')))
    .option('--component <name>', 'only this component; may be repeated', repeated)
    .option('--vendor <vendor>', 'of what is learnt')
    .option('--name <name>', 'of what is learnt')
    .option('--version <version>', 'of what is learnt')
    .action(async (host: string, options: Changing & WindowOptions & Learning) => {
      const [session, { learnFrom }, { componentNamed, componentNames }] = await Promise.all([
        load(options),
        import('../operator/learn.ts'),
        import('../operator/component-names.ts'),
      ]);
      const { component, vendor, name, version } = options;
      const known = component && componentNames(await session.policies.list());
      const components = known && component.map((one) => componentNamed(one, known));
      const request: LearnRequest = {
        host,
        ...(components && { components }),
        ...(vendor !== undefined && { vendor }),
        ...(name !== undefined && { name }),
        ...(version !== undefined && { version }),
        ...windowOf(options, new Date()),
      };
      await learnFrom(session, request, options);
    });
  referenceImport(group);
  for (const act of ['retire', 'promote', 'reinstate', 'remove'] as const) {
    const command = withChange(add(`${act} <ids...>`, acts[act]));
    if (act === 'reinstate') withWindow(command, false);
    command.action(async (ids: string[], options: Changing & WindowOptions) => {
      const [session, { changeValues }] = await Promise.all([load(options), import('../operator/change-values.ts')]);
      const window = act === 'reinstate' ? windowOf(options, new Date(), true) : {};
      await changeValues(session, { act, ids, window }, options);
    });
  }
  add('diff <old> <new>', 'in what two values differ; instead of the second, a host: what it measures now')
    .option('--json', 'as JSON')
    .action(async (old: string, now: string, options: Options) => {
      const [session, { compareValues }] = await Promise.all([load(options), import('../operator/compare-values.ts')]);
      await compareValues(session, old, now, options.json === true);
    });
  add('history [id]', 'what was changed, by whom and why')
    .option('--json', 'as JSON')
    .action(async (id: string | undefined, options: Options) => {
      const [session, { journalTable }, { valueHistory }] = await Promise.all([
        load(options),
        import('../operator/show-changes.ts'),
        import('../operator/value-history.ts'),
      ]);
      const { journal, terminal } = session;
      const entries = id ? await valueHistory(session, id) : await journal.entries({ action: 'reference-' });
      if (options.json) await terminal.printJson({ entries });
      else await terminal.print(journalTable(entries));
    });
  add('export [file]', 'all values with contents, as JSON that assay reference import takes')
    .option('--overwrite', 'a file that is there')
    .action(async (file: string | undefined, options: Options & { overwrite?: true }) => {
      const [{ reference, terminal }, { exportOf }, { openNew }] = await Promise.all([
        load(options),
        import('../operator/exported.ts'),
        import('../operator/new-file.ts'),
      ]);
      const exported = async () => exportOf(await reference.all(), new Date());
      if (file === undefined || file === '-') return await terminal.printJson(await exported());
      await using written = await openNew(file, options.overwrite === true);
      const all = await exported();
      await written.keep(`${JSON.stringify(all, null, 1)}\n`);
      await terminal.print(`${all.values.length} values are in ${file}`);
    });
}

type Learning = { component?: string[]; vendor?: string; name?: string; version?: string };

const acts = {
  retire: 'what was good is no longer; says first who still needs it',
  promote: 'of an update: it becomes current, what it replaces is retired',
  reinstate: 'what was retired is good again, beside what is good now',
  remove: 'forget a value that no host rests on; what ran it is then unknown, not retired',
} as const;

async function load(options: AccessOptions) {
  const [{ openSession }, shown] = await Promise.all([
    import('../operator/session.ts'),
    import('../operator/show-reference.ts'),
  ]);
  return { ...openSession(options), ...shown };
}
