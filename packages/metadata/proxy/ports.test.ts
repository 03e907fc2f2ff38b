import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { EventEmitter, once } from 'node:events';
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { AssayError } from '@assay/core';
import { createLog } from '@assay/daemon';
import fc from 'fast-check';
import { type Guest, parseGuest, portsReader, watchPorts } from './ports.ts';

const folder = mkdtempSync(join(tmpdir(), 'assay-ports-'));
after(() => rmSync(folder, { recursive: true }));
const guest = (change: { address?: string } = {}): Guest => ({
  instance_id: randomUUID(),
  project_id: 'a'.repeat(32),
  address: '169.254.16.1',
  socket: '/tmp/x/metadata.sock',
  ...change,
});
const put = (one: Guest) => {
  writeFileSync(join(folder, '.new'), JSON.stringify(one));
  renameSync(join(folder, '.new'), join(folder, `${one.instance_id}.json`));
};

test('a ports file names its guest; one of another shape or name names none', () => {
  const one = guest();
  assert.deepEqual(parseGuest(JSON.stringify({ ...one, more: 1 }), `/x/${one.instance_id}.json`), one);
  const wrong = [
    '',
    '{',
    'null',
    JSON.stringify(guest()),
    JSON.stringify({ ...one, project_id: 'x\r\nX-Tenant-ID: y' }),
    JSON.stringify({ ...one, address: '1.2.3.4, 5.6.7.8' }),
    JSON.stringify({ ...one, socket: 'metadata.sock' }),
    JSON.stringify({ ...one, instance_id: undefined }),
  ];
  for (const text of wrong)
    assert.throws(() => parseGuest(text, `/x/${one.instance_id}.json`), { code: 'port-file-invalid' }, text);
});

test('a ports file cut short anywhere, or any other text, is refused and nothing worse', () => {
  const one = guest();
  const text = JSON.stringify(one);
  const file = `/x/${one.instance_id}.json`;
  for (let length = 0; length < text.length; length++)
    assert.throws(() => parseGuest(text.slice(0, length), file), AssayError);
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.json()), (any) => {
      assert.throws(() => parseGuest(any, file), AssayError);
    }),
  );
});

test('a bad file keeps no other guest from being seen', () => {
  const [one, two] = [guest(), guest()];
  put(one);
  put(two);
  writeFileSync(join(folder, 'half.json'), '{"instance_id": "');
  writeFileSync(join(folder, 'notes.txt'), 'x');
  const faults: AssayError[] = [];
  const found = portsReader(folder)((error) => faults.push(error));
  assert.deepEqual([...found.keys()].toSorted(), [one.instance_id, two.instance_id].toSorted());
  assert.deepEqual(
    faults.map(({ code }) => code),
    ['port-file-invalid'],
  );
});

test('what is the same as before stays the same object, what is written over or gone is seen at once', () => {
  const read = portsReader(folder);
  const none = () => undefined;
  const [one, two] = [guest(), guest()];
  put(one);
  const first = read(none);
  assert.deepEqual(first.get(one.instance_id), one);
  assert.equal(read(none), first);
  put(two);
  const second = read(none);
  assert.equal(second.get(one.instance_id), first.get(one.instance_id));
  assert.deepEqual(second.get(two.instance_id), two);
  const moved = { ...one, address: '169.254.16.9' } as Guest;
  put(moved);
  assert.deepEqual(read(none).get(one.instance_id), moved);
  rmSync(join(folder, `${one.instance_id}.json`));
  assert.equal(read(none).has(one.instance_id), false);
});

test('guests that come and go are told', async () => {
  for (const id of portsReader(folder)(() => undefined).keys()) rmSync(join(folder, `${id}.json`));
  let seen = new Map<string, Guest>() as ReadonlyMap<string, Guest>;
  const looks = new EventEmitter();
  const watching = watchPorts(
    folder,
    (guests) => {
      seen = guests;
      looks.emit('look');
    },
    { log: createLog('test', 'silent') },
  );
  after(() => watching.close());
  const until = async (holds: () => boolean) => {
    while (!holds()) await once(looks, 'look');
  };
  const one = guest();
  put(one);
  await until(() => seen.has(one.instance_id));
  put({ ...one, address: '169.254.16.2' });
  await until(() => seen.get(one.instance_id)?.address === '169.254.16.2');
  rmSync(join(folder, `${one.instance_id}.json`));
  await until(() => !seen.has(one.instance_id));
});
