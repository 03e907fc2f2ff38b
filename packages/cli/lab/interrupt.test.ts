import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { interruptedText } from './interrupt.ts';

const module = join(import.meta.dirname, 'interrupt.ts');

test('whoever interrupts is told what is left and how to go on, and a shell that it was interrupted', async () => {
  for (const [signal, expected] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const) {
    const script = `import { onInterrupt } from ${JSON.stringify(module)};
      onInterrupt(() => 'interrupted: so it is', () => console.log('unlocked'));
      setInterval(() => {}, 1000);
      console.log('ready');`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'pipe'] });
    const [said, ended] = [text(child.stderr), once(child, 'close')];
    child.stdout.setEncoding('utf8');
    await once(child.stdout, 'data');
    child.kill(signal);
    const [unlocked] = await once(child.stdout, 'data');
    const [code] = await ended;
    assert.deepEqual([code, await said, unlocked], [expected, 'assay: interrupted: so it is\n', 'unlocked\n']);
  }
});

test('what goes on is told apart from what never began, with the options of this lab', () => {
  assert.match(interruptedText(true, ' --state x'), /runs on; assay up --state x goes on .*assay down --state x ends/);
  assert.match(interruptedText(false, ''), /nothing was started; assay up begins again/);
});
