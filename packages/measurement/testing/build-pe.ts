// Small EFI applications, for tests: PE32+ or PE32 with sections, certificates and what else a file may carry.

export type PeParts = {
  /** In the order of the section table; in the file they lie in the order of `layout`, or in this. */
  sections?: Readonly<Record<string, Uint8Array>>;
  layout?: readonly string[];
  /** Without: PE32. */
  plus?: boolean;
  /** Behind the sections, before the certificates. */
  trailing?: Uint8Array;
  /** The certificate table; the file is filled up to eight bytes before it. */
  certificates?: Uint8Array;
  /** How many data directories the header says it has. */
  directories?: number;
  checksum?: number;
};

const pe = 0x80;
const sizeOfHeaders = 0x400;

export function buildPe({ sections = {}, plus = true, directories = 16, ...rest }: PeParts = {}): Buffer {
  const names = Object.keys(sections);
  const head = Buffer.alloc(sizeOfHeaders);
  const optional = pe + 24;
  const counted = optional + (plus ? 108 : 92);
  const table = counted + 4 + 16 * 8;
  head.write('MZ', 0, 'latin1');
  head.writeUInt32LE(pe, 0x3c);
  head.write('PE', pe, 'latin1');
  head.writeUInt16LE(0x8664, pe + 4);
  head.writeUInt16LE(names.length, pe + 6);
  head.writeUInt16LE(table - optional, pe + 20);
  head.writeUInt16LE(plus ? 0x20b : 0x10b, optional);
  head.writeUInt32LE(sizeOfHeaders, optional + 60);
  head.writeUInt32LE(rest.checksum ?? 0, optional + 64);
  head.writeUInt32LE(directories, counted);
  const parts: Buffer[] = [head];
  let end = sizeOfHeaders;
  const add = (data: Uint8Array) => {
    parts.push(Buffer.from(data));
    end += data.length;
  };
  for (const name of rest.layout ?? names) {
    const data = sections[name] ?? new Uint8Array();
    const header = table + names.indexOf(name) * 40;
    head.write(name, header, 8, 'latin1');
    for (const [i, value] of [data.length, 0x1000 + end, data.length, end].entries())
      head.writeUInt32LE(value, header + 8 + i * 4);
    add(data);
  }
  add(rest.trailing ?? new Uint8Array());
  if (rest.certificates) {
    add(new Uint8Array(-end & 7));
    head.writeUInt32LE(end, counted + 4 + 4 * 8);
    head.writeUInt32LE(rest.certificates.length, counted + 4 + 4 * 8 + 4);
    add(rest.certificates);
  }
  return Buffer.concat(parts);
}
