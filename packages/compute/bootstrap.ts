// What a cloud has before anybody uses it: domain, projects, users, roles, flavors. Running it again changes passwords only.
import type { Kysely } from 'kysely';
import { hashPassword } from './identity/passwords.ts';
import { flavorById, insertFlavor } from './storage/flavors.ts';
import { assignRole, ensureProject, ensureRoles, ensureUser, type RoleName } from './storage/identity.ts';
import type { FlavorsTable, Tables } from './storage/tables.ts';

export type BootstrapFlavor = Pick<FlavorsTable, 'id' | 'name' | 'memory_mb' | 'vcpus' | 'root_gb'>;

/** Small enough for a laboratory whose hosts offer 1 GiB each: four tiny ones fill a host. */
export const labFlavors: readonly BootstrapFlavor[] = [
  { id: '1', name: 'm1.tiny', memory_mb: 256, vcpus: 1, root_gb: 0 },
  { id: '2', name: 'm1.small', memory_mb: 512, vcpus: 1, root_gb: 0 },
  { id: '3', name: 'm1.medium', memory_mb: 1024, vcpus: 2, root_gb: 0 },
];

export type Bootstrap = {
  adminPassword: string;
  /** Without one there is no user `demo`. */
  demoPassword?: string | undefined;
  flavors?: readonly BootstrapFlavor[];
};

export async function bootstrap(db: Kysely<Tables>, wanted: Bootstrap, now: Date): Promise<void> {
  const admin = await hashPassword(wanted.adminPassword);
  const demo = wanted.demoPassword === undefined ? undefined : await hashPassword(wanted.demoPassword);
  await db.transaction().execute(async (trx) => {
    const roles = await ensureRoles(trx);
    const person = async (name: string, hash: string, description: string, names: RoleName[]) => {
      const project = await ensureProject(trx, name, description, now);
      const user = await ensureUser(trx, name, hash, now);
      for (const role of names) await assignRole(trx, user.id, project.id, roles.get(role)?.id ?? '');
    };
    await person('admin', admin, 'Bootstrap project for initializing the cloud.', ['admin', 'member', 'reader']);
    if (demo) await person('demo', demo, 'A subscriber.', ['member', 'reader']);
    for (const flavor of wanted.flavors ?? labFlavors)
      if (!(await flavorById(trx, flavor.id)))
        await insertFlavor(trx, {
          ...flavor,
          ephemeral_gb: 0,
          swap_mb: 0,
          rxtx_factor: 1,
          is_public: 1,
          disabled: 0,
          description: null,
          created_at: now.toISOString(),
        });
  });
}
