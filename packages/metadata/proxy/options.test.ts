import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { loadConfig } from '@assay/daemon';
import { testPki } from '@assay/daemon/testing';
import { options, proxySettings } from './options.ts';

const folder = mkdtempSync(join(tmpdir(), 'assay-proxy-'));
after(() => rmSync(folder, { recursive: true }));
mkdirSync(join(folder, 'ports'), { mode: 0o700 });
const pki = testPki();
const node1 = pki.issue('node1', 'DNS:node1');
const node2 = pki.issue('node2', 'DNS:node2');

/** A change of `undefined` leaves the option out. */
function settings(change: Record<string, string | undefined> = {}, now?: Date) {
  const file = join(folder, 'metadata_agent.ini');
  const lines = Object.entries({
    nova_metadata_host: 'metadata.example',
    nova_metadata_ip: undefined,
    nova_metadata_port: '8775',
    nova_metadata_protocol: 'https',
    nova_metadata_insecure: 'False',
    nova_client_cert: node1.certFile,
    nova_client_priv_key: node1.keyFile,
    auth_ca_cert: pki.caFile,
    metadata_proxy_shared_secret: 'a secret of enough letters',
    '[assay]': '',
    ports_dir: join(folder, 'ports'),
    host: 'node1',
    ...change,
  });
  const text = lines.map(([key, value]) => (key === '[assay]' ? key : value === undefined ? '' : `${key} = ${value}`));
  writeFileSync(file, ['[DEFAULT]', ...text, ''].join('\n'), { mode: 0o600 });
  const conf = loadConfig([file], options);
  return { ...proxySettings(conf, now), warnings: conf.warnings };
}

test('the file operators write for Neutron says where to go and as whom', () => {
  const { origin, host, warnings } = settings();
  assert.deepEqual(
    { origin, host, warnings },
    { origin: 'https://metadata.example:8775', host: 'node1', warnings: [] },
  );
});

test('an IPv6 address is reached as one, and a certificate alone may name the host', () => {
  const { origin, host } = settings({ nova_metadata_host: '::1', host: undefined });
  assert.deepEqual({ origin, host }, { origin: 'https://[::1]:8775', host: 'node1' });
});

test('the former name of nova_metadata_host is still read, with a warning', () => {
  const { origin, warnings } = settings({ nova_metadata_host: undefined, nova_metadata_ip: '192.0.2.7' });
  assert.equal(origin, 'https://192.0.2.7:8775');
  assert.match(warnings.join(), /nova_metadata_ip is a former name/);
});

test('what would weaken the connection is refused at start, and the option named', () => {
  const refusals: [Record<string, string | undefined>, string, string][] = [
    [{ nova_metadata_protocol: 'http' }, 'config-value', 'nova_metadata_protocol'],
    [{ nova_metadata_protocol: 'HTTPS' }, 'config-value', 'nova_metadata_protocol'],
    [{ nova_metadata_insecure: 'True' }, 'config-value', 'nova_metadata_insecure'],
    [{ nova_metadata_host: 'evil.example/x' }, 'config-value', 'nova_metadata_host'],
    [{ nova_metadata_host: 'user@evil.example' }, 'config-value', 'nova_metadata_host'],
    [{ metadata_proxy_shared_secret: '' }, 'config-value', 'metadata_proxy_shared_secret'],
    [{ metadata_proxy_shared_secret: 'short' }, 'config-value', 'metadata_proxy_shared_secret'],
    [{ metadata_proxy_shared_secret: undefined }, 'config-missing', 'metadata_proxy_shared_secret'],
    [{ nova_client_cert: undefined }, 'config-missing', 'nova_client_cert'],
    [{ nova_client_priv_key: undefined }, 'config-missing', 'nova_client_priv_key'],
    [{ nova_client_cert: join(folder, 'none.pem') }, 'tls-file', 'nova_client_cert'],
    [{ nova_client_priv_key: join(folder, 'none.pem') }, 'tls-file', 'nova_client_priv_key'],
    [{ nova_client_priv_key: node2.keyFile }, 'tls-key', 'nova_client_priv_key'],
    [{ nova_client_cert: node2.certFile, nova_client_priv_key: node2.keyFile }, 'config-value', 'nova_client_cert'],
    [{ auth_ca_cert: node1.keyFile }, 'tls-file', 'auth_ca_cert'],
    [{ ports_dir: join(folder, 'none', 'ports') }, 'config-value', 'ports_dir'],
    [{ ports_dir: node1.certFile }, 'config-value', 'ports_dir'],
  ];
  for (const [change, code, option] of refusals)
    assert.throws(
      () => settings(change),
      (error: Error & { code?: string; where?: string }) =>
        error.code === code && error.where?.includes(` ${option}`) && !error.message.includes('enough letters'),
      `${option}: ${JSON.stringify(change)}`,
    );
});

test('a certificate that has ended is refused at start', () => {
  const later = new Date(Date.now() + 30 * 24 * 3600_000);
  assert.throws(() => settings({}, later), { code: 'tls-expired', where: /nova_client_cert/ });
});

test('a ports folder that is not there yet is made, for nobody else to write to', () => {
  const { portsDir } = settings({ ports_dir: join(folder, 'new') });
  assert.equal(statSync(portsDir).mode & 0o777, 0o700);
});

test('a key that others can read, and a ports folder that others can write to, are refused', () => {
  chmodSync(node1.keyFile, 0o644);
  assert.throws(() => settings(), { code: 'tls-file', where: /nova_client_priv_key/ });
  chmodSync(node1.keyFile, 0o600);
  chmodSync(join(folder, 'ports'), 0o777);
  assert.throws(() => settings(), { code: 'config-value', where: /ports_dir/ });
  chmodSync(join(folder, 'ports'), 0o700);
  assert.ok(settings());
});
