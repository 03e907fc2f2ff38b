// Structures of TPM 2.0 and a TPM's answers: what is read is written the same, and what is not read is refused in words.
import { AssayError, type Codec, decode, encode } from '@assay/core';
import { Attest, nameOf, Public, publicKeyOf, Signature } from '@assay/tpm/structures';
import { samples } from '@assay/tpm/testing';
import * as attestation from '../../packages/tpm/commands/attestation.ts';
import { readResponse } from '../../packages/tpm/commands/command.ts';
import * as keys from '../../packages/tpm/commands/keys.ts';
import * as nv from '../../packages/tpm/commands/nv.ts';
import * as pcr from '../../packages/tpm/commands/pcr.ts';
import * as session from '../../packages/tpm/commands/session.ts';
import * as state from '../../packages/tpm/commands/state.ts';
import { foreseen, holds } from '../oracle.ts';
import { type Target, words } from './target.ts';

function structure<T>(
  name: string,
  codec: Codec<T>,
  seeds: Readonly<Record<string, Uint8Array>>,
  use?: (bytes: Uint8Array) => unknown,
): Target {
  return {
    name,
    seeds: () => Object.values(seeds),
    words: tpmWords,
    run(input) {
      const read = foreseen(() => decode(codec, input, name));
      if (read instanceof AssayError) return read;
      holds(Buffer.compare(encode(codec, read), input) === 0, 'what was read is written as something else');
      return [read, use && foreseen(() => use(input))];
    },
  };
}

/** TPM_ALG_ID and magic numbers that tell structures apart. */
const tpmWords = words(
  ...[
    '0001',
    '0004',
    '0005',
    '0008',
    '000b',
    '000c',
    '0010',
    '0014',
    '0016',
    '0018',
    '0023',
    '0025',
    'ff544347',
    '8018',
    '8001',
    '8002',
  ].map((hex) => Buffer.from(hex, 'hex')),
);

export const attest = structure('attest', Attest, samples.attest);
export const signature = structure('signature', Signature, samples.signature);
export const publicArea = structure('public-area', Public, samples.public, (bytes) => [
  foreseen(() => nameOf(bytes)),
  publicKeyOf(bytes),
]);

const commands = [attestation, keys, nv, pcr, session, state]
  .flatMap((module) => Object.values(module) as unknown[])
  .filter(
    (one): one is Parameters<typeof readResponse>[0] =>
      typeof one === 'object' && one !== null && 'returnsHandles' in one,
  );

/** A response without sessions, its length right. */
function response(...parts: readonly Uint8Array[]): Buffer {
  const body = Buffer.concat(parts);
  const head = Buffer.from('80010000000000000000', 'hex');
  head.writeUInt32BE(10 + body.length, 2);
  return Buffer.concat([head, body]);
}
const sized = (bytes: Uint8Array) => Buffer.concat([Buffer.from([bytes.length >> 8, bytes.length & 0xff]), bytes]);

/** The first byte chooses the command, and whether the length is set right. */
export const tpmResponse: Target = {
  name: 'tpm-response',
  seeds: () =>
    commands.flatMap((_, i) =>
      [
        response(),
        response(sized(samples.attest.quote), samples.signature.ecdsa),
        response(Buffer.from('80000000', 'hex'), sized(samples.public.eccAk)),
        response(Buffer.from('000000000600000001000001050000000100', 'hex')),
        Buffer.from('80010000000a00000921', 'hex'),
      ].map((bytes) => Buffer.concat([Buffer.from([0x80 | i]), bytes])),
    ),
  words: tpmWords,
  run(input) {
    const [choice = 0] = input;
    const bytes = Buffer.from(input.subarray(1));
    if (choice & 0x80 && bytes.length >= 6) bytes.writeUInt32BE(bytes.length, 2);
    const declared = commands[(choice & 0x7f) % commands.length] as (typeof commands)[number];
    return foreseen(() => readResponse(declared, bytes, bytes[1] === 2 ? 1 : 0));
  },
};
