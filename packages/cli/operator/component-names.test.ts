import assert from 'node:assert/strict';
import { test } from 'node:test';
import { check, PolicyDocument } from '@assay/protocol';
import { componentNamed, componentNames } from './component-names.ts';

const extras = [{ name: 'dynamic-launch', pcrs: [17, 18] }];
const policies = [
  { document: check(PolicyDocument, { pool: 'default' }, 'policy') },
  { document: check(PolicyDocument, { pool: 'txt', extras }, 'policy') },
  { document: check(PolicyDocument, { pool: 'txt2', extras }, 'policy') },
  { document: null },
];

test('components are the four and the extras that policies define, each once', () => {
  assert.deepEqual(componentNames(policies), [
    ...['firmware', 'boot_loader', 'hypervisor', 'operating_system'],
    'dynamic-launch',
  ]);
});

test('a component is known by the name that lists show as well', () => {
  const named = (given: string) => componentNamed(given, componentNames(policies));
  assert.deepEqual(['boot loader', 'Boot-Loader', 'boot_loader'].map(named), Array(3).fill('boot_loader'));
  assert.equal(named('dynamic-launch'), 'dynamic-launch');
});

test('any other name is refused, with those there are and where more come from', () => {
  assert.throws(() => componentNamed('hypervsior', componentNames(policies)), {
    code: 'cli-component',
    where: '--component',
    message: /firmware, .*, dynamic-launch, got hypervsior; .*extras/,
  });
});
