import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { UnitState } from './supervisor/unit.ts';
import { orderedText, stoppedText } from './unit-words.ts';

const unit = (name: string, state: UnitState, pid?: number) => ({ name, state, ...(pid !== undefined && { pid }) });

test('who starts or stops processes is told what became of them, and of those that went with them', () => {
  const up = [unit('node1-tpm', 'ready', 1), unit('node1-agent', 'ready', 2), unit('node2-agent', 'ready', 3)];
  const down = [unit('node1-tpm', 'stopped'), unit('node1-agent', 'waiting'), unit('node2-agent', 'ready', 3)];
  assert.equal(
    orderedText('stop', ['node1-tpm'], up, down),
    'node1-tpm is stopped\nnode1-agent is waiting\nto start again: assay lab start-unit node1-tpm',
  );
  assert.equal(
    orderedText('start', ['node1-agent', 'node2-agent'], down, up),
    'node1-tpm runs (pid 1)\nnode1-agent runs (pid 2)\nnode2-agent runs, as before (pid 3)',
  );
  assert.match(orderedText('stop', ['node1-tpm'], down, down), /^node1-tpm is stopped, as before$/m);
});

test('what somebody stopped is not started by a reboot, and that is said', () => {
  const units = [unit('node1-tpm', 'ready', 1), unit('node1-agent', 'stopped'), unit('node11-agent', 'stopped')];
  assert.deepEqual(stoppedText('node1', units), [
    'node1-agent was stopped before and stays so: assay lab start-unit node1-agent',
  ]);
});
