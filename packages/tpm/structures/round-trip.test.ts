// Is every structure read as it was written, and refused when anything is missing from it or left over? Values of all kinds
// come from fast-check, within what the structures allow.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { AssayError, type Codec, decode, encode, type Fields } from '@assay/core';
import fc, { type Arbitrary } from 'fast-check';
import { type CurveName, hashNames } from './algorithms.ts';
import { Attest, ClockInfo, TimeInfo } from './attest.ts';
import { CapabilityData } from './capability.ts';
import { CreationData } from './creation.ts';
import { IdObject } from './credential-blob.ts';
import { NvAttributes, type NvKind, NvPublic, NvPublicSized } from './nv.ts';
import { PcrSelection } from './pcr-selection.ts';
import { EccPoint, ObjectAttributes, Public, PublicParms } from './public-area.ts';
import { Authorization, AuthResponse, SessionAttributes, SymDef } from './session.ts';
import { Signature } from './signature.ts';

const record = <T>(fields: { [K in keyof T]: Arbitrary<T[K]> }) => fc.record(fields, { noNullPrototype: true });
const u8 = fc.integer({ min: 0, max: 0xff });
const u16 = fc.integer({ min: 0, max: 0xffff });
const u32 = fc.integer({ min: 0, max: 0xffffffff });
const u64 = fc.bigInt({ min: 0n, max: 0xffffffffffffffffn });
const upTo = (maxLength: number) => fc.uint8Array({ maxLength });
const flags = <N extends string>(names: readonly N[]) =>
  record(Object.fromEntries(names.map((name) => [name, fc.boolean()])) as Record<N, Arbitrary<boolean>>);

const hash = fc.constantFrom(...hashNames);
const name = upTo(66);
const digest = upTo(64);
const pcrs = fc.uniqueArray(fc.integer({ min: 0, max: 31 }), { maxLength: 32 }).map((all) => all.sort((a, b) => a - b));
const selection = fc.array(record({ hash, pcrs }), { maxLength: 16 });
const clockInfo = record({ clock: u64, resetCount: u32, restartCount: u32, safe: fc.boolean() });
const timeInfo = record({ time: u64, clockInfo });

const mode = fc.constantFrom('ctr', 'ofb', 'cbc', 'cfb', 'ecb', 'null');
const symmetric = fc.oneof(
  record({ algorithm: fc.constantFrom('tdes', 'aes', 'sm4', 'camellia'), keyBits: u16, mode }),
  record({ algorithm: fc.constant('null') }),
);
const schemes = (hashed: string[], bare: string[]) =>
  fc.oneof(record({ scheme: fc.constantFrom(...hashed), hash }), record({ scheme: fc.constantFrom(...bare) }));
const kdf = fc.constantFrom('mgf1', 'kdf1Sp80056a', 'kdf2', 'kdf1Sp800108', 'null');
const curves: CurveName[] = ['p192', 'p224', 'p256', 'p384', 'p521', 'bn_p256', 'bn_p638', 'sm2_p256'];
const point = record({ x: upTo(80), y: upTo(80) });
const parms = {
  rsa: {
    type: fc.constant('rsa'),
    symmetric,
    scheme: schemes(['rsassa', 'rsapss', 'oaep'], ['rsaes', 'null']),
    keyBits: fc.constantFrom(2048, 3072, 4096),
    exponent: u32,
  },
  ecc: {
    type: fc.constant('ecc'),
    symmetric,
    scheme: fc.oneof(
      schemes(['ecdsa', 'ecdh', 'sm2', 'ecschnorr', 'ecmqv'], ['null']),
      record({ scheme: fc.constant('ecdaa'), hash, count: u16 }),
    ),
    curve: fc.constantFrom(...curves),
    kdf: schemes(['mgf1', 'kdf1Sp80056a', 'kdf2', 'kdf1Sp800108'], ['null']),
  },
  keyedhash: {
    type: fc.constant('keyedhash'),
    scheme: fc.oneof(schemes(['hmac'], ['null']), record({ scheme: fc.constant('xor'), hash, kdf })),
  },
  symcipher: { type: fc.constant('symcipher'), symmetric },
};
const attributes = flags([
  'fixedTpm',
  'stClear',
  'fixedParent',
  'sensitiveDataOrigin',
  'userWithAuth',
  'adminWithPolicy',
  'firmwareLimited',
  'svnLimited',
  'noDa',
  'encryptedDuplication',
  'restricted',
  'decrypt',
  'sign',
  'x509Sign',
]);
const common = { nameAlg: hash, attributes, authPolicy: digest };
const publicArea = fc.oneof(
  record({ ...parms.rsa, ...common, unique: upTo(512) }),
  record({ ...parms.ecc, ...common, unique: point }),
  record({ ...parms.keyedhash, ...common, unique: digest }),
  record({ ...parms.symcipher, ...common, unique: digest }),
);

