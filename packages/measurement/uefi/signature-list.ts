// Which certificates and hashes does a key variable hold (EFI_SIGNATURE_LIST, UEFI 2.10, §32.4.1)? Keys are cut out and read
// only when somebody asks: a revocation list has hundreds.
import { createHash } from 'node:crypto';
import { AssayError, u32le } from '@assay/core';
import { type Certificate, readCertificate } from './certificate.ts';
import { guidText, hexText } from './primitives.ts';

/** One EFI_SIGNATURE_DATA: a certificate or a hash, and who put it there. */
export type Key = {
  /** `x509`, `sha256`, …, or the GUID of a kind without a name. */
  type: string;
  /** GUID, lower case; empty where the log does not say. */
  owner: string;
  data: Uint8Array;
};

/** Keys of one type and one size. */
export type SignatureList = {
  type: string;
  /** Length of one key with its owner, in bytes. */
  size: number;
  header: Uint8Array;
  /** `count` keys, one after the other. */
  keys: Uint8Array;
  count: number;
};

const types: Record<string, string> = {
  'a5c059a1-94e4-4aa7-87b5-ab155c2bf072': 'x509',
  'c1c41626-504c-4092-aca9-41f936934328': 'sha256',
  '826ca512-cf10-4ac9-b187-be01496631bd': 'sha1',
  '0b6e5233-a65c-44c9-9407-d9ab83bfc8bd': 'sha224',
  'ff3e5307-9fd0-48c9-85f1-8ad56c701e01': 'sha384',
  '093e0fae-a6c4-4f50-9f1b-d41e2b89c19a': 'sha512',
  '3c5766e8-269c-4e34-aa14-ed776e85b3b6': 'rsa2048',
  'e2b36190-879b-4a3d-ad8d-f2e7bba32784': 'rsa2048-sha256',
  '67f8444f-8743-48f1-a328-1eaab8736080': 'rsa2048-sha1',
  '4aafd29d-68df-49ee-8aa9-347d375665a7': 'pkcs7',
  '3bd2a492-96c0-4079-b420-fcf98ef103ed': 'x509-sha256',
  '7076876e-80c2-4ee6-aad2-28b349a6865b': 'x509-sha384',
  '446dbf63-2502-4cda-bcfa-2465d2b0fe9d': 'x509-sha512',
};

/** Type, list size, header size, size of a key. */
const headLength = 16 + 4 + 4 + 4;
/** A key has at least an owner. */
const ownerLength = 16;

/**
 * @param value EFI_SIGNATURE_LISTs, one after the other, up to the end
 * @throws AssayError `signature-list` when a list is smaller than its head, larger than what is left, or not made of whole keys
 */
export function readSignatureLists(value: Uint8Array): SignatureList[] {
  const lists: SignatureList[] = [];
  const c = { bytes: value, at: 0 };
  const bad = (at: number, field: string, expected: string, got: number) =>
    new AssayError('signature-list', `EFI_SIGNATURE_LIST.${field} at byte ${at}`, expected, got);
  while (c.at < value.length) {
    const start = c.at;
    if (start + headLength > value.length) throw bad(start, 'head', `${headLength} bytes`, value.length - start);
    c.at += 16;
    const [listSize, headerSize, size] = [u32le.read(c, 'list'), u32le.read(c, 'list'), u32le.read(c, 'list')];
    const [left, body] = [value.length - start, listSize - headLength - headerSize];
    if (listSize < headLength || listSize > left)
      throw bad(start + 16, 'SignatureListSize', `${headLength} to ${left}`, listSize);
    if (body < 0) throw bad(start + 20, 'SignatureHeaderSize', `at most ${listSize - headLength}`, headerSize);
    if (size < ownerLength) throw bad(start + 24, 'SignatureSize', `at least ${ownerLength}`, size);
    if (body % size !== 0) throw bad(start + 24, 'SignatureSize', `a divisor of ${body}`, size);
    const end = start + listSize;
    const type = guidText(value.subarray(start, start + 16));
    lists.push({
      type: types[type] ?? type,
      size,
      header: value.subarray(c.at, c.at + headerSize),
      keys: value.subarray(c.at + headerSize, end),
      count: body / size,
    });
    c.at = end;
  }
  return lists;
}

/** The keys of these lists, in order. */
export function* keysOf(lists: readonly SignatureList[]): Generator<Key> {
  for (const { type, size, keys } of lists)
    for (let at = 0; at < keys.length; at += size) yield { type, ...readKey(keys.subarray(at, at + size)) };
}

/** EFI_SIGNATURE_DATA: owner, then data. */
export const readKey = (key: Uint8Array): { owner: string; data: Uint8Array } => ({
  owner: guidText(key.subarray(0, ownerLength)),
  data: key.subarray(ownerLength),
});

/** The certificate this key is; undefined: it is none, or it does not read as one. */
export function certificateOf({ type, data }: Key): Certificate | undefined {
  if (type !== 'x509') return undefined;
  try {
    return readCertificate(data);
  } catch (error) {
    if (error instanceof AssayError) return undefined;
    throw error;
  }
}

/** In words, safe to print: the subject of a certificate, the hex of anything else. */
export const keyName = (key: Key): string =>
  certificateOf(key)?.subject ?? (key.type === 'x509' ? 'a certificate that cannot be read' : hexText(key.data));

/** SHA-256 over the key's data, hex: of a certificate what tools call its fingerprint. */
export const fingerprintOf = ({ data }: Key): string => createHash('sha256').update(data).digest('hex');
