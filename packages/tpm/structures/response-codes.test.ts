import assert from 'node:assert/strict';
import { test } from 'node:test';
import { tpm2 } from '../testing/tpm2-tools.ts';
import { describeResponseCode, responseCodeText, responseError } from './response-codes.ts';

test('a response code names itself and what it is about', () => {
  assert.match(responseCodeText(0x921), /^TPM_RC_LOCKOUT \(0x921\): authorisation failures have locked the TPM; /);
  assert.match(responseCodeText(0x2c4), /^TPM_RC_VALUE for parameter 2 \(0x2c4\)/);
  assert.match(responseCodeText(0x18b), /^TPM_RC_HANDLE for handle 1 /);
  assert.match(responseCodeText(0x9a2), /^TPM_RC_BAD_AUTH for session 1 /);
  assert.match(responseCodeText(0xb0143), /^TPM_RC_COMMAND_CODE /, 'said by the resource manager');
  assert.match(responseCodeText(0x4ff), /^TPM_RC /, 'a code without a name is no error');
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
  for (const [code, said] of [
    [0x2c4, 'parameter(2)'],
    [0x18b, 'handle(1)'],
    [0x9a2, 'session(1)'],
    [0x922, 'warn(2.0)'],
  ] as const)
    assert.ok((await tpm2('/', undefined, 'rc_decode', `0x${code.toString(16)}`)).includes(said));
});