const attested = (type: string, body: Record<string, Arbitrary<unknown>>) =>
  record({
    magic: fc.constant('generated'),
    type: fc.constant(type),
    qualifiedSigner: name,
    extraData: upTo(66),
    clockInfo,
    firmwareVersion: u64,
    ...body,
  });
const attest = {
  nv: attested('nv', { indexName: name, offset: u16, nvContents: upTo(2048) }),
  commandAudit: attested('commandAudit', {
    auditCounter: u64,
    digestAlg: u16,
    auditDigest: digest,
    commandDigest: digest,
  }),
  sessionAudit: attested('sessionAudit', { exclusive: fc.boolean(), sessionDigest: digest }),
  certify: attested('certify', { name, qualifiedName: name }),
  quote: attested('quote', { pcrSelect: selection, pcrDigest: digest }),
  time: attested('time', { time: timeInfo, timeFirmwareVersion: u64 }),
  creation: attested('creation', { objectName: name, creationHash: digest }),
  nvDigest: attested('nvDigest', { indexName: name, nvDigest: digest }),
};

const signature = fc.oneof(
  record({ sigAlg: fc.constantFrom('rsassa', 'rsapss'), hash, sig: upTo(512) }),
  record({ sigAlg: fc.constant('ecdsa'), hash, signatureR: upTo(66), signatureS: upTo(66) }),
);

const kinds: NvKind[] = ['ordinary', 'counter', 'bits', 'extend', 'pinFail', 'pinPass'];
const nvAttributes = fc
  .tuple(
    fc.constantFrom(...kinds),
    flags([
      'ppWrite',
      'ownerWrite',
      'authWrite',
      'policyWrite',
      'policyDelete',
      'writeLocked',
      'writeAll',
      'writeDefine',
      'writeStClear',
      'globalLock',
      'ppRead',
      'ownerRead',
      'authRead',
      'policyRead',
      'noDa',
      'orderly',
      'clearStClear',
      'readLocked',
      'written',
      'platformCreate',
      'readStClear',
    ]),
  )
  .map(([kind, rest]) => ({ kind, ...rest }));
const nvPublic = record({ index: u32, nameAlg: hash, attributes: nvAttributes, authPolicy: digest, dataSize: u16 });

const sessionAttributes = flags(['continueSession', 'auditExclusive', 'auditReset', 'decrypt', 'encrypt', 'audit']);
const authorization = { nonce: digest, attributes: sessionAttributes, hmac: digest };
const numbers = fc.array(u32, { maxLength: 20 });
const capability = (kind: string, body: Record<string, Arbitrary<unknown>>) =>
  record({ capability: fc.constant(kind), ...body });

