import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AssayError } from '@assay/core';
import fc from 'fast-check';
import { AgentFrame, check, fromBase64, HostName, PolicyDocument, parse, ReferenceRequest, toBase64 } from './index.ts';

test('a frame with a wrong field is refused with the field', () => {
  const hello = { type: 'hello', version: 1, host: 'node1', agent: 'assay/0.1' };
  assert.deepEqual(parse(AgentFrame, JSON.stringify(hello), 'frame'), hello);
  assert.throws(() => parse(AgentFrame, JSON.stringify({ ...hello, host: 'Node1' }), 'frame'), {
    code: 'message-schema',
  });
  assert.throws(() => parse(AgentFrame, '{', 'frame'), { code: 'message-json' });
});

test('host names have one spelling', () => {
  for (const good of ['node1', 'kvm01.lab', 'a', '1a', 'a-b.c']) assert.equal(check(HostName, good, 'host'), good);
  for (const bad of ['', 'Node1', 'node1.', '.a', 'a..b', 'a_b', '-a', 'a-', 'nоde1', '../x', 'a\n', 'a'.repeat(254)])
    assert.throws(() => check(HostName, bad, 'host'), { code: 'message-schema' }, bad);
});

test('what an operator wrote is refused in words, with what was written', () => {
  const of = (document: object) => () => check(PolicyDocument, { pool: 'default', ...document }, 'policy');
  assert.throws(of({ pool: 'Default' }), { where: 'policy.pool', expected: /^a name of a pool: /, got: 'Default' });
  const state = { where: 'policy.secure_boot.state', expected: 'on', got: 'yes' };
  assert.throws(of({ secure_boot: { state: 'yes' } }), state);
  assert.throws(() => check(HostName, 'NODE1', 'host'), { expected: /^a host name in lower case: /, got: 'NODE1' });
});

test('a thing that is good has as many digests as there are algorithms, not as many as fit', () => {
  const digests = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, i) => [`sha${i}`, 'ab']));
  const contents = (count: number) => [
    { form: 'files', files: [{ path: '/x', digests: digests(count) }] },
    { form: 'measurements', measurements: [{ claim: 'kernel image', digests: digests(count), description: '' }] },
    { form: 'sequence', events: [{ pcr: 1, type: 'x', digests: digests(count), description: '' }] },
  ];
  const of = (content: object) => () =>
    check(
      ReferenceRequest,
      { values: [{ component: 'hypervisor', source: { kind: 'list', name: 'x' }, content }] },
      'r',
    );
  for (const content of contents(16)) assert.doesNotThrow(of(content));
  for (const content of contents(17)) assert.throws(of(content), { where: /\.0\.digests$/, code: 'message-schema' });
});

test('__proto__ in a message changes nothing', () => {
  const frame = parse(AgentFrame, '{"type":"activated","secret":"","__proto__":{"polluted":true}}', 'frame');
  assert.equal((frame as { polluted?: boolean }).polluted, undefined);
});

test('bytes survive base64, and only one spelling of them is accepted', () => {
  fc.assert(
    fc.property(fc.uint8Array(), (bytes) => assert.deepEqual([...fromBase64(toBase64(bytes), 'x')], [...bytes])),
  );
  for (const bad of ['QQ', 'QR==', 'QQ=', ' QQ=='])
    assert.throws(() => fromBase64(bad, 'x'), { code: 'message-base64' }, bad);
});

test('any text is a frame or an AssayError', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
      try {
        parse(AgentFrame, text, 'frame');
      } catch (error) {
        assert.ok(error instanceof AssayError);
      }
    }),
  );
});
