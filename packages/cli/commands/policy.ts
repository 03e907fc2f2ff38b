// `assay policy …`: what a host of each pool has to prove.
import type { Change, PolicyResult } from '@assay/protocol';
import { type Command, InvalidArgumentError } from 'commander';
import { type AccessOptions, withAccess } from '../operator/access.ts';
import { type ChangeOptions, withChange } from '../operator/change.ts';

type Options = AccessOptions & { json?: true };
type Changing = AccessOptions & ChangeOptions;

export function policy(program: Command): void {
  const group = program.command('policy').description('what a host of each pool has to prove to be trusted');
  const add = (usage: string, description: string) => withAccess(group.command(usage).description(description));

  add('list', 'the policy in force of each pool')
    .option('--json', 'as JSON')
    .action(async (options: Options) => {
      const { policies, terminal, policyTable } = await load(options);
      const list = await policies.list();
      if (options.json) await terminal.printJson({ policies: list });
      else await terminal.print(policyTable(list));
    });
  add('show <pool>', 'one policy, as YAML that can be applied again')
    .option('--version <number>', 'not the one in force, but this', whole)
    .option('--json', 'as JSON, with who applied it and why')
    .action(async (pool: string, options: Options & { version?: number }) => {
      const { policies, terminal, versionOf, policyYaml } = await load(options);
      const found = versionOf(await policies.versions(pool), pool, options.version);
      if (options.json) await terminal.printJson(found);
      else await terminal.print(await policyYaml(found));
    });
  withChange(add('apply <file>', 'put the policy of this file in force for its pool; - is standard input')).action(
    (file: string, options: Changing) => applyFile(file, options),
  );
  withChange(add('try <file>', 'what that would change on the fleet, without doing it: apply --dry-run')).action(
    (file: string, options: Changing) => applyFile(file, { ...options, dryRun: true }),
  );
  add('history <pool>', 'every version of a pool’s policy, by whom and why')
    .option('--json', 'as JSON')
    .action(async (pool: string, options: Options) => {
      const { policies, terminal, policyHistory } = await load(options);
      const versions = await policies.versions(pool);
      if (options.json) await terminal.printJson({ policies: versions });
      else await terminal.print(policyHistory(versions));
    });
  withChange(add('remove <pool>', 'leave this pool without a policy: nobody is trusted in it')).action(
    async (pool: string, options: Changing) => {
      const { policies } = await load(options);
      const send = (change: Change) => policies.remove(pool, change);
      const plan = ({ policy }: PolicyResult) =>
        `${options.dryRun ? 'would' : 'will'} remove the policy of pool ${pool}${policy ? `, version ${policy.version}` : ''}`;
      await change(send, plan, () => `pool ${pool} has no policy any more`, options);
    },
  );
  group
    .command('schema')
    .description('the JSON Schema of policy documents, for editors')
    .action(async () => {
      const [{ PolicyDocument }, { terminal }] = await Promise.all([
        import('@assay/protocol'),
        import('../operator/terminal.ts'),
      ]);
      await terminal().printJson({
        $schema: 'https://json-schema.org/draft/2020-12/schema',
        title: 'Policy of Assay',
        ...PolicyDocument,
      });
    });
}

async function applyFile(file: string, options: Changing): Promise<void> {
  const [{ policies, hosts, appliedText, planText }, { policyFromText }, { readInput }, { isDeepStrictEqual }] =
    await Promise.all([
      load(options),
      import('../operator/policy-file.ts'),
      import('../evidence/input.ts'),
      import('node:util'),
    ]);
  const { name, bytes } = await readInput(file, process.stdin);
  const document = policyFromText(new TextDecoder().decode(bytes), name);
  const isInForce = ({ policy }: PolicyResult) => isDeepStrictEqual(policy?.document, document);
  const labels = Object.keys(document.labels ?? {}).length > 0 ? (await hosts.list()).map(({ labels }) => labels) : [];
  let before: number | undefined;
  const plan = (result: PolicyResult) => {
    before = result.policy?.version;
    if (isInForce(result)) return appliedText(document.pool, before, before);
    return planText(document, before, labels, options.dryRun === true);
  };
  const done = ({ policy }: PolicyResult) => appliedText(document.pool, policy?.version, before);
  await change((asked) => policies.apply({ document, ...asked }), plan, done, options, isInForce);
}

async function change(
  send: (change: Change) => Promise<PolicyResult>,
  plan: (result: PolicyResult) => string,
  done: (result: PolicyResult) => string,
  options: Changing,
  nothing: (result: PolicyResult) => boolean = () => false,
): Promise<void> {
  const [{ terminal }, { perform }] = await Promise.all([load(options), import('../operator/change.ts')]);
  const rehearsalOf = (result: PolicyResult) => (nothing(result) ? undefined : result.rehearsal);
  await perform({ send, plan, nothing, done, rehearsalOf }, options, terminal);
}

function whole(text: string): number {
  if (!/^[1-9][0-9]{0,8}$/.test(text)) throw new InvalidArgumentError('expected a number from 1');
  return Number(text);
}

async function load(options: AccessOptions) {
  const [{ openSession }, shown] = await Promise.all([
    import('../operator/session.ts'),
    import('../operator/show-policies.ts'),
  ]);
  return { ...openSession(options), ...shown };
}
