// A log made by hand: what no firmware would write, in frames that are right or wrong as a test needs.
import { createHash } from 'node:crypto';
import { encode } from '@assay/core';
import { digestSize, nodeHash } from '@assay/tpm/structures';
import { idOfHash } from '../event-log/algorithm.ts';
import type { EventFrame, EventLog, HashName } from '../event-log/event.ts';
import { eventTypes } from '../event-log/events/catalogue.ts';
import { SpecIdEvent, specIdSignature } from '../event-log/frame.ts';
import { writeFrames } from '../event-log/write.ts';

/** An event to be; `digests` default to the hash of `data` in each bank, `type` is a name or a number. */
export type EventWish = {
  pcr: number;
  type: string | number;
  data?: Uint8Array;
  digests?: Partial<Record<HashName, Uint8Array>>;
};

export function frameOf({ pcr, type, data = new Uint8Array(), digests }: EventWish, banks: HashName[]): EventFrame {
  const number = typeof type === 'number' ? type : [...eventTypes.values()].find(({ name }) => name === type)?.number;
  if (number === undefined) throw new RangeError(`no event type ${type}`);
  const values = digests ?? Object.fromEntries(banks.map((bank) => [bank, hashOf(bank, data)]));
  return {
    pcr,
    type: number,
    digests: Object.entries(values).map(([bank, digest]) => ({ algorithm: idOfHash(bank as HashName), digest })),
    data,
  };
}

/** The bytes of a crypto-agile log of these events, its header before them. */
export function buildLog(wishes: readonly EventWish[], banks: HashName[] = ['sha256']): Uint8Array {
  const header = encode(SpecIdEvent, {
    signature: specIdSignature,
    platformClass: 0,
    specVersionMinor: 0,
    specVersionMajor: 2,
    specErrata: 0,
    uintnSize: 2,
    algorithms: banks.map((bank) => ({ id: idOfHash(bank), size: digestSize(bank) })),
    vendorInfo: new Uint8Array(),
  });
  const head: EventWish = { pcr: 0, type: 'EV_NO_ACTION', data: header, digests: { sha1: new Uint8Array(20) } };
  const frames = [frameOf(head, ['sha1']), ...wishes.map((wish) => frameOf(wish, banks))];
  const algorithms = banks.map((name) => ({ id: idOfHash(name), name, size: digestSize(name) }));
  return writeFrames({ format: 'crypto-agile', algorithms, rest: new Uint8Array() }, frames);
}

/** The bytes of a log with its list of events changed: left out, added, moved. Index 0 is the header. */
export const editLog = (log: EventLog, edit: (frames: EventFrame[]) => EventFrame[]): Uint8Array =>
  writeFrames(log, edit(log.events.map(({ frame }) => frame)));

const hashOf = (bank: HashName, data: Uint8Array) => createHash(nodeHash(bank)).update(data).digest();
