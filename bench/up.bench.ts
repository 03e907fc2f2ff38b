// from assay up to three verdicts, the first time and with an instance to start again
import { spawnSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { startLab } from '../test/lab.ts';
import { sayMachine, spread } from './figures.ts';

const times = 3;
const first: number[] = [];
const second: number[] = [];
const running: number[] = [];

sayMachine();
for (let i = 0; i < times; i++) {
  const dir = mkdtempSync(join(tmpdir(), 'assay-bench-'));
  let began = performance.now();
  const lab = await startLab(dir);
  first.push((performance.now() - began) / 1000);
  try {
    const { code, stderr } = await lab.nova('boot', '--flavor', 'm1.tiny', '--image', 'assay-mini', '--poll', 'kept');
    if (code !== 0) throw new Error(stderr);
    const id = /\| id +\| (\S+)/.exec((await lab.nova('show', 'kept')).stdout)?.[1] ?? '';
    await lab.cli('down', ...lab.state);
    began = performance.now();
    await lab.cli('up', ...lab.state, '--ports', 'auto');
    second.push((performance.now() - began) / 1000);
    while (spawnSync('pgrep', ['-f', `qemu-system.*${id}`]).status !== 0) await delay(50);
    running.push((performance.now() - began) / 1000);
    console.log(`run ${i + 1}: ${first[i]?.toFixed(1)} s, again ${second[i]?.toFixed(1)} s`);
  } finally {
    await lab.stop();
  }
}
console.log(`\n| from \`assay up\` to three verdicts | goal | seen |
| --- | --- | --- |
| first time, everything installed | ≤ 30 s | ${spread(first, 's')} |
| again, with an ACTIVE instance | ≤ 15 s | ${spread(second, 's')} |
| … and the instance's guest started again | | ${spread(running, 's')} |`);
