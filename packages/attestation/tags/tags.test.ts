// Asset tags from the operator's word to the verdict, on a real server and a real software TPM; and what root on the host makes of them.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { labDocument } from '@assay/appraisal';
import { testClock } from '@assay/daemon/testing';
import {
  type Explanation,
  fromBase64,
  type Host,
  type HostHistory,
  type Journal,
  type PolicyDocument,
  type PollHostsAnswer,
  type Tags,
  type Ticket,
  type TicketClaims,
  tagIndex,
  tagRecord,
  tagRecordBytes,
  type Verdict,
} from '@assay/protocol';
import { type Challenge, startTestHost, type TestHost } from '../testing/host.ts';
import { connectPeer, type Peer } from '../testing/peer.ts';
import { type Pool, startPool } from '../testing/pool.ts';

const instance_id = '7f0f5a5e-0f3e-4a57-9c6d-3f3e0c9f6a11';
const nv = { index: tagIndex, size: tagRecordBytes };
const european: PolicyDocument = { ...labDocument, tags: { country: ['DE', 'AT'] } };

type Tagged = { pool: Pool; peer: Peer };
/** On tags; in brackets what does not count. */
const codes = ({ findings }: Verdict) =>
  findings.flatMap(({ code, allowed }) => (code.startsWith('tag-') ? [allowed ? `(${code})` : code] : []));
const errorOf = (body: unknown) => (body as { error?: { code: string; message: string } }).error;

/** node1, trusted, on a connection whose agent writes tags. */
async function start(t: TestContext, options: Parameters<typeof startPool>[1] = {}): Promise<Tagged> {
  const pool = await startPool(t, { brake_percent: 100, ...options });
  pool.peer.cut();
  const peer = await connectPeer(t, pool.server);
  await greet(peer, pool.host);
  await answer(peer, pool.host, await peer.expect('challenge'));
  return { pool, peer };
}

const greet = async (peer: Peer, host: TestHost, writes_tags = true) =>
  peer.send({ type: 'hello', version: 1, host: 'node1', agent: 'test', ak_name: host.akName, writes_tags });

async function answer(peer: Peer, host: TestHost, challenge: Challenge) {
  peer.send(await host.answer(challenge));
  return await peer.expect('result');
}

const put = (server: Pool['server'], tags: Tags, more: object = {}, name = 'node1') =>
  server.call('PUT', `/v1/hosts/${name}/tags`, { tags, ...more });

/** What an honest agent does between the operator's command and its answer. @returns the record it wrote */
async function write(
  { pool, peer }: Tagged,
  tags: Tags,
  more: object = {},
): Promise<{ host: Host; record: Uint8Array }> {
  const asked = put(pool.server, tags, more);
  const { record: text, serial } = await peer.expect('tag');
  const record = fromBase64(text, 'record');
  await pool.host.putTags(record);
  peer.send({ type: 'tagged', serial });
  await answer(peer, pool.host, await peer.expect('challenge'));
  const { status, body } = await asked;
  assert.equal(status, 200, JSON.stringify(body));
  return { host: body as Host, record };
}

async function round({ pool, peer }: Tagged): Promise<{ challenge: Challenge; verdict: Verdict }> {
  const asked = pool.server.call('POST', '/v1/hosts/node1/attest');
  const challenge = await peer.expect('challenge');
  await answer(peer, pool.host, challenge);
  return { challenge, verdict: ((await asked).body as Host).verdict };
}

async function apply({ pool }: Tagged, document: PolicyDocument) {
  const { status, body } = await pool.server.call('POST', '/v1/policies', { document });
  assert.equal(status, 200, JSON.stringify(body));
}

const polled = async (server: Pool['server']) => {
  const { body } = await server.call('POST', '/AttestationService/resources/PollHosts', { hosts: ['node1'] });
  return (body as PollHostsAnswer).hosts[0];
};

