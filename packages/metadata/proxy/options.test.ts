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
function settings(change: Record<string, string | undefined> = {}, now?: Date, before: Record<string, string> = {}) {
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
    metadata_workers: undefined,
    metadata_backlog: undefined,
    ...before,
    '[assay]': '',
    ports_dir: join(folder, 'ports'),
    host: 'node1',
    ...change,
  });
  const text = lines.map(([key, value]) =>
    key.startsWith('[') ? key : value === undefined ? '' : `${key} = ${value}`,
  );
  writeFileSync(file, ['[DEFAULT]', ...text, ''].join('\n'), { mode: 0o600 });
  const conf = loadConfig([file], options);
  const got = proxySettings(conf, now);
  return { ...got, warnings: [...conf.warnings, ...got.warnings] };
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
    [{ nova_client_cert: '' }, 'config-value', 'nova_client_cert'],
    [{ nova_client_priv_key: '' }, 'config-value', 'nova_client_priv_key'],
    [{ nova_client_cert: '', nova_client_priv_key: '' }, 'config-value', 'nova_client_cert'],
    [{ nova_client_cert: undefined, nova_client_priv_key: undefined }, 'config-missing', 'nova_client_cert'],
    [{ nova_client_cert: pki.folder }, 'tls-file', 'nova_client_cert'],
    [{ nova_client_cert: node2.keyFile }, 'tls-file', 'nova_client_cert'],
    [{ nova_metadata_protocol: 'http', nova_client_cert: undefined }, 'config-missing', 'nova_client_cert'],
    [{ nova_metadata_protocol: '' }, 'config-value', 'nova_metadata_protocol'],
    [{ nova_metadata_insecure: 'maybe' }, 'config-value', 'nova_metadata_insecure'],
    [{ nova_metadata_port: '0' }, 'config-value', 'nova_metadata_port'],
    [{ nova_metadata_port: '70000' }, 'config-value', 'nova_metadata_port'],
    [{ auth_ca_cert: join(folder, 'none.pem') }, 'tls-file', 'auth_ca_cert'],
    [{ metadata_workers: '-1' }, 'config-value', 'metadata_workers'],
    [{ metadata_backlog: '0' }, 'config-value', 'metadata_backlog'],
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

test('an option written with a slip is refused: it may be the one that was to make this safer', () => {
  for (const slip of ['auth_ca_certs', 'nova_metadata_insecur', 'metadata_worker'])
    assert.throws(() => settings({}, undefined, { [slip]: 'x' }), { code: 'config-value', message: new RegExp(slip) });
});

test('what Neutron’s other parts and libraries read stays in the file, and is told', () => {
  const { warnings } = settings({}, undefined, { debug: 'True', transport_url: 'rabbit://x' });
  assert.match(warnings.join(), /does not read: debug, transport_url/);
});

type Got = ReturnType<typeof settings>;
test('every option of Neutron’s has its default of ours, and does what it says or tells that it does nothing', () => {
  const rate = '[metadata_rate_limiting]';
  const table: [
    section: string,
    name: string,
    value: string,
    effect: ((got: Got) => unknown) | 'none',
    was: unknown,
    is: unknown,
  ][] = [
    ['', 'nova_metadata_host', '192.0.2.1', ({ origin }) => origin, 'https://127.0.0.1:8775', 'https://192.0.2.1:8775'],
    ['', 'nova_metadata_port', '8443', ({ origin }) => origin, 'https://127.0.0.1:8775', 'https://127.0.0.1:8443'],
    ['', 'nova_metadata_protocol', 'https', ({ origin }) => origin.split(':')[0], 'https', 'https'],
    ['', 'nova_metadata_insecure', 'no', ({ origin }) => origin.split(':')[0], 'https', 'https'],
    ['', 'auth_ca_cert', pki.caFile, ({ tls }) => tls.ca, undefined, pki.ca],
    ['', 'metadata_workers', '3', ({ workers }) => workers, 0, 3],
    ['', 'metadata_backlog', '7', ({ backlog }) => backlog, 4096, 7],
    [rate, 'rate_limit_enabled', 'False', ({ rateWindows }) => rateWindows.length, 2, 0],
    [rate, 'base_window_duration', '90', ({ rateWindows }) => rateWindows[0]?.seconds, 60, 90],
    [rate, 'base_query_rate_limit', '5', ({ rateWindows }) => rateWindows[0]?.queries, 600, 5],
    [rate, 'burst_window_duration', '20', ({ rateWindows }) => rateWindows[1]?.seconds, 10, 20],
    [rate, 'burst_query_rate_limit', '9', ({ rateWindows }) => rateWindows[1]?.queries, 200, 9],
    [rate, 'ip_versions', '4', 'none', '', ''],
    ...['socket', 'user', 'group', 'socket_mode'].map(
      (name) => ['', `metadata_proxy_${name}`, 'x', 'none', '', ''] as (typeof table)[number],
    ),
    ...['connect', 'client', 'server', 'http_request', 'http_keep_alive'].map(
      (name) => ['[metadata_haproxy]', `timeout_${name}`, '30', 'none', '', ''] as (typeof table)[number],
    ),
    ['[cache]', 'enabled', 'true', 'none', '', ''],
    ['[cache]', 'backend', 'dogpile.cache.memory', 'none', '', ''],
    ['[cache]', 'expiration_time', '5', 'none', '', ''],
    ['[AGENT]', 'report_interval', '30', 'none', '', ''],
    ['[AGENT]', 'log_agent_heartbeats', 'false', 'none', '', ''],
  ];
  const bare = { nova_metadata_host: undefined, nova_metadata_port: undefined, nova_metadata_protocol: undefined };
  const none = { ...bare, nova_metadata_insecure: undefined, auth_ca_cert: undefined };
  const without = settings(none);
  assert.deepEqual(without.warnings, []);
  for (const [section, name, value, effect, was, is] of table) {
    const known = section === '' && Object.hasOwn({ ...none, metadata_workers: '', metadata_backlog: '' }, name);
    const got = known
      ? settings({ ...none, [name]: value })
      : settings(none, undefined, { ...(section ? { [section]: '' } : {}), [name]: value });
    if (effect === 'none') assert.match(got.warnings.join(), new RegExp(`${name}: .*without effect`), name);
    else assert.deepEqual([effect(without), effect(got), got.warnings], [was, is, []], name);
  }
});
