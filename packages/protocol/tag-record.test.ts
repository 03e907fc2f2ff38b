import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { AssayError } from '@assay/core';
import fc from 'fast-check';
import { readTagRecord, tagIndex, tagRecord, tagRecordBytes } from './tag-record.ts';
import { canonicalTags, checkTags, type Tags, unmetTags } from './tags.ts';

const ekName = Uint8Array.from({ length: 34 }, (_, i) => i);
const honest = () => tagRecord({ serial: 7, ekName, tags: { country: 'DE', zone: 'fra1' } });

test('a record has the layout that is documented', () => {
  assert.equal(
    Buffer.from(honest()).toString('hex'),
    [
      '41544147', // ATAG
      '0001',
      '0000000000000007',
      sha256Hex(ekName),
      sha256Hex(Buffer.from('country=DE\nzone=fra1\n')),
    ].join(''),
  );
  assert.equal(honest().length, tagRecordBytes);
  assert.ok(tagIndex >= 0x01800000 && tagIndex <= 0x01bfffff, 'the range of the owner');
});

test('a record reads as it was written, whatever the order of the tags', () => {
  const { serial, ekDigest, tagsDigest } = readTagRecord(honest());
  assert.equal(serial, 7n);
  assert.deepEqual(readTagRecord(tagRecord({ serial: 7, ekName, tags: { zone: 'fra1', country: 'DE' } })), {
    serial,
    ekDigest,
    tagsDigest,
  });
  const latest = Number.MAX_SAFE_INTEGER;
  assert.equal(readTagRecord(tagRecord({ serial: latest, ekName, tags: {} })).serial, BigInt(latest));
});

test('bytes too few, too many, or of another kind are no record', () => {
  const record = honest();
  for (let n = 0; n < record.length; n++)
    assert.throws(() => readTagRecord(record.subarray(0, n)), { code: 'wire-short' }, `${n} bytes`);
  assert.throws(() => readTagRecord(Buffer.concat([record, Buffer.alloc(1)])), { code: 'wire-trailing' });
  for (const at of [0, 3, 4, 5])
    assert.throws(() => readTagRecord(record.map((byte, i) => (i === at ? byte ^ 1 : byte))), { code: 'wire-value' });
});

test('whatever the bytes, reading gives a record or an AssayError', () => {
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 200 }),
    fc.uint8Array({ minLength: 72, maxLength: 73 }).map((rest) => Buffer.concat([honest().subarray(0, 6), rest])),
  );
  fc.assert(
    fc.property(bytes, (data) => {
      try {
        readTagRecord(data);
      } catch (error) {
        assert.ok(error instanceof AssayError);
      }
    }),
  );
});

const Name = fc.stringMatching(/^[A-Za-z0-9]([A-Za-z0-9_./-]{0,5}[A-Za-z0-9])?$/);
const Value = fc.string({ minLength: 1, maxLength: 8 }).filter((text) => isValue(text));
const AnyTags = fc.dictionary(Name, Value, { maxKeys: 4, noNullPrototype: true });

test('two sets of tags have the same text only if they are the same', () => {
  fc.assert(
    fc.property(AnyTags, AnyTags, (a, b) => {
      const same = canonicalTags(a) === canonicalTags(b);
      assert.equal(same, JSON.stringify(sorted(a)) === JSON.stringify(sorted(b)));
    }),
  );
});

test('what cannot be printed, is too long or too much is no tag', () => {
  const bad: unknown[] = [
    ...['', ' ', ' DE', 'DE ', 'D\nE', 'D\u0000E', 'D\u202eE', '\ud800', 'x'.repeat(256), 'ü'.repeat(128)].map(
      (country) => ({
        country,
      }),
    ),
    ...['', 'a b', 'a=b', '-a', 'a-', 'x'.repeat(64)].map((name) => ({ [name]: 'x' })),
    Object.fromEntries(Array.from({ length: 17 }, (_, i) => [`t${i}`, 'x'])),
    { country: 5 },
    [],
    null,
  ];
  for (const tags of bad)
    assert.throws(() => checkTags(tags, 'tags'), { code: /^(message-schema|tags-invalid)$/ }, JSON.stringify(tags));
  const good: Tags[] = [{}, { country: 'DE' }, { 'site/rack': 'Zürich 7' }, { a: 'ü'.repeat(127) }, { a: '機房' }];
  for (const tags of good) assert.equal(checkTags(tags, 'tags'), tags);
});

test('a demand is met by one of its values, and by nothing an object inherits', () => {
  const demands = { country: ['DE', 'AT'] };
  assert.deepEqual(unmetTags(demands, { country: 'AT', zone: 'x' }), []);
  assert.deepEqual(unmetTags(demands, { country: 'FR' }), [{ name: 'country', wanted: ['DE', 'AT'], has: 'FR' }]);
  for (const tags of [undefined, {}, { Country: 'DE' }]) assert.equal(unmetTags(demands, tags)[0]?.has, undefined);
  assert.equal(unmetTags({ constructor: ['x'] }, {})[0]?.has, undefined);
});

function isValue(text: string): boolean {
  try {
    checkTags({ a: text }, 'tags');
    return true;
  } catch {
    return false;
  }
}

const sorted = (tags: Tags) => Object.entries(tags).sort(([a], [b]) => (a < b ? -1 : 1));

function sha256Hex(data: Uint8Array): string {
  return createHash('sha256').update(data).digest('hex');
}
