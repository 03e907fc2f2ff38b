// A second reader of boot logs, slow and plain, that shares no code with the first: what it says of events and PCR values and
// what event-log/ and replay.ts say must be the same on every log, also on mangled ones.
import { createHash } from 'node:crypto';

export type SlowEvent = { pcr: number; type: number; digests: [algorithm: number, hex: string][]; data: string };

export type SlowLog = {
  events: SlowEvent[];
  /** Every byte belonged to an event. */
  whole: boolean;
  /** Hex, by algorithm (TPM_ALG_ID) and PCR; an algorithm that one event lacks or has twice is absent. */
  pcrs: Map<number, Map<number, string>>;
};

const nodeNames = new Map([
  [0x0004, 'sha1'],
  [0x000b, 'sha256'],
  [0x000c, 'sha384'],
  [0x000d, 'sha512'],
  [0x0012, 'sm3'],
  [0x0027, 'sha3-256'],
  [0x0028, 'sha3-384'],
  [0x0029, 'sha3-512'],
]);
const sizeOf = (algorithm: number) => createHash(nodeNames.get(algorithm) ?? '').digest().length;

export function replaySlowly(bytes: Uint8Array): SlowLog {
  const log = Buffer.from(bytes);
  const events: SlowEvent[] = [];
  let sizes: Map<number, number> | undefined;
  let at = 0;
  let whole = true;
  while (at < log.length) {
    const event = sizes ? agile(log, at, sizes) : legacy(log, at);
    if (!event) {
      whole = false;
      break;
    }
    if (events.length === 0 && event.event.type === 3 && event.event.data.startsWith(header)) {
      sizes = declared(Buffer.from(event.event.data, 'hex'));
      if (!sizes) {
        whole = false;
        break;
      }
    }
    events.push(event.event);
    at = event.end;
  }
  const algorithms = sizes ? [...sizes.keys()] : [0x0004];
  const pcrs = new Map(algorithms.filter((one) => nodeNames.has(one)).flatMap((one) => values(events, one)));
  return { events, whole, pcrs };
}

const header = Buffer.from('Spec ID Event03\0').toString('hex');

function legacy(log: Buffer, at: number): { event: SlowEvent; end: number } | undefined {
  if (at + 32 > log.length) return undefined;
  const size = log.readUInt32LE(at + 28);
  if (at + 32 + size > log.length) return undefined;
  const digest = log.toString('hex', at + 8, at + 28);
  const data = log.toString('hex', at + 32, at + 32 + size);
  return {
    event: { pcr: log.readUInt32LE(at), type: log.readUInt32LE(at + 4), digests: [[0x0004, digest]], data },
    end: at + 32 + size,
  };
}

function agile(log: Buffer, start: number, sizes: Map<number, number>): { event: SlowEvent; end: number } | undefined {
  if (start + 12 > log.length) return undefined;
  const count = log.readUInt32LE(start + 8);
  if (count > 16) return undefined;
  const digests: SlowEvent['digests'] = [];
  let at = start + 12;
  for (let i = 0; i < count; i++) {
    if (at + 2 > log.length) return undefined;
    const algorithm = log.readUInt16LE(at);
    const size = sizes.get(algorithm);
    if (size === undefined || at + 2 + size > log.length) return undefined;
    digests.push([algorithm, log.toString('hex', at + 2, at + 2 + size)]);
    at += 2 + size;
  }
  if (at + 4 > log.length) return undefined;
  const size = log.readUInt32LE(at);
  if (at + 4 + size > log.length) return undefined;
  const data = log.toString('hex', at + 4, at + 4 + size);
  return {
    event: { pcr: log.readUInt32LE(start), type: log.readUInt32LE(start + 4), digests, data },
    end: at + 4 + size,
  };
}

/** Sizes by algorithm; undefined for a header that is not one. */
function declared(data: Buffer): Map<number, number> | undefined {
  if (data.length < 28) return undefined;
  const count = data.readUInt32LE(24);
  if (count < 1 || count > 16 || 28 + 4 * count + 1 > data.length) return undefined;
  if (28 + 4 * count + 1 + data.readUInt8(28 + 4 * count) !== data.length) return undefined;
  const sizes = new Map<number, number>();
  for (let i = 0; i < count; i++) {
    const [algorithm, size] = [data.readUInt16LE(28 + 4 * i), data.readUInt16LE(30 + 4 * i)];
    if (sizes.has(algorithm)) return undefined;
    if (nodeNames.has(algorithm) && size !== sizeOf(algorithm)) return undefined;
    sizes.set(algorithm, size);
  }
  return sizes;
}

function values(events: SlowEvent[], algorithm: number): [number, Map<number, string>][] {
  const extending = events.filter(({ type }) => type !== 3);
  const first = events.findIndex(({ type, pcr }) => type !== 3 && pcr === 0);
  const note = events
    .slice(0, first < 0 ? undefined : first)
    .find(({ type, pcr, data }) => type === 3 && pcr === 0 && data.length === 34 && data.startsWith(startup));
  const locality = note?.data.slice(32) ?? '00';
  const name = nodeNames.get(algorithm) ?? '';
  const pcrs = new Map<number, string>();
  for (const { pcr, digests } of extending) {
    const own = digests.filter(([one]) => one === algorithm);
    if (own.length !== 1) return [];
    const start = pcr === 0 ? '00'.repeat(sizeOf(algorithm) - 1) + locality : '00'.repeat(sizeOf(algorithm));
    const before = pcrs.get(pcr) ?? start;
    pcrs.set(
      pcr,
      createHash(name)
        .update(Buffer.from(before + own[0]?.[1], 'hex'))
        .digest('hex'),
    );
  }
  return [[algorithm, pcrs]];
}

const startup = Buffer.from('StartupLocality\0').toString('hex');
