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

test('a lockout is told with what to do about it', () => {
  assert.match(
    responseError('TPM2_Load', 0x921).message,
    /got TPM_RC_LOCKOUT \(0x921\): authorisation failures have locked the TPM; wait for its recovery time, or /,
  );
});

const decoded = (code: number) => tpm2('/', undefined, 'rc_decode', `0x${code.toString(16)}`);
const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => from + i);

test('tpm2_rc_decode sees the same handle, session and parameter', async () => {
  for (const code of [0x2c4, 0x18b, 0x9a2, 0x922]) {
    const text = await decoded(code);
    const [, kind, number] = /(parameter|handle|session)\((\d+)\)/.exec(text) ?? [];
    assert.equal(describeResponseCode(code).subject, kind && `${kind} ${number}`, text);
  }
});

test('every code tpm2_rc_decode has words for has a name here', async () => {
  const ranges = [...range(0x80, 0xa7), ...range(0x100, 0x156), ...range(0x901, 0x923)];
  for (const code of ranges.filter((one) => describeResponseCode(one).name === 'TPM_RC'))
    assert.match(await decoded(code), /^tpm:(0x|.*\(null\)|.*unknown)/);
});

test('a number has the name of what tpm2_rc_decode says it means', async () => {
  for (const [code, name, meaning] of [
    [0x100, 'INITIALIZE', /TPM2_Startup/],
    [0x120, 'DISABLED', /command is disabled/],
    [0x121, 'EXCLUSIVE', /exclusivity/],
    [0x12d, 'UPGRADE', /upgrade mode/],
    [0x12e, 'TOO_MANY_CONTEXTS', /context ID counter/],
    [0x130, 'REBOOT', /StartupCLEAR is required/],
    [0x142, 'COMMAND_SIZE', /commandSize/],
    [0x143, 'COMMAND_CODE', /command code not supported/],
    [0x146, 'NV_RANGE', /NV offset/],
    [0x148, 'NV_LOCKED', /NV access locked/],
    [0x14a, 'NV_UNINITIALIZED', /before being initialized/],
    [0x14c, 'NV_DEFINED', /already defined/],
    [0x150, 'BAD_CONTEXT', /ContextLoad is not valid/],
    [0x155, 'SENSITIVE', /sensitive area/],
    [0x901, 'CONTEXT_GAP', /gap for context ID/],
    [0x902, 'OBJECT_MEMORY', /memory for object/],
    [0x903, 'SESSION_MEMORY', /memory for session/],
    [0x907, 'LOCALITY', /bad locality/],
    [0x908, 'YIELDED', /suspended operation/],
    [0x90a, 'TESTING', /selftests/],
    [0x916, 'REFERENCE_H6', /7th handle/],
    [0x91e, 'REFERENCE_S6', /7th authorization session/],
    [0x920, 'NV_RATE', /rate limiting/],
    [0x921, 'LOCKOUT', /lockout mode/],
    [0x922, 'RETRY', /not able to start the command/],
    [0x923, 'NV_UNAVAILABLE', /NV is not current accessible/],
    [0x8b, 'HANDLE', /handle is not correct/],
    [0x92, 'SCHEME', /incompatible scheme/],
    [0x95, 'SIZE', /wrong size/],
    [0x9d, 'POLICY_FAIL', /policy check failed/],
    [0x9f, 'INTEGRITY', /integrity check failed/],
    [0xa2, 'BAD_AUTH', /without DA implications/],
    [0xa7, 'ECC_POINT', /point is not on the required curve/],
  ] as const) {
    assert.match(await decoded(code), meaning);
    assert.equal(describeResponseCode(code).name, `TPM_RC_${name}`);
  }
});