/** Each structure with a source of values of it. What stands last in its message may end anywhere. */
const structures: Record<string, { codec: Fields[string]; values: Arbitrary<unknown>; open?: true }> = {
  TPMT_PUBLIC: { codec: Public, values: publicArea },
  TPMT_PUBLIC_PARMS: {
    codec: PublicParms,
    values: fc.oneof(...Object.values(parms).map((fields) => record(fields as Record<string, Arbitrary<unknown>>))),
  },
  TPMA_OBJECT: { codec: ObjectAttributes, values: attributes },
  TPMS_ECC_POINT: { codec: EccPoint, values: point },
  ...Object.fromEntries(
    Object.entries(attest).map(([type, values]) => [`TPMS_ATTEST (${type})`, { codec: Attest, values }]),
  ),
  TPMS_CLOCK_INFO: { codec: ClockInfo, values: clockInfo },
  TPMS_TIME_INFO: { codec: TimeInfo, values: timeInfo },
  TPMT_SIGNATURE: { codec: Signature, values: signature },
  TPML_PCR_SELECTION: { codec: PcrSelection, values: selection },
  TPMA_NV: { codec: NvAttributes, values: nvAttributes },
  TPMS_NV_PUBLIC: { codec: NvPublic, values: nvPublic },
  TPM2B_NV_PUBLIC: { codec: NvPublicSized, values: nvPublic },
  TPMA_SESSION: { codec: SessionAttributes, values: sessionAttributes },
  TPMS_AUTH_COMMAND: { codec: Authorization, values: record({ session: u32, ...authorization }) },
  TPMS_AUTH_RESPONSE: { codec: AuthResponse, values: record(authorization) },
  TPMT_SYM_DEF: {
    codec: SymDef,
    values: fc.oneof(
      record({ algorithm: fc.constant('aes'), keyBits: u16, mode }),
      record({ algorithm: fc.constant('xor'), hash }),
      record({ algorithm: fc.constant('null') }),
    ),
  },
  TPMS_ID_OBJECT: {
    codec: IdObject,
    values: record({ integrityHmac: digest, encIdentity: upTo(66) }),
    open: true,
  },
  TPMS_CREATION_DATA: {
    codec: CreationData,
    values: record({
      pcrSelect: selection,
      pcrDigest: digest,
      locality: u8,
      parentNameAlg: fc.constantFrom(...hashNames, 'null'),
      parentName: name,
      parentQualifiedName: name,
      outsideInfo: upTo(66),
    }),
  },
  TPMS_CAPABILITY_DATA: {
    codec: CapabilityData,
    values: fc.oneof(
      capability('algorithms', { algorithms: fc.array(record({ alg: u16, attributes: u32 })) }),
      capability('handles', { handles: numbers }),
      capability('commands', { commands: numbers }),
      capability('ppCommands', { commandCodes: numbers }),
      capability('auditCommands', { commandCodes: numbers }),
      capability('pcrs', { banks: selection }),
      capability('properties', { properties: fc.array(record({ property: u32, value: u32 })) }),
      capability('pcrProperties', { pcrProperties: fc.array(record({ property: u32, pcrs })) }),
      capability('curves', { curves: fc.array(u16) }),
    ),
  },
};

for (const [where, { codec, values, open }] of Object.entries(structures))
  describe(where, () => {
    test('is read as it was written', () => {
      fc.assert(fc.property(values, (value) => assert.deepEqual(decode(codec, encode(codec, value), where), value)));
    });

    test('is refused when cut short anywhere, and when something is left over', () => {
      fc.assert(
        fc.property(values, (value) => {
          const bytes = encode(codec, value);
          for (let end = 0; end < bytes.length; end++) {
            if (open && isWhole(codec, bytes.subarray(0, end))) continue;
            assert.throws(() => decode(codec, bytes.subarray(0, end), where), isWirePlace(where));
          }
          const longer = Buffer.concat([bytes, Buffer.alloc(67)]);
          assert.throws(() => decode(codec, longer, where), { code: open ? /^wire-/ : 'wire-trailing' });
        }),
        { numRuns: 25 },
      );
    });
  });

/** A prefix of what has no length of its own may be whole too. */
function isWhole(codec: Codec<unknown>, bytes: Uint8Array): boolean {
  try {
    decode(codec, bytes, 'S');
    return true;
  } catch {
    return false;
  }
}

/** An error that names structure, field and offset. */
const isWirePlace = (structure: string) => (error: unknown) => {
  assert.ok(error instanceof AssayError, String(error));
  assert.match(error.code, /^wire-/);
  assert.ok(error.where.startsWith(structure) && / at byte \d+$/.test(error.where), error.where);
  assert.ok(error.expected.length > 0);
  return true;
};
