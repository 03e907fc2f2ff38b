// The three services over a fresh database, with users, flavors, an image and two hosts, for tests of what clients see.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLog } from '@assay/daemon';
import { type TestClock, testClock, testPki } from '@assay/daemon/testing';
import type { Kysely } from 'kysely';
import { type Apis, createApis, listenApis } from '../apis.ts';
import { bootstrap } from '../bootstrap.ts';
import { registerImage } from '../image/register.ts';
import { reportNode } from '../storage/compute-nodes.ts';
import type { Image } from '../storage/images.ts';
import { openStorage } from '../storage/open.ts';
import type { Tables } from '../storage/tables.ts';
import { type TestConductor, testConductor } from './conductor.ts';

export type TestCloud = Apis & {
  db: Kysely<Tables>;
  clock: TestClock;
  conductor: TestConductor;
  image: Apis['image'];
  mini: Image;
  folder: string;
  caFile: string;
  /** A token for a user in the project of the same name. */
  login(user: string, password: string): Promise<string>;
  stop(): Promise<void>;
};

/** @param listening with ports taken, for stock clients and a clock that runs; else through `inject` alone */
export async function startTestCloud({ listening = false } = {}): Promise<TestCloud> {
  const folder = mkdtempSync(join(tmpdir(), 'assay-cloud-'));
  const pki = testPki(folder);
  const { certFile, keyFile } = pki.server();
  const clock = testClock(listening ? Date.now() : undefined);
  const db = await openStorage(`sqlite:${join(folder, 'compute.db')}`);
  await bootstrap(db, { adminPassword: 'secret', demoPassword: 'demo-secret' }, clock.now());
  writeFileSync(join(folder, 'kernel'), 'a kernel');
  writeFileSync(join(folder, 'initrd'), 'an initrd');
  const images = join(folder, 'images');
  const files = { kernelPath: join(folder, 'kernel'), initrdPath: join(folder, 'initrd') };
  const mini = await registerImage(db, images, { name: 'assay-mini', ...files, minRam: 64 }, clock.now());
  for (const host of ['node1', 'node2'])
    await reportNode(
      db,
      {
        host,
        hypervisor_hostname: host,
        zone: 'nova',
        vcpus: 2,
        memory_mb: 1024,
        local_gb: 1,
        hypervisor_version: 7_002_000,
        host_ip: '127.0.0.1',
      },
      clock.now(),
    );
  const conductor = testConductor(db, clock);
  const conf = {
    DEFAULT: { service_down_time: 60 },
    api: {
      listen: '127.0.0.1',
      endpoint_host: undefined,
      identity_port: 0,
      image_port: 0,
      compute_port: 0,
      link_port: 0,
      tls_cert_file: certFile,
      tls_key_file: keyFile,
      tls_ca_file: pki.caFile,
    },
    image: { directory: images },
    identity: { token_key_file: join(folder, 'token-key.pem') },
  };
  const log = createLog('test', 'silent');
  const apis = createApis({ conf, db, conductor, log, clock });
  const close = listening
    ? await listenApis(apis, conf)
    : async () => {
        for (const server of [apis.identity, apis.image, apis.compute]) await server.close();
      };
  return {
    ...apis,
    db,
    clock,
    conductor,
    mini,
    folder,
    caFile: pki.caFile,
    async login(user, password) {
      const answer = await apis.identity.inject({
        method: 'POST',
        url: '/v3/auth/tokens',
        payload: {
          auth: {
            identity: {
              methods: ['password'],
              password: { user: { name: user, password, domain: { id: 'default' } } },
            },
            scope: { project: { name: user, domain: { id: 'default' } } },
          },
        },
      });
      const token = answer.headers['x-subject-token'];
      if (typeof token !== 'string') throw new Error(answer.body);
      return token;
    },
    async stop() {
      await close();
      await conductor.settled();
      await db.destroy();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
