// Enrolment over a connection with a running server, by hosts with a real software TPM.
import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { makeCa } from '@assay/appraisal/testing';
import { testClock } from '@assay/daemon/testing';
import { type Finding, toBase64 } from '@assay/protocol';
import { startTestHost, type TestHost } from '../testing/host.ts';
import { connectPeer } from '../testing/peer.ts';
import { startPool } from '../testing/pool.ts';
import { startTestServer, type TestServer } from '../testing/server.ts';

function folder(t: TestContext): string {
  const made = mkdtempSync(join(tmpdir(), 'assay-enrolment-'));
  t.after(() => rmSync(made, { recursive: true }));
  return made;
}
const derOf = (pem: string) => Buffer.from(pem.replace(/-----[^-]+-----/g, ''), 'base64');
const codes = (findings: Finding[]) => findings.map(({ code }) => code);

/** As far as the server's wish to see an endorsement. */
async function arrive(t: TestContext, server: TestServer, host = 'node1') {
  const peer = await connectPeer(t, server);
  peer.send({ type: 'hello', version: 1, host, agent: 'test' });
  await peer.expect('enrol-wanted');
  return peer;
}
async function serverFor(t: TestContext, options: Parameters<typeof startTestServer>[1]): Promise<TestServer> {
  const server = await startTestServer(t, options);
  await server.call('POST', '/v1/hosts', { name: 'node1' });
  return server;
}
const issuer = ({ cas }: TestHost) => cas['issuer.pem'] ?? '';
const root = ({ cas }: TestHost) => cas['root.pem'] ?? '';

test('E02 a CA out of the TPM may stand between its certificate and a listed root, and end no chain', async (t) => {
  const host = await startTestHost(t);
  const chain = [derOf(issuer(host)), derOf(root(host))].map(toBase64);
  const refusing = await serverFor(t, {});
  const stranger = await arrive(t, refusing);
  stranger.send({ ...(await host.enrolFrame()), ek_chain: chain });
  assert.equal((await stranger.expect('refused')).code, 'ek-issuer-unknown');

  const server = await serverFor(t, { softwareTpmCas: { 'root.pem': root(host) } });
  const without = await arrive(t, server);
  without.send(await host.enrolFrame());
  assert.equal((await without.expect('refused')).code, 'ek-issuer-unknown');
  const peer = await arrive(t, server);
  peer.send({ ...(await host.enrolFrame()), ek_chain: chain });
  peer.send(await host.activatedFrame(await peer.expect('credential')));
  await peer.expect('enrolled');
  peer.send(await host.answer(await peer.expect('challenge')));
  await peer.expect('result');
  const { verdict } = await server.host('node1');
  assert.ok(codes(verdict.findings).includes('reference-missing'));
  assert.ok(!codes(verdict.findings).some((code) => code.startsWith('ek-')), 'the chain is remembered');
});

test('E09 a TPM under a cloud’s CA is labelled virtual, one under a software TPM’s CA software, and each is refused where it is not configured', async (t) => {
  const host = await startTestHost(t);
  const cas = folder(t);
  writeFileSync(join(cas, 'issuer.pem'), issuer(host));
  writeFileSync(join(cas, 'root.pem'), root(host));
  const labelled = async (options: Parameters<typeof startTestServer>[1]) => {
    const server = await serverFor(t, options);
    const peer = await connectPeer(t, server);
    peer.send(await host.answer(await host.greet(peer, 'node1')));
    await peer.expect('result');
    const { verdict } = await server.host('node1');
    return [verdict.software_tpm, verdict.virtual_tpm];
  };
  assert.deepEqual(await labelled({ virtual_tpm_ca_dir: cas }), [false, true]);
  assert.deepEqual(await labelled({ software_tpm_ca_dir: cas }), [true, undefined]);
  assert.deepEqual(await labelled({ software_tpm_ca_dir: cas, virtual_tpm_ca_dir: cas }), [true, undefined]);
  const server = await serverFor(t, {});
  const peer = await arrive(t, server);
  peer.send(await host.enrolFrame());
  assert.equal((await peer.expect('refused')).code, 'ek-issuer-unknown');
});