test('tags are written into the TPM of a connected host, certified, and told', async (t) => {
  const at = await start(t);
  const { server } = at.pool;
  const { host } = await write(at, { country: 'DE', zone: 'fra1' }, { by: 'ann', because: 'rack 7' });
  assert.deepEqual([host.tags?.state, host.tags?.problem], ['certified', undefined]);
  assert.deepEqual(host.verdict.tags, { country: 'DE', zone: 'fra1' });
  assert.deepEqual([host.verdict.trust, codes(host.verdict)], ['trusted', []]);
  assert.deepEqual((await polled(server))?.tags, { country: 'DE', zone: 'fra1' });
  const { body } = await server.call('GET', '/v1/journal?action=host-tag');
  const [line] = (body as Journal).entries;
  assert.deepEqual([line?.by, line?.because, line?.subject], ['ann', 'rack 7', 'node1']);
  assert.match(line?.text ?? '', /^tags of host node1: country=DE, zone=fra1 \(record \d+\); before: none$/);
  const { challenge, verdict } = await round(at);
  assert.deepEqual([challenge.nv, verdict.tags], [nv, { country: 'DE', zone: 'fra1' }], 'each round anew');
  const restarted = await server.restart();
  assert.deepEqual((await restarted.host('node1')).verdict.tags, { country: 'DE', zone: 'fra1' });
  assert.equal((await restarted.host('node1')).tags?.state, 'certified');
});

test('a host without tags is asked for none, also when it had some', async (t) => {
  const at = await start(t);
  assert.equal((await round(at)).challenge.nv, undefined);
  await write(at, { country: 'DE' });
  const asked = put(at.pool.server, {});
  const challenge = await at.peer.expect('challenge');
  await answer(at.peer, at.pool.host, challenge);
  const host = (await asked).body as Host;
  assert.deepEqual([challenge.nv, host.tags, host.verdict.tags], [undefined, undefined, undefined]);
  assert.equal((await polled(at.pool.server))?.tags, undefined);
  assert.equal(host.verdict.trust, 'trusted');
});

test('tags of a host that is away are pending, and written when it comes', async (t) => {
  const { pool, peer: before } = await start(t);
  before.cut();
  await before.closed;
  while ((await pool.server.host('node1')).connected);
  const { body } = await put(pool.server, { country: 'DE' });
  const pending = body as Host;
  assert.deepEqual([pending.tags?.state, pending.verdict.tags], ['pending', undefined]);
  assert.deepEqual([pending.verdict.trust, codes(pending.verdict)], ['trusted', ['(tag-missing)']]);
  const peer = await connectPeer(t, pool.server);
  await greet(peer, pool.host);
  const tag = await peer.expect('tag');
  await pool.host.putTags(fromBase64(tag.record, 'record'));
  peer.send({ type: 'tagged', serial: tag.serial });
  await answer(peer, pool.host, await peer.expect('challenge'));
  assert.equal((await pool.server.host('node1')).tags?.state, 'certified');
});

test('an agent that cannot write them, or is too old, is told of; another try mends it', async (t) => {
  const at = await start(t);
  const asked = put(at.pool.server, { country: 'DE' });
  const { serial } = await at.peer.expect('tag');
  at.peer.send({ type: 'failed', tag: serial, code: 'tpm-rc-bad-auth', message: 'the owner has a password' });
  await answer(at.peer, at.pool.host, await at.peer.expect('challenge'));
  const failed = (await asked).body as Host;
  assert.deepEqual(
    [failed.tags?.state, failed.tags?.problem],
    ['pending', 'tpm-rc-bad-auth: the owner has a password'],
  );
  assert.deepEqual((await round(at)).challenge.nv, nv, 'and on this connection the record is not sent again');

  at.peer.cut();
  const old = await connectPeer(t, at.pool.server);
  await greet(old, at.pool.host, false);
  await answer(old, at.pool.host, await old.expect('challenge'));
  assert.match((await at.pool.server.host('node1')).tags?.problem ?? '', /update it/);

  const peer = await connectPeer(t, at.pool.server);
  await greet(peer, at.pool.host);
  const again = await peer.expect('tag');
  assert.equal(again.serial, serial);
  await at.pool.host.putTags(fromBase64(again.record, 'record'));
  await answer(peer, at.pool.host, await peer.expect('challenge'));
  const mended = await at.pool.server.host('node1');
  assert.deepEqual([mended.tags?.state, mended.tags?.problem], ['certified', undefined]);
});

