// Which lists of keys does shim measure into PCR 14 where nobody has enrolled a key of their own? Those it was built with, as it mirrors them into MokListRT
// and MokListXRT (shim, mok.c and cert.S), and that they are trusted.
import type { PeImage } from '@assay/measurement';
import type { ReferenceMeasurement } from '@assay/protocol';
import { digestsOf } from './digests.ts';

const guid = (hex: string) => Buffer.from(hex, 'hex');
/** EFI_CERT_X509_GUID, EFI_CERT_SHA256_GUID and SHIM_LOCK_GUID, as they lie in memory. */
const x509 = guid('a159c0a5e494a74a87b5ab155c2bf072');
const sha256 = guid('2616c4c14c509240aca941f936934328');
const shimLock = guid('50ab5d6046e00043abb63dd810dd8b23');
const listHeader = 28;

/** None: this is no shim, or one whose keys are not where they should be. */
export function shimKeys(image: PeImage, name: string): ReferenceMeasurement[] {
  const found = image.sections.find((section) => section.name === '.vendor_cert')?.data;
  if (!found || found.length < 16) return [];
  const table = Buffer.from(found.buffer, found.byteOffset, found.length);
  const [size, deniedSize, at, deniedAt] = [0, 4, 8, 12].map((field) => table.readUInt32LE(field)) as [
    number,
    number,
    number,
    number,
  ];
  if (at + size > table.length || deniedAt + deniedSize > table.length) return [];
  const own = table.subarray(at, at + size);
  // A shim without keys of its own has a hash of nothing in each list.
  const lists: [string, Buffer][] = [
    ['MokList', size === 0 ? listOf(sha256, Buffer.alloc(32)) : isList(own) ? own : listOf(x509, own)],
    ['MokListX', deniedSize === 0 ? listOf(sha256, Buffer.alloc(32)) : table.subarray(deniedAt, deniedAt + deniedSize)],
    ['MokListTrusted', Buffer.of(1)],
  ];
  return lists.map(([variable, bytes]) => ({
    claim: 'key list of shim',
    digests: { ...digestsOf(bytes) },
    description: `${variable} of ${name}, without keys enrolled on the machine`.slice(0, 1000),
  }));
}

/** EFI_SIGNATURE_LIST of one entry. */
function listOf(type: Buffer, data: Uint8Array): Buffer {
  const header = Buffer.alloc(listHeader);
  type.copy(header);
  header.writeUInt32LE(listHeader + shimLock.length + data.length, 16);
  header.writeUInt32LE(shimLock.length + data.length, 24);
  return Buffer.concat([header, shimLock, data]);
}

/** Distributions may build in a list in place of one certificate. */
const isList = (bytes: Buffer): boolean =>
  bytes.length >= listHeader && [x509, sha256].some((type) => bytes.subarray(0, 16).equals(type));
