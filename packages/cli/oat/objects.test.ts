import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AssayError } from '@assay/core';
import fc from 'fast-check';
import { bankOf, hostOf, listIn, mleOf, oemOf, osOf } from './objects.ts';

test('a list reads the same however old servers wrap it', () => {
  const one = { Name: 'Fabrikam' };
  for (const json of [[one], { oem: [one] }, { oemBean: one }]) assert.deepEqual(listIn(json, 'oem', 10), [one]);
  for (const json of [[], null, {}, { oem: null }]) assert.deepEqual(listIn(json, 'oem', 10), []);
  for (const json of [undefined, 'text', 5, { a: 1, b: 2 }, { Name: 'x' }])
    assert.throws(() => listIn(json, 'oem', 10), { code: 'oat-answer' });
  assert.throws(() => listIn([1, 2, 3], 'oem', 2), { code: 'oat-answer', where: 'oem' });
});

test('what is absent, null or the text null is not there, and a number is its text', () => {
  assert.deepEqual(oemOf({ Name: 'Fabrikam', Description: 'null' }), { name: 'Fabrikam', description: '' });
  assert.deepEqual(osOf({ Name: 'Debian', Version: 12, Description: null }).version, '12');
  assert.throws(() => osOf({ Name: 'Debian', Version: 'null' }), { code: 'oat-answer', where: 'OS' });
  assert.deepEqual(hostOf({ HostName: 'a', Port: 9999, Email: null, Location: 'null', AIK_SHA1: 'x' }), {
    name: 'a',
    fields: { Port: '9999' },
  });
});

test('an MLE belongs to an OEM or to an OS by its type, and its white list may be untold', () => {
  const bios = { Name: 'b', Version: '1', MLE_Type: 'BIOS', OemName: 'F', OsName: 'null' };
  assert.deepEqual(mleOf(bios).owner, { oem: 'F' });
  assert.equal(mleOf({ ...bios, MLE_Manifests: null }).entries, undefined);
  assert.deepEqual(mleOf({ ...bios, MLE_Manifests: { Name: 0, Value: 'AB' } }).entries, [{ pcr: '0', digest: 'AB' }]);
  for (const wrong of [{ MLE_Type: 'bios' }, { OemName: null }, { MLE_Type: 'VMM' }, { Name: 'x'.repeat(1001) }])
    assert.throws(() => mleOf({ ...bios, ...wrong }), { code: 'oat-answer' });
  const many = Array.from({ length: 65 }, () => ({ Name: '0', Value: '' }));
  assert.throws(() => mleOf({ ...bios, MLE_Manifests: many }), { code: 'oat-answer', where: 'MLE b' });
});

test('whatever a server lists, only an AssayError comes of it', () => {
  const part = fc.oneof(fc.jsonValue(), fc.constantFrom('BIOS', 'VMM', 'null', 'x'));
  const names = ['Name', 'Version', 'MLE_Type', 'OemName', 'OsName', 'OsVersion', 'MLE_Manifests', 'HostName', 'Port'];
  const object = fc.record(Object.fromEntries(names.map((name) => [name, part])), { requiredKeys: [] });
  fc.assert(
    fc.property(fc.oneof(fc.jsonValue(), object), (value) => {
      for (const read of [oemOf, osOf, mleOf, hostOf, (json: unknown) => listIn(json, 'x', 5)])
        try {
          read(value);
        } catch (error) {
          assert.ok(error instanceof AssayError, String(error));
        }
    }),
  );
});

test('a digest is told by its length, and what is none is none', () => {
  assert.deepEqual(
    [40, 64, 96, 0, 41].map((length) => bankOf('aB'.repeat(50).slice(0, length))),
    ['sha1', 'sha256', 'sha384', undefined, undefined],
  );
  assert.equal(bankOf('@'.repeat(40)), undefined);
});
