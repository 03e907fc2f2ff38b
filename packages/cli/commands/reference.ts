// `assay reference …`: which measurements are known to be good.
import type { ReferenceValue } from '@assay/protocol';
import type { Command } from 'commander';
import { type AccessOptions, withAccess } from '../operator/access.ts';

type Options = AccessOptions & { json?: true; dryRun?: true };

export function reference(program: Command): void {
  const group = program.command('reference').description('measurements that are known to be good');

  withAccess(group.command('learn <host>').description('take what this host has measured as good'))
    .option('--dry-run', 'say what would be added, and add nothing')
    .option('--json', 'as JSON')
    .action(async (host: string, options: Options) => {
      const { reference, show } = await load(options);
      const learnt = await reference.learn(host, options.dryRun);
      const verb = options.dryRun ? 'would add' : 'added';
      if (options.json) console.log(JSON.stringify(learnt, null, 2));
      else
        console.log([...show(verb, learnt.added), ...show('already known:', learnt.known)].join('\n') || 'nothing new');
    });
  withAccess(group.command('list').description('all reference values'))
    .option('--json', 'as JSON')
    .action(async (options: Options) => {
      const { reference, table, escaped, componentName } = await load(options);
      const values = await reference.list();
      const rows = values.map(({ component, count, source, added_at }) => [
        componentName(component),
        count,
        escaped(`${source.kind} ${source.name}`),
        added_at,
      ]);
      if (options.json) console.log(JSON.stringify({ values }, null, 2));
      else console.log(rows.length === 0 ? 'none: assay reference learn HOST' : table(heads, rows));
    });
}

const heads = ['component', 'measurements', 'source', 'added'];

async function load(options: AccessOptions) {
  const [{ attestationClient }, { referenceOf }, { componentName }, { table }, { escaped }] = await Promise.all([
    import('../operator/attestation-client.ts'),
    import('../operator/hosts.ts'),
    import('@assay/protocol'),
    import('../operator/table.ts'),
    import('@assay/core'),
  ]);
  const show = (verb: string, values: ReferenceValue[]) =>
    values.map(({ component, content }) => {
      const count = content.form === 'sequence' ? content.events.length : 0;
      return `${verb} ${componentName(component)}: ${count} measurements`;
    });
  return { reference: referenceOf(attestationClient(options)), table, escaped, componentName, show };
}
