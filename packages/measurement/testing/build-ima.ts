// A run-time list made by hand, as a kernel would write it or as none would: written field by field, apart from the code that reads.
import { createHash, type Hash } from 'node:crypto';
import type { HashName } from '@assay/tpm/structures';
import { nodeHash } from '@assay/tpm/structures';
import type { ImaTemplate } from '../ima/list.ts';

/** An entry to be: of a file that holds its own path, in `ima-ng` with SHA-256, unless told. */
export type ImaWish = {
  path?: string;
  template?: ImaTemplate | (string & {});
  pcr?: number;
  /** Of the file. */
  digest?: Uint8Array;
  algorithm?: string;
  /** In the v2 templates. */
  type?: 'ima' | 'verity';
  signature?: Uint8Array;
  buffer?: Uint8Array;
  modsig?: { digest: Uint8Array; signature: Uint8Array };
  /** As the kernel marks it: file digest and template digest all zero. */
  violation?: boolean;
  /** Instead of what follows from the others. */
  data?: Uint8Array;
  templateDigest?: Uint8Array;
};

/** Templates with SHA-256 and their fields behind digest and name. */
export const modernTemplates = ['ima-ng', 'ima-ngv2', 'ima-sig', 'ima-sigv2', 'ima-buf', 'ima-modsig'] as const;

/** The bytes of one entry. */
export function imaEntry(wish: ImaWish): Buffer {
  const { template = 'ima-ng', pcr = 10, violation = false } = wish;
  const data = Buffer.from(wish.data ?? dataOf(wish, template));
  const digest = violation ? new Uint8Array(20) : hashData(template, data, 'sha1');
  const body = template === 'ima' ? data : sized(data);
  return Buffer.concat([u32le(pcr), wish.templateDigest ?? digest, sized(Buffer.from(template)), body]);
}

export const buildIma = (wishes: readonly ImaWish[]): Buffer => Buffer.concat(wishes.map(imaEntry));

/** What the kernel extends a bank with for this entry: in the bank's own hash, or as older kernels did. */
export function imaExtends(wish: ImaWish, bank: HashName, how: 'recomputed' | 'padded' = 'recomputed'): Buffer {
  const { template = 'ima-ng', violation } = wish;
  const size = createHash(nodeHash(bank)).digest().length;
  const first = how === 'padded' ? 20 : size;
  const digest = violation
    ? Buffer.alloc(first, 0xff)
    : hashData(template, Buffer.from(wish.data ?? dataOf(wish, template)), how === 'padded' ? 'sha1' : bank);
  return Buffer.concat([digest, Buffer.alloc(size - digest.length)]);
}

/** PCR 10 after these entries, those for other PCRs left aside. */
export function imaPcrValue(
  wishes: readonly ImaWish[],
  bank: HashName,
  how: 'recomputed' | 'padded' = 'recomputed',
  before?: Uint8Array,
): Buffer {
  let value = Buffer.from(before ?? new Uint8Array(createHash(nodeHash(bank)).digest().length));
  for (const wish of wishes) {
    if ((wish.pcr ?? 10) !== 10) continue;
    value = createHash(nodeHash(bank))
      .update(value)
      .update(imaExtends(wish, bank, how))
      .digest();
  }
  return value;
}

/** boot_aggregate of these PCR values 0–9, and `count` files after it, in one template. */
export function honestIma(
  template: ImaTemplate = 'ima-ng',
  count = 4,
  aggregate: Uint8Array = sha256('pcrs'),
): ImaWish[] {
  const legacy = template === 'ima';
  const first: ImaWish = { path: 'boot_aggregate', digest: legacy ? sha1('pcrs') : aggregate };
  const own = template === 'ima-buf' ? 'ima-ng' : template;
  const files = Array.from({ length: count }, (_, i): ImaWish => {
    const path = `/usr/bin/program-${i}`;
    switch (template) {
      case 'ima-sig':
      case 'ima-sigv2':
        return { path, signature: i % 2 ? imaSignature(`${i}`) : new Uint8Array() };
      case 'ima-buf':
        return { path: '.ima', buffer: Buffer.from(`key ${i}`) };
      case 'ima-modsig':
        return { path, modsig: { digest: sha256(path), signature: derSequence(300 + i) } };
      default:
        return { path };
    }
  });
  return [{ ...first, template: own }, ...files.map((file) => ({ ...file, template }))];
}

/** security.ima as evmctl writes it: version 2, SHA-256. */
export function imaSignature(text: string, key = '01020304'): Buffer {
  const signature = createHash('sha512').update(text).digest();
  return Buffer.concat([
    Buffer.from([3, 2, 4]),
    Buffer.from(key, 'hex'),
    Buffer.from([0, signature.length]),
    signature,
  ]);
}

/** Content like that of a PKCS#7 signature, as far as its outermost length goes. */
export const derSequence = (length: number): Buffer =>
  Buffer.concat([Buffer.from([0x30, 0x82, length >> 8, length & 0xff]), Buffer.alloc(length, 0x5a)]);

function dataOf(wish: ImaWish, template: string): Buffer {
  const { path = '/usr/bin/true', violation, signature = new Uint8Array(), modsig } = wish;
  const legacy = template === 'ima';
  const algorithm = wish.algorithm ?? (legacy ? 'sha1' : 'sha256');
  const content = wish.buffer ?? Buffer.from(path);
  const digest = violation ? new Uint8Array(20) : (wish.digest ?? createHash(algorithm).update(content).digest());
  if (legacy) return Buffer.concat([digest, sized(Buffer.from(path))]);
  const v2 = template === 'ima-ngv2' || template === 'ima-sigv2';
  const head = `${v2 ? `${wish.type ?? 'ima'}:` : ''}${algorithm}:\0`;
  const fields = [Buffer.concat([Buffer.from(head), digest]), Buffer.from(`${path}\0`)];
  if (template === 'ima-sig' || template === 'ima-sigv2' || template === 'ima-modsig')
    fields.push(Buffer.from(signature));
  if (template === 'ima-buf') fields.push(Buffer.from(content));
  if (template === 'ima-modsig')
    fields.push(
      modsig ? Buffer.concat([Buffer.from('sha256:\0'), modsig.digest]) : Buffer.alloc(0),
      Buffer.from(modsig?.signature ?? []),
    );
  return Buffer.concat(fields.map(sized));
}

function hashData(template: string, data: Buffer, bank: HashName): Buffer {
  const hash: Hash = createHash(nodeHash(bank));
  if (template !== 'ima') return hash.update(data).digest();
  const name = Buffer.alloc(256);
  data.copy(name, 0, 24);
  return hash.update(data.subarray(0, 20)).update(name).digest();
}

const sha256 = (text: string) => createHash('sha256').update(text).digest();
const sha1 = (text: string) => createHash('sha1').update(text).digest();
const u32le = (value: number) => Buffer.from(Uint32Array.of(value).buffer);
const sized = (bytes: Uint8Array) => Buffer.concat([u32le(bytes.length), bytes]);
