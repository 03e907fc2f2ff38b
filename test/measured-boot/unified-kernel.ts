// A unified kernel image: systemd's stub with kernel, initrd and command line as sections of one EFI application, as `ukify` or
// `objcopy --add-section` make it.

const sectionHeaderBytes = 40;
const readableData = 0x4000_0040; // IMAGE_SCN_CNT_INITIALIZED_DATA | IMAGE_SCN_MEM_READ
const aligned = (value: number, to: number) => Math.ceil(value / to) * to;

/** @param stub PE32+; its headers must leave room  @param sections by name, in order: `.linux` */
export function withSections(stub: Uint8Array, sections: Readonly<Record<string, Uint8Array>>): Uint8Array {
  const head = Buffer.from(stub);
  const pe = head.readUInt32LE(0x3c);
  const optional = pe + 24;
  const count = head.readUInt16LE(pe + 6);
  const table = optional + head.readUInt16LE(pe + 20);
  const names = Object.entries(sections);
  const sizeOfHeaders = head.readUInt32LE(optional + 60);
  if (table + (count + names.length) * sectionHeaderBytes > sizeOfHeaders)
    throw new Error('no room for section headers');
  let address = aligned(head.readUInt32LE(optional + 56), 4096); // SizeOfImage
  const parts: Uint8Array[] = [head];
  let end = head.length;
  for (const [index, [name, data]] of names.entries()) {
    const start = aligned(end, 512);
    const padded = aligned(data.length, 512);
    parts.push(new Uint8Array(start - end), data, new Uint8Array(padded - data.length));
    const header = table + (count + index) * sectionHeaderBytes;
    head.write(name, header, 'latin1');
    for (const [at, value] of [data.length, address, padded, start].entries())
      head.writeUInt32LE(value, header + 8 + at * 4);
    head.writeUInt32LE(readableData, header + 36);
    end = start + padded;
    address = aligned(address + data.length, 4096);
  }
  head.writeUInt16LE(count + names.length, pe + 6);
  head.writeUInt32LE(address, optional + 56);
  return Buffer.concat(parts);
}
