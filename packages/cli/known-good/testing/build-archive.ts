// Packages made here, for tests: archives byte by byte, so that each byte can be wrong.
import { createHash } from 'node:crypto';

/** Of a tar entry. `type`: `0` unless told; `raw`: a size other than that of the content. */
export type TarWish = {
  name: string;
  data?: string | Uint8Array;
  type?: string;
  link?: string;
  mode?: number;
  size?: number;
};

const block = 512;
const bytes = (data: string | Uint8Array) => Buffer.from(data as Uint8Array);

export function tarEntry({ name, data = '', type = '0', link = '', mode = 0o644, size }: TarWish): Buffer {
  const header = Buffer.alloc(block);
  const content = bytes(data);
  header.write(name, 0, 100);
  header.write(mode.toString(8).padStart(7, '0'), 100);
  header.write((size ?? content.length).toString(8).padStart(11, '0'), 124);
  header.write(type, 156);
  header.write(link, 157, 100);
  header.write('ustar\0', 257);
  header.fill(' ', 148, 156);
  const sum = header.reduce((all, one) => all + one, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return Buffer.concat([header, content, Buffer.alloc(-content.length & (block - 1))]);
}

export const buildTar = (wishes: readonly TarWish[]): Buffer =>
  Buffer.concat([...wishes.map(tarEntry), Buffer.alloc(2 * block)]);

export const buildAr = (members: Readonly<Record<string, Uint8Array>>): Buffer =>
  Buffer.concat([
    Buffer.from('!<arch>\n'),
    ...Object.entries(members).flatMap(([name, data]) => [
      Buffer.from(
        `${name.padEnd(16)}${'0'.padEnd(12)}${'0'.padEnd(6)}${'0'.padEnd(6)}${'100644'.padEnd(8)}${String(data.length).padEnd(10)}\`\n`,
      ),
      data,
      Buffer.alloc(data.length % 2, 0x0a),
    ]),
  ]);

export const control = 'Package: linux-image-test\nVersion: 6.1.0-1\nMaintainer: Test Team <test@example.org>\n';

/** Nothing in it is compressed unless `pack` does it and `suffix` says so. */
export function buildDeb(
  wishes: readonly TarWish[],
  { pack = (data: Buffer) => data, suffix = '' }: { pack?: (data: Buffer) => Buffer; suffix?: string } = {},
): Buffer {
  return buildAr({
    'debian-binary': Buffer.from('2.0\n'),
    [`control.tar${suffix}`]: pack(buildTar([{ name: './control', data: control }])),
    [`data.tar${suffix}`]: pack(buildTar(wishes)),
  });
}

/** Of a cpio entry in the `newc` format. */
export type CpioWish = { name: string; data?: string | Uint8Array; mode?: number; inode?: number; links?: number };

export function cpioEntry({ name, data = '', mode = 0o100644, inode = 1, links = 1 }: CpioWish): Buffer {
  const content = bytes(data);
  const fields = [inode, mode, 0, 0, links, 0, content.length, 0, 0, 0, 0, Buffer.byteLength(name) + 1, 0];
  const header = `070701${fields.map((one) => one.toString(16).padStart(8, '0')).join('')}${name}\0`;
  const padded = (part: Buffer) => Buffer.concat([part, Buffer.alloc(-part.length & 3)]);
  return Buffer.concat([padded(Buffer.from(header)), padded(content)]);
}

export const buildCpio = (wishes: readonly CpioWish[]): Buffer =>
  Buffer.concat([...wishes, { name: 'TRAILER!!!' }].map(cpioEntry));

type Tag = { tag: number; type: 4 | 6 | 8; value: readonly number[] | readonly string[] };

function rpmHeader(tags: readonly Tag[]): Buffer {
  const parts: Buffer[] = [];
  let at = 0;
  const index = tags.map(({ tag, type, value }) => {
    const row = Buffer.alloc(16);
    const fill = type === 4 ? -at & 3 : 0;
    for (const [i, field] of [tag, type, at + fill, value.length].entries()) row.writeUInt32BE(field, i * 4);
    const data = value.map((one) => {
      if (typeof one === 'string') return Buffer.from(`${one}\0`);
      const number = Buffer.alloc(4);
      number.writeUInt32BE(one);
      return number;
    });
    const part = Buffer.concat([Buffer.alloc(fill), ...data]);
    parts.push(part);
    at += part.length;
    return row;
  });
  const start = Buffer.alloc(16);
  Buffer.from('8eade80100000000', 'hex').copy(start);
  start.writeUInt32BE(tags.length, 8);
  start.writeUInt32BE(at, 12);
  return Buffer.concat([start, ...index, ...parts]);
}

const text = (tag: number, value: string): Tag => ({ tag, type: 6, value: [value] });

/** With the digests of its files, unless told otherwise. */
export function buildRpm(
  files: readonly (CpioWish & { digest?: string })[],
  { pack = (data: Buffer) => data, compressor = 'gzip' }: { pack?: (data: Buffer) => Buffer; compressor?: string } = {},
): Buffer {
  const sha256 = ({ data = '', digest }: { data?: string | Uint8Array; digest?: string }) =>
    digest ?? createHash('sha256').update(bytes(data)).digest('hex');
  const header = rpmHeader([
    text(1000, 'kernel-core'),
    text(1001, '6.1.0'),
    text(1002, '1.el9'),
    text(1011, 'Test Team'),
    { tag: 1028, type: 4, value: files.map(({ data = '' }) => bytes(data).length) },
    { tag: 1030, type: 4, value: files.map(({ mode = 0o100644 }) => mode) },
    { tag: 1035, type: 8, value: files.map(sha256) },
    { tag: 1096, type: 4, value: files.map((_, i) => i + 1) },
    { tag: 1116, type: 4, value: files.map(() => 0) },
    { tag: 1117, type: 8, value: files.map(({ name }) => name.replace(/^\.?\//, '')) },
    { tag: 1118, type: 8, value: ['/'] },
    text(1124, 'cpio'),
    text(1125, compressor),
    { tag: 5011, type: 4, value: [8] },
  ]);
  const lead = Buffer.alloc(96);
  lead.write('edabeedb', 'hex');
  const signature = rpmHeader([]);
  return Buffer.concat([
    lead,
    signature,
    Buffer.alloc(-signature.length & 7),
    header,
    pack(buildCpio(files.map((file, i) => ({ inode: i + 1, ...file })))),
  ]);
}