test('an answer about a record that was not sent, or a second one, ends the connection', async (t) => {
  const at = await start(t);
  at.peer.send({ type: 'tagged', serial: 5 });
  await at.peer.expect('refused');
  const peer = await connectPeer(t, at.pool.server);
  await greet(peer, at.pool.host);
  await answer(peer, at.pool.host, await peer.expect('challenge'));
  const asked = put(at.pool.server, { country: 'DE' });
  const { serial } = await peer.expect('tag');
  peer.send({ type: 'tagged', serial });
  peer.send({ type: 'tagged', serial });
  while ((await peer.next()).type !== 'refused');
  await asked;
});

test('with a policy that asks for tags, a host is trusted only where it is certified to be', async (t) => {
  const at = await start(t);
  const { server } = at.pool;
  const tryOut = await server.call('POST', '/v1/policies', { document: european, dry_run: true });
  assert.equal((tryOut.body as { rehearsal: { losing: number } }).rehearsal.losing, 1);
  await apply(at, european);
  const none = await at.pool.verdict();
  assert.deepEqual([none.trust, codes(none)], ['unknown', ['tag-missing']]);
  const { host: german } = await write(at, { country: 'DE' });
  assert.deepEqual([german.verdict.trust, german.verdict.tags], ['trusted', { country: 'DE' }]);
  const kept = await server.call('POST', '/v1/policies', { document: european, dry_run: true });
  assert.equal((kept.body as { rehearsal: { losing: number } }).rehearsal.losing, 0, 'by recorded evidence too');
  const { host: french } = await write(at, { country: 'FR' });
  assert.deepEqual([french.verdict.trust, codes(french.verdict)], ['untrusted', ['tag-mismatch']]);
  await apply(at, { ...european, tags: { country: ['FR'] } });
  assert.equal((await at.pool.verdict()).trust, 'trusted', 'at once, on the evidence that is recorded');
});

test('an old record that root writes back is stale, and not mended until an operator writes again', async (t) => {
  const at = await start(t);
  const { record: old } = await write(at, { country: 'AT' });
  await write(at, { country: 'DE' });
  await apply(at, european);
  await at.pool.host.putTags(old);
  const { verdict } = await round(at);
  assert.deepEqual([verdict.trust, codes(verdict), verdict.tags], ['untrusted', ['tag-stale'], undefined]);
  assert.equal((await polled(at.pool.server))?.tags, undefined);
  const told = (await at.pool.server.host('node1')).tags;
  assert.equal(told?.state, 'refused');
  assert.match(told?.problem ?? '', /written back/);
  const { body } = await at.pool.server.call('GET', '/v1/hosts/node1/explanation');
  const { summary, commands } = body as Explanation;
  assert.match(summary, /written back/);
  assert.deepEqual(
    commands.map(({ command }) => command),
    ['assay host tag node1 country=DE --because "…"'],
  );
  const again = await connectPeer(t, at.pool.server);
  await greet(again, at.pool.host);
  await answer(again, at.pool.host, await again.expect('challenge'));
  assert.equal((await at.pool.verdict()).trust, 'untrusted', 'also on a new connection nothing is written');
  const { host } = await write({ pool: at.pool, peer: again }, { country: 'DE' });
  assert.deepEqual([host.verdict.trust, host.tags?.state], ['trusted', 'certified']);
});

test('a record of another host, altered bytes, a deleted index, an index made anew: none is certified', async (t) => {
  const at = await start(t);
  const { host } = at.pool;
  const { record } = await write(at, { country: 'DE' });
  await apply(at, european);
  const other = await startTestHost(t, { identity: 'two' });
  const foreignEk = (await other.tpm.createEk()).name;
  const serial = (await at.pool.server.host('node1')).tags?.serial ?? 0;
  const outcome = async () => {
    const { verdict } = await round(at);
    assert.deepEqual([verdict.tags, (await polled(at.pool.server))?.tags], [undefined, undefined]);
    return [verdict.trust, ...codes(verdict)];
  };
  await host.putTags(tagRecord({ serial, ekName: foreignEk, tags: { country: 'DE' } }));
  assert.deepEqual(await outcome(), ['untrusted', 'tag-foreign']);
  await host.putTags(record.map((byte, i) => (i === 70 ? byte ^ 1 : byte)));
  assert.deepEqual(await outcome(), ['untrusted', 'tag-altered']);
  await host.tpm.nvUndefineSpace(tagIndex);
  assert.deepEqual(await outcome(), ['unknown', 'tag-missing']);
  await host.tpm.nvDefineSpace({ index: tagIndex, size: tagRecordBytes });
  await host.putTags(record);
  assert.deepEqual(await outcome(), ['untrusted', 'tag-altered']);
});

