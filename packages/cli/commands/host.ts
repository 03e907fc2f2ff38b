// `assay host …`: the hosts an attestation server knows, and what it thinks of them.
import type { Command } from 'commander';
import { type AccessOptions, withAccess } from '../operator/access.ts';
import { type ChangeOptions, withChange } from '../operator/change.ts';
import { repeated } from './service.ts';

type Options = AccessOptions & { json?: true; all?: true; pool?: string };
type Registering = AccessOptions & { ekSha256?: string; label?: string[]; alias?: string[] };
type Accepting = AccessOptions & ChangeOptions & { component?: string; path?: string; pool?: string };

export function host(program: Command): void {
  const group = program.command('host').description('hosts of the attestation server');
  const add = (usage: string, description: string) => withAccess(group.command(usage).description(description));

  add('list', 'all hosts with their verdicts')
    .option('--pool <name>', 'the hosts of this pool, with their verdicts in it')
    .option('--json', 'as JSON')
    .action(async (options: Options) => {
      const { hosts, policies, terminal, hostTable, mustBePool } = await load(options);
      const list = await hosts.list();
      const { pool } = options;
      const shown = pool === undefined ? list : list.filter(({ pools }) => pools.includes(pool));
      if (pool !== undefined && shown.length === 0) mustBePool(pool, await policies.list());
      if (options.json) await terminal.printJson({ hosts: shown });
      else await terminal.print(hostTable(list, pool));
    });
  add('show <name>', 'one host: its verdict in each pool, components, findings, TPM')
    .option('--json', 'as JSON')
    .action(async (name: string, options: Options) => {
      const [{ hosts, policies, terminal, hostDetails }, { findingCatalogue }, { whyAllowed }] = await Promise.all([
        load(options),
        import('@assay/appraisal'),
        import('../operator/allowed.ts'),
      ]);
      const found = await hosts.one(name);
      if (options.json) await terminal.printJson(found);
      else await terminal.print(hostDetails(found, findingCatalogue, whyAllowed(await policies.list())));
    });
  add('explain <name>', 'why it has this verdict: what differs, what it resembles, what would mend it')
    .option('--pool <name>', 'its verdict in this pool')
    .option('--all', 'long lists in full')
    .option('--json', 'as JSON')
    .action(async (name: string, options: Options) => {
      const [{ hosts, policies, terminal }, { explanationText }, { whyAllowed }] = await Promise.all([
        load(options),
        import('../operator/show-explanation.ts'),
        import('../operator/allowed.ts'),
      ]);
      const explanation = await hosts.explain(name, options.pool);
      if (options.json) return await terminal.printJson(explanation);
      const shown = { all: options.all === true, why: whyAllowed(await policies.list()) };
      await terminal.print(explanationText(explanation, new Date(), shown));
    });
  withChange(add('accept <name>', 'take exactly what differs on this host as good, and nothing else; wants --because'))
    .option('--component <name>', 'the component that differs, or a claim of it: kernel')
    .option('--path <file>', 'only this file of IMA’s list')
    .option('--pool <name>', 'as its verdict in this pool has it')
    .action(async (name: string, options: Accepting) => {
      const [session, { acceptFrom }, { acceptWish }] = await Promise.all([
        load(options),
        import('../operator/accept.ts'),
        import('../operator/accept-wish.ts'),
      ]);
      await acceptFrom(session, name, acceptWish(options), options);
    });
  add('history <name>', 'how its verdicts changed')
    .option('--pool <name>', 'only in this pool')
    .option('--reappraise', 'and what the evidence of then comes to by the standards of now')
    .option('--json', 'as JSON')
    .action(async (name: string, options: Options & { reappraise?: true }) => {
      const { hosts, terminal, historyTable } = await load(options);
      const history = await hosts.history(name, options);
      if (options.json) await terminal.printJson(history);
      else await terminal.print(historyTable(history));
    });
  add('label <name> [labels...]', 'set labels, zone=dmz, or take them away, zone-; they say which pools it is in')
    .option('--because <text>', 'why; kept in the history')
    .option('--json', 'as JSON')
    .action(async (name: string, changes: string[], options: Options & { because?: string }) => {
      const [{ hosts, terminal }, { changedLabels }, { who }] = await Promise.all([
        load(options),
        import('../operator/labels.ts'),
        import('../operator/who.ts'),
      ]);
      const seen = await hosts.one(name);
      const { labels: before } = seen;
      const { because } = options;
      const change = { before, by: who(), ...(because && { because }) };
      const host =
        changes.length === 0 ? seen : await hosts.label(name, { labels: changedLabels(before, changes), ...change });
      const labels = Object.entries(host.labels).map(([label, value]) => `${label}=${value}`);
      if (options.json) await terminal.printJson(host);
      else await terminal.print(`${name}: ${labels.join(', ') || 'no labels'}; in pools ${host.pools.join(', ')}`);
    });
  add('alias <name> [aliases...]', 'set other names it is asked for by, kvm01 10.0.0.7, or take them away, kvm01-')
    .option('--json', 'as JSON')
    .action(async (name: string, changes: string[], options: Options) => {
      const [{ hosts, terminal }, { changedAliases }] = await Promise.all([
        load(options),
        import('../operator/labels.ts'),
      ]);
      const seen = await hosts.one(name);
      const before = seen.aliases ?? [];
      const aliases = changedAliases(before, changes);
      const host = changes.length === 0 ? seen : await hosts.alias(name, { aliases, before });
      if (options.json) await terminal.printJson(host);
      else await terminal.print(`${name}: ${host.aliases?.join(', ') ?? 'no aliases'}`);
    });
  add(
    'tag <name> [tags...]',
    'set asset tags, country=DE, or take them away, country-; its TPM certifies them each round',
  )
    .option('--because <text>', 'why; kept in the history')
    .option('--json', 'as JSON')
    .action(async (name: string, changes: string[], options: Options & { because?: string }) => {
      const [{ hosts, terminal }, { changedTags, tagsLine }, { who }, { exitCodes }] = await Promise.all([
        load(options),
        import('../operator/tags.ts'),
        import('../operator/who.ts'),
        import('../exit-code.ts'),
      ]);
      const seen = await hosts.one(name);
      const before = seen.tags?.tags ?? {};
      const { because } = options;
      const tags = changedTags(before, changes);
      const isChange = changes.length > 0;
      const host = isChange ? await hosts.tag(name, { tags, before, by: who(), ...(because && { because }) }) : seen;
      if (options.json) await terminal.printJson(host);
      else await terminal.print(`${name}: ${tagsLine(host)}`);
      const isRefused = host.tags !== undefined && host.tags.state !== 'certified';
      if (isChange && host.connected && isRefused) process.exitCode = exitCodes.failed;
    });
  add('register <name>', 'let this host enrol')
    .option('--ek-sha256 <hex>', 'only with this TPM: SHA-256 of its endorsement key certificate')
    .option('--label <name=value>', 'may be repeated; labels say which pools it is in', repeated)
    .option('--alias <name>', 'may be repeated; another name schedulers or OAT’s tools ask for it by', repeated)
    .action(async (name: string, options: Registering) => {
      const [{ hosts, terminal }, { changedLabels }] = await Promise.all([
        load(options),
        import('../operator/labels.ts'),
      ]);
      await hosts.register({
        name,
        ...(options.ekSha256 !== undefined && { ek_sha256: options.ekSha256 }),
        ...(options.label && { labels: changedLabels({}, options.label) }),
        ...(options.alias && { aliases: options.alias }),
      });
      await terminal.print(`${name} is registered: its agent may enrol`);
    });
  add('attest <name>', 'challenge this host now')
    .option('--json', 'as JSON')
    .action(async (name: string, options: Options) => {
      const { hosts, terminal, hostTable } = await load(options);
      const found = await hosts.attest(name);
      if (options.json) await terminal.printJson(found);
      else await terminal.print(hostTable([found]));
    });
  add('evidence <name>', 'what this host sent last, as JSON for assay evidence show and diff').action(
    async (name: string, options: Options) => {
      const { hosts } = await load(options);
      const [found, { jsonChunks }, { writeAll }] = await Promise.all([
        hosts.evidence(name),
        import('../evidence/json.ts'),
        import('../evidence/output.ts'),
      ]);
      await writeAll(process.stdout, jsonChunks(found), '');
      process.stdout.write('\n');
    },
  );
  add('remove <name>', 'forget this host, its TPM and its verdict').action(async (name: string, options: Options) => {
    const { hosts, terminal } = await load(options);
    await hosts.remove(name);
    await terminal.print(`${name} is removed`);
  });
}

async function load(options: AccessOptions) {
  const [{ openSession }, shown] = await Promise.all([
    import('../operator/session.ts'),
    import('../operator/show-hosts.ts'),
  ]);
  return { ...openSession(options), ...shown };
}
