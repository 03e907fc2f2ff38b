// The story of asset tags, with the stock client: an operator says where a machine stands, its TPM certifies it, an instance that asks for it starts
// there and nowhere else; the record of that machine, copied into another one's TPM by its root, moves nothing.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { type Host, tagIndex } from '@assay/protocol';
import { tpm2 } from '@assay/tpm/testing';
import { cell, ok } from './clients.ts';
import { type Lab, startLab } from './lab.ts';

let lab: Lab;
const work = mkdtempSync(join(tmpdir(), 'assay-tags-'));
before(async () => {
  lab = await startLab();
});
after(async () => {
  await lab?.stop();
  rmSync(work, { recursive: true });
});

const assay = async (...args: string[]) => ok(await lab.cli(...args));
const nova = async (...args: string[]) => ok(await lab.nova(...args));
const attested = async (name: string) => JSON.parse(await assay('host', 'attest', name, '--json')) as Host;
const codes = ({ verdict }: Host) => verdict.findings.map(({ code }) => code);
/** What root on that host does to its TPM. */
const tool = (host: string, name: string, ...args: string[]) =>
  tpm2(work, `swtpm:path=${join(lab.dir, 'hosts', host, 'tpm.sock')}`, name, ...args);
const index = `0x${tagIndex.toString(16).padStart(8, '0')}`;

test('hosts are tagged, and their TPMs certify it at once', async () => {
  assert.match(await assay('host', 'tag', 'node1', 'country=FR'), /^node1: country=FR, certified by its TPM$/m);
  const said = await assay('host', 'tag', 'node2', 'country=DE', '--because', 'it stands in Frankfurt');
  assert.match(said, /^node2: country=DE, certified by its TPM$/m);
  assert.match(await assay('host', 'show', 'node2'), /^tags +country=DE, certified by its TPM$/m);
});

test('an instance that asks for a country starts where it is certified, and only there', async () => {
  await nova('flavor-key', 'm1.tiny', 'set', 'trust:tag:country=DE');
  await nova('boot', '--flavor', 'm1.tiny', '--image', 'assay-mini', '--poll', 'german');
  assert.equal(cell(await nova('show', 'german'), 'OS-EXT-SRV-ATTR:host'), 'node2');
  const why = await assay('scheduler', 'explain', 'german');
  assert.match(why, /asks for trusted hosts with country=DE$/m);
  assert.match(why, /^node1 .*TrustedFilter .*tag country is FR, DE is asked for$/m);
  await nova('flavor-key', 'm1.small', 'set', 'trust:tag:country=<or> AT <or> CH');
  const nowhere = await lab.nova('boot', '--flavor', 'm1.small', '--image', 'assay-mini', '--poll', 'alpine');
  assert.match(nowhere.stdout + nowhere.stderr, /ERROR|Error/);
  assert.match(await assay('scheduler', 'explain', 'alpine'), /^node2 .*tag country is DE, AT or CH is asked for$/m);
});

test('the record of one host in the TPM of another is refused, and an operator writes the right one again', async () => {
  await tool('node2', 'nvread', '-o', 'record.bin', index);
  for (const other of ['node1', 'node3']) {
    if (other === 'node3') await assay('host', 'tag', 'node3', 'country=FR');
    await tool(other, 'nvwrite', '-C', 'o', '-i', 'record.bin', index);
    const host = await attested(other);
    assert.ok(codes(host).includes('tag-foreign'), codes(host).join(', '));
    assert.deepEqual([host.verdict.tags, host.tags?.state], [undefined, 'refused']);
  }
  await nova('delete', 'german');
  await assay('host', 'tag', 'node2', 'country=AT');
  const nowhere = await lab.nova('boot', '--flavor', 'm1.tiny', '--image', 'assay-mini', '--poll', 'moved');
  assert.match(nowhere.stdout + nowhere.stderr, /ERROR|Error/);
  assert.match(
    await assay('scheduler', 'explain', 'moved'),
    /^node1 .*tag country=DE is asked for and not certified$/m,
  );
  assert.match(await assay('host', 'tag', 'node1', 'country=DE'), /^node1: country=DE, certified by its TPM$/m);
  await nova('boot', '--flavor', 'm1.tiny', '--image', 'assay-mini', '--poll', 'again');
  assert.equal(cell(await nova('show', 'again'), 'OS-EXT-SRV-ATTR:host'), 'node1');
});