test('evidence that does not verify tells no tags, and confirms none', async (t) => {
  const at = await start(t);
  const asked = put(at.pool.server, { country: 'DE' });
  const { record, serial } = await at.peer.expect('tag');
  await at.pool.host.putTags(fromBase64(record, 'record'));
  at.peer.send({ type: 'tagged', serial });
  const challenge = await at.peer.expect('challenge');
  const evidence = await at.pool.host.evidence(challenge, { nonce: new Uint8Array(32) });
  assert.ok(evidence.nv, 'its tags are certified over the right nonce');
  at.peer.send({ type: 'evidence', challenge: challenge.challenge, evidence });
  await at.peer.expect('result');
  const { tags, verdict } = (await asked).body as Host;
  assert.deepEqual([tags?.state, verdict.tags, verdict.trust], ['pending', undefined, 'untrusted']);
});

test('where the policy asks for no tags, what is wrong with them is shown and does not count', async (t) => {
  const at = await start(t);
  await write(at, { country: 'DE' });
  await at.pool.host.tpm.nvUndefineSpace(tagIndex);
  const { verdict } = await round(at);
  assert.deepEqual([verdict.trust, codes(verdict), verdict.tags], ['trusted', ['(tag-missing)'], undefined]);
});

test('what was certified of before tags were changed says nothing of the new ones', async (t) => {
  const at = await start(t);
  await write(at, { country: 'DE' });
  await apply(at, european);
  const asked = put(at.pool.server, { country: 'AT' });
  const { record, serial } = await at.peer.expect('tag');
  const between = await at.pool.server.host('node1');
  assert.deepEqual([between.verdict.trust, codes(between.verdict)], ['unknown', ['tag-missing']]);
  assert.equal(between.verdict.tags, undefined);
  await at.pool.host.putTags(fromBase64(record, 'record'));
  at.peer.send({ type: 'tagged', serial });
  await answer(at.peer, at.pool.host, await at.peer.expect('challenge'));
  assert.deepEqual(((await asked).body as Host).verdict.tags, { country: 'AT' });
});

test('an answer to a challenge of before the change does not certify the tags of before it', async (t) => {
  const at = await start(t);
  await write(at, { country: 'DE' });
  const attested = at.pool.server.call('POST', '/v1/hosts/node1/attest');
  const challenge = await at.peer.expect('challenge');
  const late = await at.pool.host.answer(challenge);
  const asked = put(at.pool.server, { country: 'AT' });
  while ((await at.pool.server.host('node1')).tags?.tags['country'] !== 'AT');
  at.peer.send(late);
  await at.peer.expect('result');
  assert.equal((await at.pool.verdict()).tags, undefined);
  await attested;
  const tag = await at.peer.expect('tag');
  await at.pool.host.putTags(fromBase64(tag.record, 'record'));
  await answer(at.peer, at.pool.host, await at.peer.expect('challenge'));
  assert.deepEqual(((await asked).body as Host).verdict.tags, { country: 'AT' });
});

