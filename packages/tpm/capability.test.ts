import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decode, encode, struct, u32 } from '@assay/core';
import { capability } from './capability.ts';
import { Runner } from './commands/runner.ts';
import { GetCapability } from './commands/state.ts';
import type { TpmDevice } from './device/device.ts';
import type { CapabilityData, CapabilityName } from './structures/capability.ts';

type Question = { capability: CapabilityName; property: number; propertyCount: number };

/** A TPM that answers questions about capabilities as it is told, and counts them. */
function answering(answer: (question: Question) => { moreData: boolean; capabilityData: CapabilityData }) {
  const asked: Question[] = [];
  const device: TpmDevice = {
    where: 'a TPM made up here',
    managed: false,
    close: async () => undefined,
    async transmit(command) {
      const question = decode(struct(GetCapability.parameters), command.subarray(10), 'question');
      asked.push(question);
      const body = encode(struct(GetCapability.returns), answer(question));
      const header = [Buffer.from('8001', 'hex'), encode(u32, body.length + 10), encode(u32, 0)];
      return Buffer.concat([...header, body]);
    },
  };
  return { runner: new Runner(device, { timeoutMs: 1000 }), asked };
}

const none = 0x01c00002;
/** Two at a time, whatever was asked for. */
const inTwos = (all: number[]) =>
  answering(({ capability: name, property, propertyCount }) => {
    const code = (value: number) => (name === 'commands' ? value & 0x2000ffff : value);
    const left = all.filter((value) => code(value) >= property).slice(0, propertyCount);
    const some = left.slice(0, 2);
    const capabilityData =
      name === 'commands' ? { capability: name, commands: some } : { capability: 'handles' as const, handles: some };
    return { moreData: left.length > 2, capabilityData };
  });

test('an answer in parts is one list', async () => {
  const all = [none, none + 1, none + 5, none + 6, none + 9];
  const { runner, asked } = inTwos(all);
  assert.deepEqual((await capability(runner, 'handles', none)).handles, all);
  assert.deepEqual(
    asked.map(({ property }) => property),
    [none, none + 2, none + 7],
  );
});

test('commands are asked on by their code, without the attributes above it', async () => {
  const all = [0x0440011f, 0x04400120, 0x12400121, 0x22000001];
  const { runner } = inTwos(all);
  assert.deepEqual((await capability(runner, 'commands')).commands, all);
});

test('no more are told than were asked for', async () => {
  const { runner, asked } = inTwos([1, 2, 3, 4, 5]);
  assert.deepEqual((await capability(runner, 'handles', 2, 3)).handles, [2, 3, 4]);
  assert.deepEqual(
    asked.map(({ propertyCount }) => propertyCount),
    [3, 1],
  );
});

test('a TPM that answers something else, or without end, is refused', async () => {
  const other = answering(() => ({ moreData: false, capabilityData: { capability: 'curves', curves: [3] } }));
  await assert.rejects(capability(other.runner, 'handles'), { code: 'tpm-response', expected: 'handles' });
  const endless = answering(({ property }) => ({
    moreData: true,
    capabilityData: { capability: 'handles', handles: [property] },
  }));
  await assert.rejects(capability(endless.runner, 'handles'), { code: 'tpm-response', expected: /at most 256/ });
  const empty = answering(() => ({ moreData: true, capabilityData: { capability: 'handles', handles: [] } }));
  assert.deepEqual((await capability(empty.runner, 'handles')).handles, []);
});
