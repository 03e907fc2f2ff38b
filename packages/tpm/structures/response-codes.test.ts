import assert from 'node:assert/strict';
import { test } from 'node:test';
import { tpm2 } from '../testing/tpm2-tools.ts';
import { describeResponseCode, responseError } from './response-codes.ts';

const said = (code: number) => {
  const { name, subject } = describeResponseCode(code);
  return [name, subject];
};

test('a response code names itself and what it is about', () => {
  assert.deepEqual(said(0x921), ['TPM_RC_LOCKOUT', undefined]);
  assert.deepEqual(said(0x2c4), ['TPM_RC_VALUE', 'parameter 2']);
  assert.deepEqual(said(0x18b), ['TPM_RC_HANDLE', 'handle 1']);
  assert.deepEqual(said(0x9a2), ['TPM_RC_BAD_AUTH', 'session 1']);
  assert.deepEqual(said(0xb0143), ['TPM_RC_COMMAND_CODE', undefined], 'said by the resource manager');
  assert.deepEqual(said(0x4ff), ['TPM_RC', 'parameter 4'], 'a code without a name is no error');
});

test('the code of an error tells one refusal from another', () => {
  const error = responseError('TPM2_Quote', 0x18b);
  assert.equal(error.code, 'tpm-rc-handle');
  assert.equal(error.where, 'TPM2_Quote handle 1');
  assert.equal(responseError('TPM2_Quote', 0x4ff).code, 'tpm-rc');
});

test('every number is described', () => {
  for (let code = 0; code < 0x1000; code++) assert.ok(describeResponseCode(code).meaning);
});

test('tpm2_rc_decode sees the same handle, session and parameter', async () => {
  for (const code of [0x2c4, 0x18b, 0x9a2, 0x922]) {
    const decoded = await tpm2('/', undefined, 'rc_decode', `0x${code.toString(16)}`);
    const [, kind, number] = /(parameter|handle|session)\((\d+)\)/.exec(decoded) ?? [];
    assert.equal(describeResponseCode(code).subject, kind && `${kind} ${number}`, decoded);
  }
});
