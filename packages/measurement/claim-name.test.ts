import assert from 'node:assert/strict';
import { test } from 'node:test';
import { claimNameOf, componentsOf, parseEventLog } from './index.ts';
import { buildLog, corpusLog, corpusLogs, logGuids, variableData } from './testing/index.ts';

const claimsOf = (log: Uint8Array) => componentsOf(parseEventLog(log).events).map(claimNameOf);
const variable = (guid: Uint8Array, name: string, type = 'EV_EFI_VARIABLE_DRIVER_CONFIG', value = new Uint8Array()) =>
  claimsOf(buildLog([{ pcr: 7, type, data: variableData(guid, name, value) }]))[0];

test('each event of a boot is a measurement of something with a name', () => {
  const claims = claimsOf(corpusLog('event-moklisttrusted'));
  assert.deepEqual(claims.slice(0, 9), [
    'firmware version',
    'firmware code',
    'firmware code',
    'secure boot state',
    'secure boot PK',
    'secure boot KEK',
    'secure boot db',
    'secure boot dbx',
    'separator',
  ]);
  for (const claim of [
    'boot order',
    'boot option',
    'secure boot authority',
    'SBAT level',
    'UEFI variable MokListTrusted',
    'boot loader image',
    'kernel image',
    'kernel file',
    'kernel command line',
    'command that starts the kernel',
    'initrd file',
  ])
    assert.ok(claims.includes(claim), claim);
  assert.ok(claimsOf(corpusLog('ovmf-linux-6.1')).includes('initrd'));
});

test('a variable is known by vendor and name together', () => {
  assert.equal(variable(logGuids.imageSecurity, 'db'), 'secure boot db');
  assert.equal(variable(logGuids.global, 'db'), 'UEFI variable db');
  assert.equal(variable(logGuids.shim, 'SecureBoot'), 'UEFI variable SecureBoot');
  assert.equal(variable(logGuids.global, 'Boot00FF', 'EV_EFI_VARIABLE_BOOT'), 'boot option');
  assert.equal(variable(logGuids.shim, 'Boot00FF', 'EV_EFI_VARIABLE_BOOT'), 'UEFI variable Boot00FF');
  assert.equal(variable(logGuids.global, 'constructor'), 'UEFI variable constructor');
  assert.equal(
    variable(logGuids.imageSecurity, 'db', 'EV_EFI_VARIABLE_AUTHORITY', new Uint8Array(20)),
    'secure boot authority',
    'one key of it is not all of it',
  );
});

test('a name is safe to print and fits a reference value, whatever a log says', () => {
  assert.equal(variable(logGuids.global, 'a\n\u202eb'), 'UEFI variable a\\u{a}\\u{202e}b');
  assert.ok((variable(logGuids.global, '\n'.repeat(5000)) ?? '').length <= 100);
  for (const log of corpusLogs) for (const claim of claimsOf(corpusLog(log))) assert.ok(claim && claim.length <= 100);
});
