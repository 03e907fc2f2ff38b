import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { AssayError } from '@assay/core';
import { parse } from '@assay/protocol';
import fc from 'fast-check';
import { FromApi, FromHost, type InstanceSpec } from './frames.ts';

const spec: InstanceSpec = {
  id: randomUUID(),
  project_id: 'a'.repeat(32),
  memory_mb: 256,
  vcpus: 1,
  mac: 'fa:16:3e:00:00:01',
  address: '169.254.16.2',
  trust: 'trusted',
  kernel: { sha256: 'a'.repeat(64), size: 1 },
  ramdisk: { sha256: 'b'.repeat(64), size: 1 },
};
const frames: [typeof FromApi | typeof FromHost, object][] = [
  [FromApi, { type: 'start', request: 1, spec, ticket: 'a.b.c' }],
  [FromApi, { type: 'stop', request: 2, instance: spec.id }],
  [FromApi, { type: 'remove', request: 3, instance: spec.id }],
  [FromApi, { type: 'reboot', request: 4, instance: spec.id }],
  [FromApi, { type: 'console', request: 5, instance: spec.id, lines: 10 }],
  [FromApi, { type: 'registered', heartbeat_ms: 10_000 }],
  [FromHost, { type: 'heartbeat' }],
  [FromHost, { type: 'status', instance: { id: spec.id, running: false, ended_by: 'guest' }, reason: '' }],
  [FromHost, { type: 'answer', request: 1, error: { code: 'guest-start', message: 'x' } }],
];
const started = (change: object) => ({ type: 'start', request: 1, spec: { ...spec, ...change } });
const refused = (schema: typeof FromApi | typeof FromHost, text: string) =>
  assert.throws(
    () => parse(schema as typeof FromApi, text, 'peer'),
    (error) => error instanceof AssayError,
    text,
  );

test('every frame is read as it was written; cut short, or of the other direction, it is refused', () => {
  for (const [schema, frame] of frames) {
    const text = JSON.stringify(frame);
    assert.deepEqual(parse(schema as typeof FromApi, text, 'peer'), frame);
    for (let end = 0; end < text.length; end++) refused(schema, text.slice(0, end));
    refused(schema === FromApi ? FromHost : FromApi, text);
  }
});

test('an order of an earlier release, which knows no pools, is still one', () => {
  for (const pool of [undefined, null, 'secure'])
    parse(FromApi, JSON.stringify(started(pool === undefined ? {} : { pool })), 'peer');
});

test('what could reach a command line or a path is taken only in its one form', () => {
  for (const change of [
    { id: '../../etc' },
    { id: spec.id.toUpperCase() },
    { address: '169.254.16.2,hostfwd=tcp::22-:22' },
    { address: '169.254.16' },
    { mac: 'fa:16:3e:00:00:01,romfile=/x' },
    { memory_mb: '256,slots=2' },
    { memory_mb: 0 },
    { vcpus: 1.5 },
    { kernel: { sha256: '../kernel', size: 1 } },
    { trust: 'Trusted' },
    { pool: 'Secure' },
    { pool: '../secure' },
    { pool: 1 },
    { project_id: '' },
  ])
    refused(FromApi, JSON.stringify({ type: 'start', request: 1, spec: { ...spec, ...change } }));
});

test('a zone that a host claims cannot move the cursor of those who list zones', () => {
  const register = {
    type: 'register',
    hypervisor_hostname: 'node1',
    vcpus: 1,
    memory_mb: 1,
    local_gb: 1,
    hypervisor_version: 1,
    stopping: false,
    instances: [],
  };
  for (const zone of ['nova', 'zone 1', 'zürich']) parse(FromHost, JSON.stringify({ ...register, zone }), 'peer');
  for (const zone of ['', 'a:b', '\u001b[2J', 'a\nb', 'a\u202eb', 'a\u0000'])
    refused(FromHost, JSON.stringify({ ...register, zone }));
});

test('from any other JSON comes an AssayError or a frame, nothing else', () => {
  fc.assert(
    fc.property(fc.json(), fc.constantFrom(FromApi, FromHost), (text, schema) => {
      try {
        parse(schema as typeof FromApi, text, 'peer');
      } catch (error) {
        assert.ok(error instanceof AssayError);
      }
    }),
  );
});
