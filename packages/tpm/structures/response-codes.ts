// What does a TPM mean by its response code (TPM_RC), in words, and which handle, session or parameter does it mean?
import { AssayError } from '@assay/core';

type Meaning = readonly [name: string, meaning: string, hint?: string];

/** Codes that name a handle, session or parameter (format one; Part 2, §6.6.3), by their low six bits. */
const formatOne: Record<number, Meaning> = {
  1: ['ASYMMETRIC', 'asymmetric algorithm not supported or not correct'],
  2: ['ATTRIBUTES', 'inconsistent attributes'],
  3: ['HASH', 'hash algorithm not supported or not appropriate'],
  4: ['VALUE', 'value out of range or not correct here'],
  5: ['HIERARCHY', 'the hierarchy is not enabled or not correct here', 'enable the hierarchy in the firmware set-up'],
  7: ['KEY_SIZE', 'key size not supported'],
  8: ['MGF', 'mask generation function not supported'],
  9: ['MODE', 'mode of operation not supported'],
  10: ['TYPE', 'the type of the value is not appropriate'],
  11: ['HANDLE', 'nothing is there under this handle, or it is not of the right kind'],
  12: ['KDF', 'key derivation function not supported or not appropriate'],
  13: ['RANGE', 'value out of the allowed range'],
  14: ['AUTH_FAIL', 'wrong authorisation; the failure counts towards lockout', 'give the right authorisation value'],
  15: ['NONCE', 'wrong nonce or nonce size'],
  16: ['PP', 'physical presence is required'],
  18: ['SCHEME', 'unsupported or incompatible scheme'],
  21: ['SIZE', 'wrong size'],
  22: ['SYMMETRIC', 'symmetric algorithm or key size not supported'],
  23: ['TAG', 'incorrect structure tag'],
  24: ['SELECTOR', 'incorrect union selector'],
  26: ['INSUFFICIENT', 'the command was too short'],
  27: ['SIGNATURE', 'the signature is not valid'],
  28: ['KEY', 'the key cannot be used for this'],
  29: ['POLICY_FAIL', 'the policy was not satisfied'],
  31: ['INTEGRITY', 'integrity check failed', 'the credential or blob was made for another key or another TPM'],
  32: ['TICKET', 'invalid ticket'],
  33: ['RESERVED_BITS', 'reserved bits are set'],
  34: ['BAD_AUTH', 'wrong authorisation', 'give the right authorisation value'],
  35: ['EXPIRED', 'the policy has expired'],
  36: ['POLICY_CC', 'the policy is for another command'],
  37: ['BINDING', 'public and sensitive area do not belong together'],
  38: ['CURVE', 'curve not supported'],
  39: ['ECC_POINT', 'the point is not on the curve'],
  40: ['FW_LIMITED', 'the hierarchy is bound to another firmware'],
  41: ['SVN_LIMITED', 'the hierarchy is bound to another security version of the firmware'],
};