test('E04 an endorsement whose CA is struck off ends a host’s trust in its next round, and comes back with it', async (t) => {
  const host = await startTestHost(t);
  const cas = folder(t);
  const write = () => {
    writeFileSync(join(cas, 'issuer.pem'), issuer(host));
    writeFileSync(join(cas, 'root.pem'), root(host));
  };
  write();
  const clock = testClock(new Date().toISOString());
  const pool = await startPool(t, { software_tpm_ca_dir: cas, clock });
  const round = async () => {
    clock.pass(1000); // folders are looked into once a second
    const { challenge, verdict } = await pool.ask();
    pool.peer.send(await pool.host.answer(challenge));
    await pool.peer.expect('result');
    return await verdict;
  };
  assert.equal((await round()).trust, 'trusted');
  rmSync(join(cas, 'root.pem'));
  const { trust, findings } = await round();
  assert.equal(trust, 'untrusted');
  assert.ok(codes(findings).includes('ek-issuer-unknown'), JSON.stringify(findings));
  write();
  assert.equal((await round()).trust, 'trusted');
  // A file that cannot be read takes no enrolled host's trust; nobody enrols meanwhile.
  writeFileSync(join(cas, 'root.pem'), root(host).slice(0, 200));
  assert.equal((await round()).trust, 'trusted');
  await pool.server.call('POST', '/v1/hosts', { name: 'node2' });
  const peer = await arrive(t, pool.server, 'node2');
  peer.send(await host.enrolFrame());
  assert.equal((await peer.expect('refused')).code, 'trust-store-pem');
});

test('E04 a server that was given no good revocation list does not start', async (t) => {
  const crls = folder(t);
  await assert.rejects(startTestServer(t, { ek_crl_dir: crls }), { code: 'trust-store-folder' });
  writeFileSync(join(crls, 'vendor.crl'), makeCa('Vendor').pem);
  await assert.rejects(startTestServer(t, { ek_crl_dir: crls }), { code: 'trust-store-crl' });
});

test('E19 a hello under a name that is none is refused before anything is looked up', async (t) => {
  const server = await serverFor(t, {});
  await arrive(t, server);
  for (const host of ['', '../node1', 'node1\r\nnode2', 'node1\u0000', 'nоde1', 'x'.repeat(100_000), '__proto__']) {
    const peer = await connectPeer(t, server);
    peer.send(JSON.stringify({ type: 'hello', version: 1, host, agent: 'test' }));
    const refused = await peer.next().catch(() => undefined); // a frame this long ends a stranger's line at once
    if (refused) {
      assert.ok(refused.type === 'refused');
      assert.doesNotMatch(refused.code, /^(enrol|internal)/, host);
      assert.doesNotMatch(refused.message, /[\p{Cc}]/u);
      assert.ok(refused.message.length < 1000);
    }
    await peer.closed;
  }
});

test('E23 whose AK it is stands in the server’s own table, not in what a host says', async (t) => {
  const { server, host, verdict } = await startPool(t);
  await server.call('POST', '/v1/hosts', { name: 'node2' });
  const liar = await connectPeer(t, server);
  liar.send({ type: 'hello', version: 1, host: 'node2', agent: 'test', ak_name: host.akName });
  await liar.expect('enrol-wanted'); // no challenge: node2 has no such key
  const other = await startTestHost(t, { identity: 'two' });
  const claiming = await connectPeer(t, server);
  claiming.send({ type: 'hello', version: 1, host: 'node1', agent: 'test', ak_name: other.akName });
  await claiming.expect('enrol-wanted');
  assert.equal((await server.host('node1')).ak_name, host.akName);
  assert.equal((await verdict()).trust, 'trusted');
});

test('E24 a frame without its proof ends the enrolment, whatever follows it', async (t) => {
  const host = await startTestHost(t);
  const server = await serverFor(t, { softwareTpmCas: host.cas });
  const frame = await host.enrolFrame();
  const { ek_certificate: _c, ...noCertificate } = frame;
  const { ek_public: _e, ...noEk } = frame;
  const { ak_public: _a, ...noAk } = frame;
  const empty = { ...frame, ek_certificate: '' };
  for (const broken of [noCertificate, noEk, noAk, empty, { type: 'enrol' }]) {
    const peer = await arrive(t, server);
    peer.send(JSON.stringify(broken));
    assert.equal((await peer.expect('refused')).type, 'refused');
    await peer.closed;
  }
  for (const proof of [{}, { secret: null }, { secret: '' }, { secret: [] }, { secret: 'AAAA' }]) {
    const peer = await arrive(t, server);
    peer.send(frame);
    await peer.expect('credential');
    peer.send(JSON.stringify({ type: 'activated', ...proof }));
    assert.equal((await peer.expect('refused')).type, 'refused');
    await peer.closed;
  }
  const early = await arrive(t, server);
  early.send({ type: 'activated', secret: toBase64(new Uint8Array(32)) });
  assert.equal((await early.expect('refused')).code, 'agent-frame');
  assert.equal((await server.host('node1')).enrolled_at, undefined);
  await host.greet(await connectPeer(t, server), 'node1');
  assert.equal((await server.host('node1')).ak_name, host.akName);
});

test('E26 a server whose secret or signing key others can read does not start', async (t) => {
  const server = await startTestServer(t);
  for (const file of [server.options.auth_blob_file, server.options.ticket_key_file]) {
    chmodSync(file, 0o640);
    await assert.rejects(server.restart(), { code: 'config-value' });
    chmodSync(file, 0o600);
  }
  await server.restart();
});
