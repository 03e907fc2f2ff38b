import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AssayError } from '@assay/core';
import { check, ReferenceSummary } from '@assay/protocol';
import fc from 'fast-check';
import { exportOf, importOf, isExport } from './exported.ts';

const value = (id: string, given: Partial<ReferenceSummary>): ReferenceSummary =>
  check(
    ReferenceSummary,
    {
      id,
      component: 'hypervisor',
      name: 'linux',
      content: {
        form: 'measurements',
        measurements: [{ claim: 'kernel image', digests: { sha256: 'ab' }, description: id }],
      },
      form: 'measurements',
      count: 1,
      state: 'current',
      source: { kind: 'package', name: `${id}.deb` },
      by: 'ada',
      added_at: '2026-11-01T00:00:00Z',
      hosts: ['node1'],
      ...given,
    },
    'value',
  );
const now = new Date('2026-11-23T12:00:00Z');
const window = { from: '2026-12-01T00:00:00Z', until: '2026-12-14T00:00:00Z', replaces: ['old'] };
const values = [
  value('new', { state: 'next', ...window }),
  value('gone', { state: 'retired', retired_at: '2026-11-02T00:00:00Z', retired_because: 'CVE' }),
  value('old', { because: 'rolled out' }),
];
const text = JSON.stringify(exportOf(values, now), null, 1);

test('what was exported comes back as what it was: good, next with its window, or retired; in the order in which it can be', () => {
  const groups = importOf(text, 'fleet.json');
  assert.deepEqual(
    groups.map(({ values, ...standing }) => [values.map(({ content }) => content), standing]),
    [
      [[values[2]?.content], {}],
      [[values[0]?.content], { next: window }],
      [[values[1]?.content], { retired: { at: '2026-11-02T00:00:00Z', because: 'CVE' } }],
    ],
  );
  const [first] = groups[0]?.values ?? [];
  assert.equal(first?.source.kind, 'import');
  assert.equal(first?.source.name, 'fleet.json: package old.deb, added 2026-11-01T00:00:00Z by ada: rolled out');
  assert.match(first?.source.sha256 ?? '', /^[0-9a-f]{64}$/);
});

test('an export is told by how it begins', () => {
  assert.ok(isExport(Buffer.from(text)));
  assert.ok(!isExport(Buffer.from('[{"path": "/x"}]')));
  assert.ok(!isExport(Buffer.from(`${'ab'.repeat(32)}  /usr/bin/x\n`)));
});

const { content: _, ...withoutContent } = value('x', {});

test('a broken export is an AssayError, never half of one', () => {
  const refused = (broken: string) => {
    try {
      importOf(broken, 'fleet.json');
    } catch (error) {
      assert.ok(error instanceof AssayError, String(error));
      return error.code;
    }
    return undefined;
  };
  for (let end = 0; end < text.length; end++) assert.ok(refused(text.slice(0, end)), `${end} characters`);
  assert.equal(refused(text.replace('"assay_reference": 1', '"assay_reference": 2')), 'reference-export');
  assert.equal(refused(JSON.stringify(exportOf([withoutContent], now))), 'reference-export');
  fc.assert(
    fc.property(
      fc.nat(text.length),
      fc.string({ maxLength: 3 }),
      (at, other) => void refused(text.slice(0, at) + other + text.slice(at + 1)),
    ),
  );
});
