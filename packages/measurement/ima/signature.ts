// What does a file's signature say of itself (security.ima, or a portable one of EVM)? Its head in words, and whether its lengths
// agree. Proves nothing of the file: that needs the key, which policy names.

/** enum hash_algo of the kernel (include/uapi/linux/hash_info.h), by number, with the digest's size in bytes. */
const kernelHashes: readonly (readonly [string, number])[] = [
  ['md4', 16],
  ['md5', 16],
  ['sha1', 20],
  ['rmd160', 20],
  ['sha256', 32],
  ['sha384', 48],
  ['sha512', 64],
  ['sha224', 28],
  ['rmd128', 16],
  ['rmd256', 32],
  ['rmd320', 40],
  ['wp256', 32],
  ['wp384', 48],
  ['wp512', 64],
  ['tgr128', 16],
  ['tgr160', 20],
  ['tgr192', 24],
  ['sm3-256', 32],
  ['streebog256', 32],
  ['streebog512', 64],
  ['sha3-256', 32],
  ['sha3-384', 48],
  ['sha3-512', 64],
];
/** Size in bytes of a digest, by the kernel's name for the hash. `sm3` is what newer kernels call sm3-256. */
export const kernelDigestSize: ReadonlyMap<string, number> = new Map([...kernelHashes, ['sm3', 32] as const]);

/** Type of the attribute (enum evm_ima_xattr_type, security/integrity/integrity.h). */
const kinds: Readonly<Record<number, ImaSignature['kind']>> = { 3: 'ima', 5: 'evm-portable', 6: 'verity' };

export type ImaSignature = {
  /** What was signed: the file's digest, its metadata too (EVM), or its fs-verity digest. */
  kind: 'ima' | 'evm-portable' | 'verity';
  /** Of the format: 2, or 3 where the signed digest also names its kind. */
  version: 2 | 3;
  /** The kernel's name of the hash. */
  hash: string;
  /** Last four bytes of the key's subject key identifier, hex: which key it claims, not proof that it signed. */
  keyId: string;
  signature: Uint8Array;
};

/** @returns the signature, or in words what is wrong with it */
export function readImaSignature(bytes: Uint8Array): ImaSignature | string {
  const [type = 0, version, algorithm = 0] = bytes;
  const kind = kinds[type];
  if (!kind) return `of type ${type}, not 3 (IMA), 5 (EVM, portable) or 6 (fs-verity)`;
  if (version === 1) return 'of version 1, which kernels no longer take';
  if (version !== 2 && version !== 3) return `of version ${version ?? 'unknown'}, not 2 or 3`;
  if (bytes.length < 9) return `its head has 9 bytes, ${bytes.length} are there`;
  const hash = kernelHashes[algorithm]?.[0];
  if (!hash) return `hash algorithm ${algorithm} is unknown`;
  const claimed = ((bytes[7] as number) << 8) | (bytes[8] as number);
  if (claimed !== bytes.length - 9) return `it says ${claimed} bytes, ${bytes.length - 9} are there`;
  if (claimed === 0) return 'it is empty';
  return {
    kind,
    version,
    hash,
    keyId: bytes.subarray(3, 7).toHex(),
    signature: bytes.subarray(9),
  };
}
