import assert from 'node:assert/strict';
import { eachDatabase } from '@assay/daemon/testing';
import type { NewReferenceValue } from '@assay/protocol';
import { fleetPolicy, startFleet } from '../changes/testing/fleet.ts';

const nul = 'a\0b';
const value: NewReferenceValue = {
  component: 'operating_system',
  source: { kind: 'list', name: 'list' },
  content: { form: 'files', files: [{ path: '/usr/bin/x', digests: { sha256: 'ab'.repeat(32) } }] },
};

eachDatabase(
  'text with a NUL is refused wherever somebody may write some, and nothing else is',
  async (database, t) => {
    const { ids, refused, ok, trust } = await startFleet(t, [{ name: 'node1' }], { database });
    const which = { ids: [ids['hypervisor']], force: true, because: 'so' };
    const add = (said: object, of: object = {}) => ({ values: [{ ...value, ...of }], ...said });
    const accept = { component: 'kernel', because: 'so' };
    const wrong: [method: string, path: string, body?: unknown][] = [
      ['POST', '/v1/hosts', { name: 'node2', labels: { rack: nul } }],
      ['PUT', '/v1/hosts/node1/labels', { labels: { rack: nul } }],
      ['PUT', '/v1/hosts/node1/labels', { labels: {}, because: nul }],
      ['POST', '/v1/hosts/node1/accept', { ...accept, because: nul }],
      ['POST', '/v1/hosts/node1/accept', { ...accept, component: nul }],
      ['POST', '/v1/hosts/node1/accept', { ...accept, path: `/${nul}` }],
      ['POST', '/v1/policies', { document: fleetPolicy, by: nul }],
      ['POST', '/v1/policies', { document: fleetPolicy, because: nul }],
      ['DELETE', '/v1/policies/default?because=%00'],
      ['DELETE', '/v1/brake?by=a%00b'],
      ['POST', '/v1/reference', add({ by: nul })],
      ['POST', '/v1/reference', add({ because: '\0' })],
      ['POST', '/v1/reference', add({ retired: { because: nul } })],
      ...['vendor', 'name', 'version'].map((field): [string, string, unknown] => [
        'POST',
        '/v1/reference',
        add({}, { [field]: nul }),
      ]),
      ['POST', '/v1/reference', add({}, { source: { kind: 'list', name: nul } })],
      ...['name', 'version', 'because'].map((field): [string, string, unknown] => [
        'POST',
        '/v1/reference/learn',
        { host: 'node1', [field]: nul },
      ]),
      ...['retire', 'promote', 'reinstate', 'remove'].map((what): [string, string, unknown] => [
        'POST',
        `/v1/reference/${what}`,
        { ...which, because: nul },
      ]),
      ['GET', '/v1/journal?subject=%00'],
      ['GET', '/v1/journal?subject_begins=a%00'],
      ['GET', '/v1/journal?action=%00'],
    ];
    for (const [method, path, body] of wrong) {
      const [status, code, message] = await refused(method, path, body);
      assert.deepEqual([status, code], [400, 'request-malformed'], `${method} ${path} ${JSON.stringify(body)}`);
      assert.match(message, /without NUL/);
    }
    assert.equal(await trust('node1'), 'trusted');
    const words = { by: 'ada\t\u2028😀', because: 'line 1\nline 2\u0001' };
    await ok('POST', '/v1/reference', add(words, { name: 'ä\u0007' }));
    await ok('PUT', '/v1/hosts/node1/labels', { labels: { rack: '\u0001 ü' }, ...words });
    await ok('POST', '/v1/policies', { document: { ...fleetPolicy, description: '\\u0000' }, ...words });
    const { entries } = await ok<{ entries: { by: string; because: string }[] }>('GET', '/v1/journal?limit=3');
    assert.deepEqual(
      entries.map(({ by, because }) => ({ by, because })),
      [words, words, words],
    );
  },
);
