// Hosts as they come to an attestation server: the same boot log, keys of their own, IMA lists that mostly say the same.
import { createHash, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { bytes, encode, sized, struct, u32le } from '@assay/core';
import { bootAggregateOf, parseEventLog } from '@assay/measurement';
import { Public } from '@assay/tpm/structures';
import { pcrValuesOf, rsaAkPublic, type Scene, scene } from '../../packages/appraisal/testing/index.ts';

/** Ubuntu 21.04 on Google's cloud: 112 events, 34 kB, banks SHA-1, SHA-256, SHA-384. */
export const gceLog = new Uint8Array(
  readFileSync(new URL('../../test/corpus/event-logs/event-gce-ubuntu-2104-log.bin', import.meta.url)),
);

/** What the default policy asks for, and IMA’s PCR. */
export const wanted = [{ bank: 'sha256' as const, pcrs: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10] }];

/** The same, as a TPM's selection. */
export const selection = wanted.map(({ bank, pcrs }) => ({ hash: bank, pcrs }));

export const host: Scene = scene(gceLog, wanted);

export type BenchKey = { akKey: KeyObject; ak: Uint8Array };

export const eccKey: BenchKey = { akKey: host.tpm.akKey, ak: host.tpm.akPublic };
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
export const rsaKey: BenchKey = { akKey: rsa.privateKey, ak: encode(Public, rsaAkPublic(rsa.publicKey)) };

const Entry = struct({ pcr: u32le, digest: bytes(20), name: sized(255, u32le), data: sized(4096, u32le) });
const Data = struct({ digest: sized(64, u32le), path: sized(1024, u32le) });
const sha256 = (what: string | Uint8Array) => createHash('sha256').update(what).digest();

/** One entry of template ima-ng. */
export function imaEntry(path: string, digest: Uint8Array): Uint8Array {
  const named = Buffer.concat([Buffer.from('sha256:\0'), digest]);
  const data = encode(Data, { digest: named, path: Buffer.from(`${path}\0`) });
  const template = createHash('sha1').update(data).digest();
  return encode(Entry, { pcr: 10, digest: template, name: Buffer.from('ima-ng'), data });
}

/** A list of this many entries that begins with this host’s boot_aggregate, and what PCR 10 holds after it. */
export function imaList(
  entries: number,
  machine: string,
): { list: Uint8Array; pcr10: Uint8Array; hashed: Uint8Array[] } {
  const boot = pcrValuesOf(parseEventLog(gceLog), selection).sha256 ?? new Map();
  const aggregate = bootAggregateOf(boot, 'sha256') ?? new Uint8Array(32);
  const parts = [imaEntry('boot_aggregate', aggregate)];
  for (let i = 1; i < entries; i++)
    parts.push(imaEntry(`/usr/lib/x86_64-linux-gnu/${machine}/lib${i}.so.${i % 7}`, sha256(`${machine} ${i}`)));
  const hashed = parts.map((part) => part.subarray(4 + 20 + 4 + 6 + 4));
  let pcr10: Uint8Array = new Uint8Array(32);
  for (const data of hashed) pcr10 = sha256(Buffer.concat([pcr10, sha256(data)]));
  return { list: Buffer.concat(parts), pcr10, hashed };
}
