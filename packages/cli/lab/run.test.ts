import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { checkBootAggregate, readImaList, replayIma, writeImaEntry } from '@assay/measurement';
import { openTpm } from '@assay/tpm';
import { bootHost } from './boot.ts';
import { layout } from './layout.ts';
import { connects } from './readiness.ts';
import { openList, runOnHost } from './run.ts';
import type { LabHost } from './settings.ts';
import { madeAt, manufactureTpm, swtpmCommand } from './software-tpm.ts';

const dir = mkdtempSync(join(tmpdir(), 'assay-lab-run-'));
after(() => rmSync(dir, { recursive: true }));
const paths = layout(dir);
const host = paths.host('node1');
const golden: LabHost = { name: 'node1', boot: 'golden', memoryMb: 512, vcpus: 1 };
const [program, changed] = [join(dir, 'program'), join(dir, 'changed')];

before(async () => {
  mkdirSync(host.dir, { recursive: true });
  await manufactureTpm(paths, host);
  writeFileSync(program, 'a program');
  writeFileSync(changed, 'another program');
});

/** Power on, boot, `work`, power off. */
async function booted(work: () => Promise<void>): Promise<void> {
  const [command, ...args] = swtpmCommand(host);
  const swtpm = spawn(command, args, { cwd: host.dir, stdio: 'ignore' });
  const ended = once(swtpm, 'exit');
  try {
    const serves = connects(host.tpmSocket);
    while (!(await serves())) await delay(10);
    await bootHost(golden, host, madeAt(host));
    await work();
  } finally {
    swtpm.kill();
    await ended;
  }
}

/** PCRs 0–10 as the TPM has them, of both banks. */
async function pcrs() {
  const tpm = await openTpm(`swtpm:path=${host.tpmSocket}`);
  const all = Array.from({ length: 11 }, (_, pcr) => pcr);
  try {
    return await tpm.pcrRead([
      { hash: 'sha256', pcrs: all },
      { hash: 'sha384', pcrs: all },
    ]);
  } finally {
    await tpm.close();
  }
}
const list = () => [...readImaList(readFileSync(host.imaLog))];
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

test('files are measured into a list that begins with this boot and that PCR 10 vouches for in both banks', async () => {
  await booted(async () => {
    assert.equal(existsSync(host.imaLog), false);
    const first = await runOnHost(host, [program], '/usr/bin/program');
    assert.deepEqual(first, [{ path: '/usr/bin/program', sha256: sha256('a program'), entry: 1, again: false }]);
    await runOnHost(host, [program, changed]);
    const values = await pcrs();
    const [aggregate, ...files] = list();
    assert.equal(checkBootAggregate(aggregate, values).result, 'equal');
    assert.deepEqual(
      files.map(({ fields, problems }) => [fields?.path, fields?.digest.value.toHex(), problems]),
      [
        ['/usr/bin/program', sha256('a program'), []],
        [program, sha256('a program'), []],
        [changed, sha256('another program'), []],
      ],
    );
    for (const bank of ['sha256', 'sha384'] as const) {
      const target = values[bank]?.get(10) ?? new Uint8Array();
      const replayed = replayIma({ offset: 0, bytes: readFileSync(host.imaLog) }, undefined, { [bank]: target });
      assert.equal(replayed.state?.entries, 4, bank);
    }
    const tools = execFileSync('tpm2_pcrread', ['-T', 'swtpm:path=tpm.sock', 'sha256:10'], { cwd: host.dir });
    assert.match(tools.toString().toLowerCase(), new RegExp(`0x${values.sha256?.get(10)?.toHex()}`));
  });
});

test('what was measured before is not measured again, unless its content has changed', async () => {
  await booted(async () => {
    await runOnHost(host, [program], '/usr/bin/program');
    const before = await pcrs();
    const [again] = await runOnHost(host, [program], '/usr/bin/program');
    assert.deepEqual([again?.entry, again?.again], [1, true]);
    assert.deepEqual(await pcrs(), before);
    const [other] = await runOnHost(host, [changed], '/usr/bin/program');
    assert.deepEqual([other?.entry, other?.again], [2, false]);
  });
});

test('a new boot begins without a list', async () => {
  await booted(async () => {
    assert.equal(existsSync(host.imaLog), false);
    assert.deepEqual((await pcrs()).sha256?.get(10), Buffer.alloc(32));
  });
});

test('two who run something at once leave one list that PCR 10 vouches for', async () => {
  await booted(async () => {
    await Promise.all([runOnHost(host, [program]), runOnHost(host, [changed])]);
    const target = (await pcrs()).sha256?.get(10) ?? new Uint8Array();
    const replayed = replayIma({ offset: 0, bytes: readFileSync(host.imaLog) }, undefined, { sha256: target });
    assert.equal(replayed.state?.entries, 3);
  });
});

test('what cannot be measured leaves list and PCR as they are', async () => {
  await booted(async () => {
    await assert.rejects(runOnHost(host, [program, join(dir, 'none')]), { code: 'lab-file' });
    for (const none of [dir, '/dev/null']) await assert.rejects(runOnHost(host, [none]), { code: 'lab-file' });
    await assert.rejects(runOnHost(host, [program, changed], '/x'), { code: 'lab-as' });
    await assert.rejects(runOnHost(host, [program], '/x\0'), { code: 'ima-path' });
    assert.deepEqual((await pcrs()).sha256?.get(10), Buffer.alloc(32));
    assert.equal(existsSync(host.imaLog), false);
  });
});

test('a measurement that the TPM did not take is not in the list either', async () => {
  const zeros = new Map(Array.from({ length: 10 }, (_, pcr) => [pcr, new Uint8Array(32)]));
  const file = join(dir, 'list');
  let works = true;
  const list = await openList(
    {
      pcrBanks: async () => [{ hash: 'sha256', pcrs: [10] }],
      pcrRead: async () => ({ sha256: zeros }),
      pcrExtend: async () => {
        if (!works) throw new Error('no power');
      },
    },
    file,
  );
  const before = readFileSync(file);
  works = false;
  const entry = writeImaEntry({ path: '/x', digest: new Uint8Array(32) });
  await assert.rejects(list.measure(entry), /no power/);
  assert.deepEqual(readFileSync(file), before);
  works = true;
  assert.deepEqual(await list.measure(entry), { entry: 1, again: false });
});
