// How boot logs are laid out in bytes: the frames of both formats and the header that tells them apart. Little-endian.
// TCG PC Client Platform Firmware Profile 1.06, §10.2 (events) and §10.4.5.1 (Spec ID event).
import { AssayError, bytes, type Codec, list, sized, struct, take, u8, u16le, u32le } from '@assay/core';
import { digestSize } from '@assay/tpm/structures';
import { hashOfId } from './algorithm.ts';
import type { EventFrame, LogAlgorithm } from './event.ts';

const sha1Id = 0x0004;

/** Event data: any length that fits what is left of the log. */
const data = sized(0xffff_ffff, u32le);

const PcClientEvent = struct({ pcr: u32le, type: u32le, digest: bytes(20), data });

/** TCG_PCClientPCREvent: one SHA-1 digest. All of an old log, and the header of a new one. */
export const LegacyFrame: Codec<EventFrame> = {
  read(c, where) {
    const { digest, ...event } = PcClientEvent.read(c, where);
    return { ...event, digests: [{ algorithm: sha1Id, digest }] };
  },
  write: (out, { digests, ...event }) =>
    PcClientEvent.write(out, { ...event, digest: digests[0]?.digest ?? new Uint8Array(20) }),
};

/** No TPM has more banks. */
const mostDigests = 16;

/** TCG_PCR_EVENT2: digests in the sizes the log's header declares. Read by hand, not by a declaration: this is where the time goes. */
export const agileFrame = (algorithms: readonly LogAlgorithm[]): Codec<EventFrame> => {
  const sizes = new Map(algorithms.map(({ id, size }) => [id, size]));
  const sizeOf = (algorithm: number, where: string) => {
    const size = sizes.get(algorithm);
    if (size === undefined)
      throw new AssayError('log-algorithm', where, 'an algorithm of the log’s header', `0x${algorithm.toString(16)}`);
    return size;
  };
  return {
    read(c, where) {
      const pcr = u32le.read(c, where);
      const type = u32le.read(c, where);
      const count = u32le.read(c, where);
      if (count > mostDigests) throw new AssayError('wire-long', where, `at most ${mostDigests} digests`, count);
      const digests: EventFrame['digests'] = [];
      for (let i = 0; i < count; i++) {
        const algorithm = u16le.read(c, where);
        digests.push({ algorithm, digest: take(c, sizeOf(algorithm, where), where) });
      }
      return { pcr, type, digests, data: take(c, u32le.read(c, where), where) };
    },
    write(out, event) {
      u32le.write(out, event.pcr);
      u32le.write(out, event.type);
      u32le.write(out, event.digests.length);
      for (const { algorithm, digest } of event.digests) {
        u16le.write(out, algorithm);
        bytes(sizeOf(algorithm, 'TPMT_HA')).write(out, digest);
      }
      data.write(out, event.data);
    },
  };
};

export const specIdSignature = Buffer.from('Spec ID Event03\0', 'latin1');

/** TCG_EfiSpecIDEvent, the data of the first event of a crypto-agile log. */
export const SpecIdEvent = struct({
  signature: bytes(16),
  platformClass: u32le,
  specVersionMinor: u8,
  specVersionMajor: u8,
  specErrata: u8,
  uintnSize: u8,
  algorithms: list(struct({ id: u16le, size: u16le }), 16, u32le),
  vendorInfo: sized(255, u8),
});

/**
 * The algorithms of a header, each once and in its right size: the frames after it are cut by these sizes.
 * @throws AssayError `log-header`
 */
export function algorithmsOf(declared: readonly { id: number; size: number }[]): LogAlgorithm[] {
  const where = 'TCG_EfiSpecIDEvent.digestSizes';
  if (declared.length === 0) throw new AssayError('log-header', where, 'at least one algorithm', 'none');
  return declared.map(({ id, size }, i) => {
    const name = hashOfId(id);
    if (declared.findIndex((other) => other.id === id) !== i)
      throw new AssayError('log-header', where, 'each algorithm once', `0x${id.toString(16)} twice`);
    if (name && size !== digestSize(name))
      throw new AssayError('log-header', where, `${digestSize(name)} bytes for ${name}`, size);
    return { id, name, size };
  });
}
