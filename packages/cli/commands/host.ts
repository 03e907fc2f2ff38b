// `assay host …`: the hosts an attestation server knows, and what it thinks of them.
import type { Command } from 'commander';
import { type AccessOptions, withAccess } from '../operator/access.ts';

type Options = AccessOptions & { json?: true; ekSha256?: string };

export function host(program: Command): void {
  const group = program.command('host').description('hosts of the attestation server');
  const add = (usage: string, description: string) => withAccess(group.command(usage).description(description));

  add('list', 'all hosts with their verdicts')
    .option('--json', 'as JSON')
    .action(async (options: Options) => {
      const { hosts, show } = await load(options);
      const list = await hosts.list();
      console.log(options.json ? JSON.stringify(list, null, 2) : show.hostTable(list));
    });
  add('show <name>', 'one host: verdict, components, findings, TPM')
    .option('--json', 'as JSON')
    .action(async (name: string, options: Options) => {
      const { hosts, show } = await load(options);
      const found = await hosts.one(name);
      console.log(options.json ? JSON.stringify(found, null, 2) : show.hostDetails(found));
    });
  add('register <name>', 'let this host enrol')
    .option('--ek-sha256 <hex>', 'only with this TPM: SHA-256 of its endorsement key certificate')
    .action(async (name: string, options: Options) => {
      const { hosts } = await load(options);
      await hosts.register(name, options.ekSha256);
      console.log(`${name} is registered: its agent may enrol`);
    });
  add('attest <name>', 'challenge this host now')
    .option('--json', 'as JSON')
    .action(async (name: string, options: Options) => {
      const { hosts, show } = await load(options);
      const found = await hosts.attest(name);
      console.log(options.json ? JSON.stringify(found, null, 2) : show.hostTable([found]));
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
    const { hosts } = await load(options);
    await hosts.remove(name);
    console.log(`${name} is removed`);
  });
}

async function load(options: AccessOptions) {
  const [{ attestationClient }, { hostsOf }, show] = await Promise.all([
    import('../operator/attestation-client.ts'),
    import('../operator/hosts.ts'),
    import('../operator/show-hosts.ts'),
  ]);
  return { hosts: hostsOf(attestationClient(options)), show };
}
