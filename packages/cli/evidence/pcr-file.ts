// PCR values as tpm2-tools leave them: the file of `tpm2_quote -o` and what `tpm2_pcrread` prints. Nobody vouches for them.
import { digestSize, type HashName, hashId, hashNames, type PcrBanks } from '@assay/tpm/structures';

type Values = { [H in HashName]?: Map<number, Uint8Array> };

/** TPML_PCR_SELECTION as C lays it out: a count, then 16 times hash, size of the bitmap, four bytes of bitmap, padding. */
const selectionBytes = 4 + 16 * 8;
/** TPML_DIGEST as C lays it out: a count, then 8 times a length and 64 bytes. */
const digestListBytes = 4 + 8 * 66;

/**
 * The file of `tpm2_quote -o` in its default form (`serialized`): a selection, then lists of up to eight values. Little-endian.
 * @returns undefined when the bytes are not exactly that
 */
export function pcrFile(bytes: Uint8Array): PcrBanks | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const lists = (bytes.length - selectionBytes - 4) / digestListBytes;
  if (!Number.isInteger(lists) || lists < 1 || lists > 48) return undefined;
  if (view.getUint32(selectionBytes, true) !== lists) return undefined;
  const wanted = selected(view);
  const values: Uint8Array[] = [];
  for (let list = 0; list < lists; list++) {
    const at = selectionBytes + 4 + list * digestListBytes;
    const count = view.getUint32(at, true);
    if (count > 8) return undefined;
    for (let i = 0; i < count; i++) {
      const start = at + 4 + i * 66;
      const size = view.getUint16(start, true);
      if (size > 64) return undefined;
      values.push(bytes.subarray(start + 2, start + 2 + size));
    }
  }
  if (!wanted || wanted.length !== values.length) return undefined;
  const banks: Values = {};
  for (const [i, { hash, pcr }] of wanted.entries()) {
    const value = values[i] as Uint8Array;
    if (value.length !== digestSize(hash)) return undefined;
    banks[hash] ??= new Map();
    banks[hash].set(pcr, value);
  }
  return banks;
}

function selected(view: DataView): { hash: HashName; pcr: number }[] | undefined {
  const count = view.getUint32(0, true);
  if (count > 16) return undefined;
  const found: { hash: HashName; pcr: number }[] = [];
  for (let i = 0; i < count; i++) {
    const at = 4 + i * 8;
    const hash = hashNames.find((name) => hashId(name) === view.getUint16(at, true));
    if (!hash || view.getUint8(at + 2) > 4) return undefined;
    for (let pcr = 0; pcr < 24; pcr++)
      if ((view.getUint8(at + 3 + (pcr >> 3)) >> (pcr & 7)) & 1) found.push({ hash, pcr });
  }
  return found;
}

/** What `tpm2_pcrread` prints: `sha256:`, then `0 : 0x…` for each PCR. Undefined when the text has no such values. */
export function pcrText(text: string): PcrBanks | undefined {
  const banks: Values = {};
  let bank: HashName | undefined;
  for (const line of text.split('\n', 10_000)) {
    const [, hash, pcr, hex = ''] =
      /^\s*(?:(\w+)\s*:|(\d{1,2})\s*:\s*(?:0x)?([0-9a-fA-F]{40,128}))\s*$/.exec(line) ?? [];
    if (hash && !pcr) bank = hashNames.find((name) => name === hash.toLowerCase());
    else if (pcr && bank && Number(pcr) < 24 && hex.length === 2 * digestSize(bank)) {
      const values = banks[bank] ?? new Map<number, Uint8Array>();
      banks[bank] = values;
      values.set(Number(pcr), Buffer.from(hex, 'hex'));
    }
  }
  return Object.keys(banks).length > 0 ? banks : undefined;
}
