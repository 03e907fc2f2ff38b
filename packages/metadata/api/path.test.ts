import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { namesOf } from './path.ts';

test('slashes, dots, encoding and queries have the effect they have in Nova', () => {
  const same: [string, string[] | undefined][] = [
    ['/', []],
    ['', []],
    ['//openstack///latest/', ['openstack', 'latest']],
    ['/openstack/./latest/../2012-08-10/', ['openstack', '2012-08-10']],
    ['/openstack/../latest/user-data', ['latest', 'user-data']],
    ['/openstack/%2e%2e/latest', ['latest']],
    ['/%6fpenstack%2Flatest', ['openstack', 'latest']],
    ['/../../etc/passwd', ['etc', 'passwd']],
    ['/openstack?x=/latest', ['openstack']],
    ['/latest/user-data%3Fx', ['latest', 'user-data?x']],
    ['/%zz', undefined],
    ['/%ff', undefined],
    [`/${'a'.repeat(3000)}`, undefined],
  ];
  for (const [target, names] of same) assert.deepEqual(namesOf(target), names, target);
});

test('no path leads above the root or keeps a name that means another', () => {
  fc.assert(
    fc.property(
      fc.string({ maxLength: 60, unit: fc.constantFrom('/', '.', '%2e', '%2F', 'a', '?', '%') }),
      (target) => {
        for (const name of namesOf(target) ?? [])
          assert.ok(name !== '' && name !== '.' && name !== '..' && !name.includes('/'));
      },
    ),
  );
});
