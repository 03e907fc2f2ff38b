// from assay up to three verdicts, the first time and with an instance to start again
import { execFileSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startLab } from '../test/lab.ts';
import { sayMachine, spread } from './figures.ts';

const times = 3;
const first: number[] = [];
const second: number[] = [];

sayMachine();
for (let i = 0; i < times; i++) {
  const dir = mkdtempSync(join(tmpdir(), 'assay-bench-'));
  let began = performance.now();
  const lab = await startLab(dir);
  first.push((performance.now() - began) / 1000);
  try {
    const { code, stderr } = await lab.nova('boot', '--flavor', 'm1.tiny', '--image', 'assay-mini', '--poll', 'kept');
    if (code !== 0) throw new Error(stderr);
    await lab.cli('down', ...lab.state);
    began = performance.now();
    await lab.cli('up', ...lab.state, '--ports', 'auto');
    second.push((performance.now() - began) / 1000);
    const running = execFileSync('pgrep', ['-fc', `qemu-system.*`], { encoding: 'utf8' }).trim();
    console.log(
      `run ${i + 1}: ${first[i]?.toFixed(1)} s, again ${second[i]?.toFixed(1)} s, ${running} guest(s) running`,
    );
  } finally {
    await lab.stop();
  }
}
console.log(`\n| from \`assay up\` to three verdicts | goal | seen |
| --- | --- | --- |
| first time, everything installed | ≤ 30 s | ${spread(first, 's')} |
| again, with an ACTIVE instance | ≤ 15 s | ${spread(second, 's')} |`);
