// How much code does each process of a host load? Each thousand files cost a compute host half a second and 50 MB, for each service.
// Says nothing of what is loaded later, on demand.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';

const cli = resolve(import.meta.dirname, '../packages/cli');

/** Third-party packages that come with this one. */
async function loadedBy(specifier: string): Promise<string[]> {
  const script = `
    import { registerHooks } from 'node:module';
    const seen = new Set();
    registerHooks({
      load(url, context, next) {
        const [, name] = /.*\\/node_modules\\/((?:@[^/]+\\/)?[^/]+)/.exec(url) ?? [];
        if (name) seen.add(name);
        return next(url, context);
      },
    });
    await import(${JSON.stringify(specifier)});
    process.stdout.write(JSON.stringify([...seen]));
    process.exit(0);`;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script], { cwd: cli });
  return JSON.parse(stdout) as string[];
}

/** What each may not load. Agent and compute host check messages, so they have TypeBox; the proxy and the supervisor need none. */
const limits: Record<string, string[]> = {
  '@assay/daemon': ['fastify', 'kysely', 'pg', 'typebox', 'ws'],
  '@assay/agent': ['fastify', 'kysely', 'pg', 'jose'],
  '@assay/compute/host': ['fastify', 'kysely', 'pg'],
  '@assay/metadata/proxy': ['fastify', 'kysely', 'pg', 'typebox', 'ws'],
  '@assay/attestation': ['pg'],
  '@assay/compute/server': ['pg'],
  [join(cli, 'lab/supervise.ts')]: ['fastify', 'kysely', 'pg', 'typebox', 'ws', '@peculiar/x509'],
  [join(cli, 'lab/up.ts')]: ['fastify', 'pg', 'ws', '@peculiar/x509'],
};

for (const [specifier, unwanted] of Object.entries(limits)) {
  test(`${specifier.replace(`${cli}/`, '')} comes without ${unwanted.join(', ')}`, async () => {
    const loaded = await loadedBy(specifier);
    assert.ok(loaded.includes('pino'), 'nothing was seen to load');
    assert.deepEqual(
      unwanted.filter((name) => loaded.includes(name)),
      [],
    );
  });
}

for (const command of ['show', 'diff'])
  test(`assay evidence ${command} begins without any third-party package`, async () => {
    assert.deepEqual(await loadedBy(join(cli, `evidence/${command}.ts`)), []);
  });
