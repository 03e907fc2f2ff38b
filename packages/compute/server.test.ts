import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { createLog, httpsRequest, loadConfig, systemClock } from '@assay/daemon';
import { testPki } from '@assay/daemon/testing';
import { bootstrap } from './bootstrap.ts';
import { options } from './options.ts';
import { startComputeApi } from './server.ts';
import { openStorage } from './storage/open.ts';

test('nova.conf starts the whole of it, a token outlives a restart, and a taken port is told', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'assay-server-'));
  try {
    const pki = testPki(folder);
    const { certFile, keyFile } = pki.server();
    const file = join(folder, 'nova.conf');
    const conf = (port = 0) => {
      writeFileSync(
        file,
        `[DEFAULT]
scheduler_default_filters = RamFilter,ComputeFilter
[api]
identity_port = ${port}
image_port = 0
compute_port = 0
link_port = 0
tls_cert_file = ${certFile}
tls_key_file = ${keyFile}
tls_ca_file = ${pki.caFile}
[database]
connection = sqlite:${join(folder, 'compute.db')}
[image]
directory = images
[identity]
token_key_file = token-key.pem
`,
      );
      return loadConfig([file], options);
    };
    const db = await openStorage(`sqlite:${join(folder, 'compute.db')}`);
    await bootstrap(db, { adminPassword: 'secret' }, new Date());
    await bootstrap(db, { adminPassword: 'secret2' }, new Date());
    await db.destroy();

    const started = async (port?: number) => {
      const stops: (() => unknown)[] = [];
      const stop = async () => {
        for (const one of stops.reverse()) await one();
      };
      const daemon = {
        log: createLog('test', 'silent'),
        clock: systemClock,
        onStop: (one: () => unknown) => void stops.push(one),
      };
      try {
        return { ...(await startComputeApi(conf(port), daemon)), stop };
      } catch (error) {
        await stop();
        throw error;
      }
    };
    const caText = readFileSync(pki.caFile);
    const first = await started();
    const user = { name: 'admin', password: 'secret2', domain: { id: 'default' } };
    const scope = { project: { name: 'admin', domain: { id: 'default' } } };
    const answer = await httpsRequest({
      url: `${first.urls.identity}/v3/auth/tokens`,
      method: 'POST',
      body: { auth: { identity: { methods: ['password'], password: { user } }, scope } },
      ca: caText,
    });
    assert.equal(answer.status, 201);
    await assert.rejects(started(Number(new URL(first.urls.identity).port)), { code: 'listen-in-use' });
    await first.stop();

    const second = await started();
    const headers = { 'x-auth-token': String(answer.headers['x-subject-token']) };
    const flavors = await httpsRequest({ url: `${second.urls.compute}/v2.1/flavors`, headers, ca: caText });
    assert.deepEqual(
      JSON.parse(flavors.body.toString()).flavors.map((one: { name: string }) => one.name),
      ['m1.tiny', 'm1.small', 'm1.medium'],
    );
    await second.stop();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test('the database’s URL may hold a password, so it is kept like a secret', () => {
  assert.equal(options.database.connection.secret, true);
});