const startup = 'the TPM was not started: firmware or `swtpm … --flags startup-clear` must send TPM2_Startup';
/** Codes of the command as a whole (format zero; Part 2, §6.6.3). */
const formatZero: Record<number, Meaning> = {
  30: ['BAD_TAG', 'this is a TPM 1.2: it does not understand TPM 2.0 commands', 'use a host with a TPM 2.0'],
  256: ['INITIALIZE', 'the TPM has not been started', startup],
  257: ['FAILURE', 'the TPM failed at this command, or has failed altogether', 'if it stays, restart the host'],
  259: ['SEQUENCE', 'wrong use of a sequence'],
  267: ['PRIVATE', 'not used at present'],
  281: ['HMAC', 'not used at present'],
  288: ['DISABLED', 'the command is disabled'],
  289: ['EXCLUSIVE', 'an audit session required exclusivity'],
  292: ['AUTH_TYPE', 'the handle cannot be authorised in this way'],
  293: ['AUTH_MISSING', 'an authorisation is missing'],
  294: ['POLICY', 'policy failure'],
  295: ['PCR', 'PCR check failed'],
  296: ['PCR_CHANGED', 'PCRs have changed since they were checked'],
  301: ['UPGRADE', 'the TPM is in field upgrade mode'],
  302: ['TOO_MANY_CONTEXTS', 'the context counter is at its end'],
  303: ['AUTH_UNAVAILABLE', 'the authorisation value or policy cannot be used'],
  304: ['REBOOT', 'the TPM must be reset before it goes on', 'restart the host'],
  305: ['UNBALANCED', 'unbalanced hashing and key strength'],
  322: ['COMMAND_SIZE', 'the size of the command is wrong'],
  323: ['COMMAND_CODE', 'the TPM does not have this command'],
  324: ['AUTHSIZE', 'the size of the authorisation area is wrong'],
  325: ['AUTH_CONTEXT', 'an authorisation where none is allowed'],
  326: ['NV_RANGE', 'NV offset or size out of range'],
  327: ['NV_SIZE', 'the NV data is too large'],
  328: ['NV_LOCKED', 'the NV index is locked'],
  329: ['NV_AUTHORIZATION', 'no right to access the NV index'],
  330: ['NV_UNINITIALIZED', 'the NV index was never written'],
  331: ['NV_SPACE', 'no NV space left'],
  332: ['NV_DEFINED', 'the NV index exists already'],
  336: ['BAD_CONTEXT', 'the context is not valid'],
  337: ['CPHASH', 'the command does not match the one agreed'],
  338: ['PARENT', 'the parent is not valid'],
  339: ['NEEDS_TEST', 'a function must be tested first'],
  340: ['NO_RESULT', 'no result, for an unspecified reason'],
  341: ['SENSITIVE', 'the sensitive area is malformed'],
  342: ['READ_ONLY', 'the TPM is in read-only mode'],
  2305: ['CONTEXT_GAP', 'the gap between saved contexts is too large'],
  2306: ['OBJECT_MEMORY', 'no room for another object', 'flush objects other programs left: tpm2_flushcontext -t'],
  2307: ['SESSION_MEMORY', 'no room for another session', 'flush sessions other programs left: tpm2_flushcontext -l'],
  2308: ['MEMORY', 'no room for an object or session', 'flush what other programs left: tpm2_flushcontext -t'],
  2309: ['SESSION_HANDLES', 'no session handle is free', 'flush sessions other programs left: tpm2_flushcontext -s'],
  2310: ['OBJECT_HANDLES', 'no object handle is free', 'flush objects other programs left: tpm2_flushcontext -t'],
  2311: ['LOCALITY', 'wrong locality'],
  2312: ['YIELDED', 'the TPM has set the command aside; it can be sent again'],
  2313: ['CANCELED', 'the command was cancelled'],
  2314: ['TESTING', 'the TPM is testing itself; the command can be sent again'],
  2320: ['REFERENCE_H0', 'the first handle names something that is not loaded'],
  2321: ['REFERENCE_H1', 'the second handle names something that is not loaded'],
  2322: ['REFERENCE_H2', 'the third handle names something that is not loaded'],
  2323: ['REFERENCE_H3', 'the fourth handle names something that is not loaded'],
  2324: ['REFERENCE_H4', 'the fifth handle names something that is not loaded'],
  2325: ['REFERENCE_H5', 'the sixth handle names something that is not loaded'],
  2326: ['REFERENCE_H6', 'the seventh handle names something that is not loaded'],
  2328: ['REFERENCE_S0', 'the first session is not loaded'],
  2329: ['REFERENCE_S1', 'the second session is not loaded'],
  2330: ['REFERENCE_S2', 'the third session is not loaded'],
  2331: ['REFERENCE_S3', 'the fourth session is not loaded'],
  2332: ['REFERENCE_S4', 'the fifth session is not loaded'],
  2333: ['REFERENCE_S5', 'the sixth session is not loaded'],
  2334: ['REFERENCE_S6', 'the seventh session is not loaded'],
  2336: ['NV_RATE', 'NV is written too often; the TPM asks to wait'],
  2337: [
    'LOCKOUT',
    'authorisation failures have locked the TPM',
    'wait for its recovery time, or reset it with the lockout authorisation: tpm2_dictionarylockout --clear-lockout',
  ],
  2338: ['RETRY', 'the TPM could not start the command; it can be sent again'],
  2339: ['NV_UNAVAILABLE', 'NV cannot be written now'],
};

/** A response code in words. `name` begins with TPM_RC_; `subject` is `parameter 2`, `handle 1`, `session 1` or absent. */
export type ResponseCode = { name: string; subject: string | undefined; meaning: string; hint: string | undefined };

/** @param code TPM_RC as a TPM or the kernel's resource manager sent it */
export function describeResponseCode(code: number): ResponseCode {
  // Above the TPM's 16 bits stands the software layer that answered in its place, such as the kernel's resource manager.
  const rc = code & 0xffff;
  const one = (rc & 0x80) !== 0;
  const [name, meaning, hint] = (one ? formatOne[rc & 0x3f] : formatZero[rc]) ?? [
    'unknown',
    'a code no specification names',
  ];
  return {
    name: name === 'unknown' ? 'TPM_RC' : `TPM_RC_${name}`,
    subject: one ? subjectOf(rc) : undefined,
    meaning,
    hint,
  };
}

function subjectOf(rc: number): string | undefined {
  const n = (rc >>> 8) & 0xf;
  if (rc & 0x40) return n ? `parameter ${n}` : undefined;
  if (n & 8) return n & 7 ? `session ${n & 7}` : undefined;
  return n ? `handle ${n}` : undefined;
}

/**
 * A refusal as an error. Its code is `tpm-rc-…` after the name of the response code, so that callers can tell
 * `tpm-rc-handle` from `tpm-rc-lockout`; codes without a name are all `tpm-rc`.
 * @param command as Part 3 names it: `TPM2_Quote`
 */
export function responseError(command: string, code: number): AssayError {
  const { name, subject, meaning, hint } = describeResponseCode(code);
  return new AssayError(
    name.toLowerCase().replaceAll('_', '-'),
    subject ? `${command} ${subject}` : command,
    'success',
    `${name} (0x${code.toString(16)}): ${meaning}`,
    hint ? { hint } : {},
  );
}
