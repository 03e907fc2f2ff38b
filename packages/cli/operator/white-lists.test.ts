// OAT's white lists are reference values to the operator's commands, and what the operator learns is an MLE to OAT's tools.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { connectPeer, startTestHost, startTestServer, type TestServer } from '@assay/attestation/testing';
import { httpsRequest } from '@assay/daemon';
import type { OatMle, ReferenceSummary } from '@assay/protocol';
import { type Assay, assayOf } from './testing/assay.ts';

async function done(assay: Assay, ...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await assay(args);
  assert.equal(code, 0, `${args.join(' ')}: ${stdout}${stderr}`);
  return stdout;
}

async function oat({ url, ca, blob }: TestServer, method: string, path: string, body?: object): Promise<string> {
  const headers = { 'x-auth-blob': blob };
  const answer = await httpsRequest({ url: `${url}/WLMService/resources/${path}`, method, ca, headers, body });
  assert.equal(answer.status, 200, answer.body.toString());
  return answer.body.toString();
}
const manifest = async (server: TestServer, query: string) =>
  (JSON.parse(await oat(server, 'GET', `mles/manifest?${query}`)) as OatMle).MLE_Manifests ?? [];

test('a white list with SHA-1 is listed, shown, retired, told of and moved to another server', async (t) => {
  const server = await startTestServer(t);
  const assay = assayOf(t, server);
  const folder = mkdtempSync(join(tmpdir(), 'assay-white-list-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  await oat(server, 'POST', 'oem', { Name: 'Fabrikam' });
  const [weak, strong] = ['ab'.repeat(20), 'cd'.repeat(32)];
  const manifests = [weak, strong].map((Value, pcr) => ({ Name: `${pcr}`, Value }));
  const mle = { Name: 'fab-bios', Version: '2.7', OemName: 'Fabrikam', MLE_Type: 'BIOS', MLE_Manifests: manifests };
  await oat(server, 'POST', 'mles', mle);

  const { values } = JSON.parse(await done(assay, 'reference', 'list', '--json')) as { values: ReferenceSummary[] };
  assert.deepEqual(
    values.map(({ form, count, state, by }) => [form, count, state, by]),
    [['pcr-values', 2, 'current', 'OAT API']],
  );
  const id = values[0]?.id ?? '';
  assert.match(await done(assay, 'reference', 'list'), /fab-bios 2\.7/);
  const shown = await done(assay, 'reference', 'show', id);
  assert.match(shown, /^vendor +Fabrikam$/m);
  assert.match(shown, new RegExp(`PCR 0 +sha1 ${weak}\\n +PCR 1 +sha256 ${strong}`));
  assert.match(await done(assay, 'reference', 'history', id), /reference-add .*OAT API|OAT API .*reference-add/);

  const file = join(folder, 'known-good.json');
  await done(assay, 'reference', 'export', file);
  const other = await startTestServer(t);
  await done(assayOf(t, other), 'reference', 'import', file);
  const query = 'mleName=fab-bios&mleVersion=2.7&oemName=Fabrikam';
  assert.deepEqual(await manifest(other, query), await manifest(server, query));

  await done(assay, 'reference', 'retire', id, '--yes', '--because', 'CVE-1');
  assert.deepEqual(await manifest(server, query), [], 'what is retired is on no white list');
  assert.match(await done(assay, 'reference', 'history', id), /CVE-1/);
});

test('what is learnt from a golden host with vendor, name and version is seen by OAT’s tools', async (t) => {
  const host = await startTestHost(t);
  const server = await startTestServer(t, { softwareTpmCas: host.cas });
  const assay = assayOf(t, server);
  await done(assay, 'host', 'register', 'node1');
  const peer = await connectPeer(t, server);
  peer.send(await host.answer(await host.greet(peer, 'node1')));
  await peer.expect('result');
  const said = ['--component', 'firmware', '--vendor', 'Fabrikam', '--name', 'board', '--version', 'F7'];
  const answer = async () => peer.send(await host.answer(await peer.expect('challenge')));
  await Promise.all([done(assay, 'reference', 'learn', 'node1', ...said, '--yes'), answer()]);
  const shown = await manifest(server, 'mleName=board&mleVersion=F7&oemName=Fabrikam');
  assert.deepEqual(
    shown.map(({ Name }) => Name),
    ['1', '2', '3', '5', '6', '7'],
  );
  const { sha256 } = await host.tpm.pcrRead([{ hash: 'sha256', pcrs: [1, 2, 3, 5, 6, 7] }]);
  for (const { Name, Value } of shown)
    assert.equal(
      Value,
      Buffer.from(sha256?.get(Number(Name)) ?? [])
        .toString('hex')
        .toUpperCase(),
      `PCR ${Name}`,
    );
});
