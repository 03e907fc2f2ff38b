import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { type TestContext, test } from 'node:test';
import { httpsRequest } from '@assay/daemon';
import { startTestServer } from './testing/server.ts';

async function aPort(t: TestContext, { free }: { free: boolean }): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  if (free) await new Promise((closed) => server.close(closed));
  else t.after(() => server.close());
  return port;
}

/** What a command prints, whatever it returns. */
const printed = (command: string, ...words: string[]): Promise<string> =>
  new Promise((done) => {
    execFile(command, words, (_error, stdout, stderr) => done(stdout + stderr)).stdin?.end();
  });

test('OAT’s port answers as the first one does, to the same secrets and to nobody else', async (t) => {
  const { server, ca, blob } = await startTestServer(t, { oat_port: await aPort(t, { free: true }) });
  for (const port of [server.port, server.oatPort])
    for (const [secret, status] of [
      [blob, 200],
      ['wrong', 401],
    ] as const) {
      const url = `https://127.0.0.1:${port}/AttestationService/resources/PollHosts`;
      const headers = { 'x-auth-blob': secret };
      const answer = await httpsRequest({ url, method: 'POST', ca, headers, body: { hosts: ['node1'] } });
      assert.equal(answer.status, status, `port ${port}`);
    }
});

test('no client certificate is asked for, oat_cert’s openssl line gets the certificate, and curl -3 works', async (t) => {
  const { server, caFile, blob } = await startTestServer(t, { oat_port: await aPort(t, { free: true }) });
  const at = `127.0.0.1:${server.oatPort}`;
  const shown = await printed('openssl', 's_client', '-connect', at, '-cipher', 'DHE-RSA-AES256-SHA');
  assert.match(shown, /-----BEGIN CERTIFICATE-----/);
  assert.match(shown, /No client certificate CA names sent/);
  const older = await printed('openssl', 's_client', '-connect', at, '-tls1_2', '-CAfile', caFile);
  assert.match(older, /TLSv1\.2, Cipher is ECDHE-/);
  const oldest = await printed('openssl', 's_client', '-connect', at, '-tls1_1', '-cipher', 'DEFAULT@SECLEVEL=0');
  assert.doesNotMatch(oldest, /-----BEGIN CERTIFICATE-----/);
  const url = `https://${at}/AttestationService/resources/PollHosts`;
  const words = ['-s', '-s', '-l', '-3', '--cacert', caFile, '-H', 'Content-Type: application/json'];
  const curl = await printed('curl', ...words, '-H', `Auth_blob: ${blob}`, '-d', '{"hosts":["node1"]}', url);
  assert.equal(JSON.parse(curl).hosts[0].host_name, 'node1');
});

test('neither port speaks plain HTTP, nor TLS in which the server proves nothing', async (t) => {
  const { server, blob } = await startTestServer(t, { oat_port: await aPort(t, { free: true }) });
  for (const port of [server.port, server.oatPort]) {
    const url = `http://127.0.0.1:${port}/AttestationService/resources/hosts`;
    assert.doesNotMatch(await printed('curl', '-s', '-i', '-H', `x-auth-blob: ${blob}`, url), /HTTP\/1\.1 2|HostName/);
    for (const ciphers of ['aNULL:@SECLEVEL=0', 'eNULL:@SECLEVEL=0', 'AES128-SHA:@SECLEVEL=0'])
      assert.doesNotMatch(
        await printed('openssl', 's_client', '-connect', `127.0.0.1:${port}`, '-tls1_2', '-cipher', ciphers),
        /Cipher is [A-Z]+[0-9-]/,
        ciphers,
      );
  }
});

test('a port that is taken keeps the server from starting, and the error names the option', async (t) => {
  const port = await aPort(t, { free: false });
  await assert.rejects(startTestServer(t, { oat_port: port }), {
    code: 'listen-in-use',
    where: `[attestation_server] oat_port (127.0.0.1 port ${port})`,
  });
});

test('one number for both options is one port', async (t) => {
  const port = await aPort(t, { free: true });
  const { server } = await startTestServer(t, { port, oat_port: port });
  assert.deepEqual([server.port, server.oatPort], [port, undefined]);
});