test('a ticket that asks for tags is signed only where they are certified now', async (t) => {
  const at = await start(t);
  const { server, host } = at.pool;
  const ticket = async (tags: Record<string, string[]>) => {
    const asked = server.call('POST', '/v1/tickets', { instance_id, host: 'node1', tags });
    await answer(at.peer, host, await at.peer.expect('challenge'));
    const { status, body } = await asked;
    if (status !== 200) return errorOf(body)?.message;
    const claims = Buffer.from((body as Ticket).ticket.split('.')[1] ?? '', 'base64url').toString();
    assert.deepEqual((JSON.parse(claims) as TicketClaims).tags, tags);
    return 'signed';
  };
  assert.match((await ticket({ country: ['DE'] })) ?? '', /tag country=DE is asked for and not certified/);
  await write(at, { country: 'DE' });
  assert.equal(await ticket({ country: ['AT', 'DE'] }), 'signed');
  assert.match((await ticket({ country: ['FR'] })) ?? '', /tag country is DE, FR is asked for/);
  assert.match((await ticket({ country: ['DE'], zone: ['fra1'] })) ?? '', /zone=fra1/);
  await host.tpm.nvUndefineSpace(tagIndex);
  assert.match((await ticket({ country: ['DE'] })) ?? '', /not certified/, 'the last verdict had it');
  for (const tags of [{}, { country: [] }, { country: 'DE' }, { 'a b': ['c'] }]) {
    const { status } = await server.call('POST', '/v1/tickets', { instance_id, host: 'node1', tags });
    assert.equal(status, 400, JSON.stringify(tags));
  }
});

test('an expired verdict tells no tags', async (t) => {
  const clock = testClock(new Date().toISOString());
  const at = await start(t, { clock, attestation_period: 30, verdict_lifetime: 90 });
  await write(at, { country: 'DE' });
  assert.deepEqual((await polled(at.pool.server))?.tags, { country: 'DE' });
  clock.pass(90_000);
  const entry = await polled(at.pool.server);
  assert.deepEqual([entry?.trust_lvl, entry?.tags], ['unknown', undefined]);
  assert.equal((await at.pool.server.host('node1')).tags?.state, 'refused');
});

test('what are no tags, of nobody, or changed meanwhile is refused', async (t) => {
  const at = await start(t);
  const { server } = at.pool;
  const wrong = [
    ...[{ 'a b': 'c' }, { a: '' }, { a: 'x\ny' }, { a: 'ü'.repeat(128) }, { a: 5 }, ['a'], null],
    Object.fromEntries(Array.from({ length: 17 }, (_, i) => [`t${i}`, 'x'])),
  ];
  for (const tags of wrong) {
    const { status, body } = await server.call('PUT', '/v1/hosts/node1/tags', { tags });
    assert.equal(status, 400, JSON.stringify(tags));
    assert.match(errorOf(body)?.code ?? '', /^(request|tags)-invalid$/);
  }
  assert.equal((await put(server, { a: 'b' }, {}, 'node9')).status, 404);
  const stranger = await server.call('PUT', '/v1/hosts/node1/tags', { tags: {} }, { 'x-auth-blob': 'wrong' });
  assert.equal(stranger.status, 401);
  const late = await put(server, { a: 'b' }, { before: { a: 'c' } });
  assert.deepEqual([late.status, errorOf(late.body)?.code], [409, 'tags-stale']);
  const nothing = await put(server, {}, { before: {} });
  assert.deepEqual([nothing.status, (nothing.body as Host).tags], [200, undefined]);
});

test('serial numbers only go up, also when the clock goes back', async (t) => {
  const clock = testClock(new Date().toISOString());
  const at = await start(t, { clock });
  const serial = async (tags: Tags) => (await write(at, tags)).host.tags?.serial ?? 0;
  const first = await serial({ country: 'DE' });
  clock.step(-3_600_000);
  const second = await serial({ country: 'DE' });
  assert.equal(second, first + 1);
  await at.pool.server.call('DELETE', '/v1/hosts/node1');
});

test('history has each change of tags, and the past is judged by the tags of then', async (t) => {
  const at = await start(t);
  await write(at, { country: 'DE' });
  await write(at, { country: 'AT' });
  await apply(at, european);
  const { body } = await at.pool.server.call('GET', '/v1/hosts/node1/history?reappraise=1');
  const { entries } = body as HostHistory;
  const told = entries.flatMap(({ verdict, now }) => (verdict.tags ? [[verdict.tags['country'], now?.trust]] : []));
  assert.deepEqual(told.slice(-2), [
    ['AT', 'trusted'],
    ['DE', 'trusted'],
  ]);
});
