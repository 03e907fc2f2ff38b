// Evidence, correctly signed, that says what a test wants it to: honest by default, wrong in any one way when told.
import { createHash, createPublicKey, type KeyObject, sign } from 'node:crypto';
import { encode, u16, u32 } from '@assay/core';
import { type EventLog, parseEventLog, replay, untouchedPcr } from '@assay/measurement';
import { type ClaimedEvidence, type PcrWish, toBase64 } from '@assay/protocol';
import {
  Attest,
  digestSize,
  type HashName,
  nameOf,
  type PcrBanks,
  Public,
  pcrDigest,
  Signature,
} from '@assay/tpm/structures';
import { bootPcrs } from '../policy/policy.ts';
import { endorsementPrimaryName } from '../quote/ak.ts';
import { eccAkPublic, rsaAkPublic } from './tpm.ts';

export type EvidenceWish = {
  /** Signs the quote. */
  akKey: KeyObject;
  /** Fills `qualifiedSigner`, unless that is told itself: default, the name of `akKey` as these tests make AKs. */
  akName?: Uint8Array;
  qualifiedSigner?: Uint8Array;
  nonce: Uint8Array;
  /** As sent, and what the PCRs hold unless `pcrs` or `bootedLog` says otherwise. */
  log: Uint8Array;
  wanted?: readonly PcrWish[];

  /** What really happened: the PCRs follow this log, whatever `log` says. */
  bootedLog?: Uint8Array;
  /** Values of single PCRs in every bank, over those of the log: an extend that no log tells of. */
  pcrs?: ReadonlyMap<number, Uint8Array>;
  /** `false`: no values are sent. Values: these are sent, whatever the TPM holds. */
  pcrValues?: false | PcrBanks;
  /** Quoted instead of `wanted`. */
  selection?: { hash: HashName; pcrs: number[] }[];
  /** IMA's list from a byte on, as sent; what PCR 10 holds `pcrs` says. */
  imaLog?: { offset: number; data: Uint8Array };
  /** Of the host's own words. */
  boot?: { boot_id: string; uptime_s: number };
  clockInfo?: Partial<{ clock: bigint; resetCount: number; restartCount: number; safe: boolean }>;
  firmwareVersion?: bigint;
  /** Instead of the digest of what is quoted. */
  pcrDigest?: Uint8Array;
  /** Instead of TPM_GENERATED_VALUE and TPM_ST_ATTEST_QUOTE, behind which the body stays that of a quote. */
  magic?: number;
  type?: number;
  /** Of the signature. */
  hash?: 'sha1' | 'sha256' | 'sha384';
  /** The bytes of TPMS_ATTEST before they are signed. */
  beforeSigning?: (attest: Uint8Array) => Uint8Array;
  /** Whole structures after signing. */
  afterSigning?: (parts: { quote: Uint8Array; signature: Uint8Array }) => { quote: Uint8Array; signature: Uint8Array };
};

/** One evidence as it crosses the network. */
export function makeEvidence(wish: EvidenceWish): ClaimedEvidence {
  const { nonce, log, wanted = bootPcrs, hash = 'sha256' } = wish;
  const selection = wish.selection ?? wanted.map(({ bank, pcrs }) => ({ hash: bank as HashName, pcrs }));
  const held = pcrValuesOf(parseEventLog(wish.bootedLog ?? log), selection, wish.pcrs);
  const clock = { clock: 1000n, resetCount: 1, restartCount: 0, safe: true, ...wish.clockInfo };
  let attest = encode(Attest, {
    magic: 'generated',
    type: 'quote',
    qualifiedSigner: wish.qualifiedSigner ?? endorsementPrimaryName(wish.akName ?? akNameOf(wish.akKey), 'sha256'),
    extraData: nonce,
    clockInfo: clock,
    firmwareVersion: wish.firmwareVersion ?? 1n,
    pcrSelect: selection,
    pcrDigest: wish.pcrDigest ?? pcrDigest(selection, held, hash === 'sha1' ? 'sha256' : hash),
  });
  const head = [...encode(u32, wish.magic ?? 0xff544347), ...encode(u16, wish.type ?? 0x8018)];
  attest = Uint8Array.from([...head, ...attest.subarray(6)]);
  attest = wish.beforeSigning?.(attest) ?? attest;
  const signed = { quote: attest, signature: signatureOf(wish.akKey, hash, attest) };
  const { quote, signature } = wish.afterSigning?.(signed) ?? signed;
  const sent = wish.pcrValues === false ? undefined : (wish.pcrValues ?? held);
  return {
    quote: toBase64(quote),
    signature: toBase64(signature),
    event_log: toBase64(log),
    ...(wish.imaLog && { ima_log: { offset: wish.imaLog.offset, data: toBase64(wish.imaLog.data) } }),
    ...(wish.boot ?? { boot_id: '6d1ab1f4-0b0c-4e1b-9f7e-000000000001', uptime_s: 60 }),
    ...(sent && { pcr_values: listed(sent) }),
  };
}

const akNameOf = (akKey: KeyObject): Uint8Array => {
  const key = createPublicKey(akKey);
  return nameOf(encode(Public, akKey.asymmetricKeyType === 'rsa' ? rsaAkPublic(key) : eccAkPublic(key)));
};

/** TPMT_SIGNATURE: ECDSA or RSASSA, as the key is. */
export function signatureOf(key: KeyObject, hash: 'sha1' | 'sha256' | 'sha384', message: Uint8Array): Uint8Array {
  if (key.asymmetricKeyType === 'rsa')
    return encode(Signature, { sigAlg: 'rsassa', hash, sig: sign(hash, message, key) });
  const raw = sign(hash, message, { key, dsaEncoding: 'ieee-p1363' });
  const [signatureR, signatureS] = [raw.subarray(0, raw.length / 2), raw.subarray(raw.length / 2)];
  return encode(Signature, { sigAlg: 'ecdsa', hash, signatureR, signatureS });
}

/** What a TPM holds after this boot, and whatever was extended beside it. */
export function pcrValuesOf(
  log: EventLog,
  selection: readonly { hash: HashName; pcrs: number[] }[],
  others: ReadonlyMap<number, Uint8Array> = new Map(),
): PcrBanks {
  const banks: { [H in HashName]?: Map<number, Uint8Array> } = {};
  for (const { hash, pcrs } of selection) {
    const replayed = replay(
      log.events.filter(({ digests }) => digests[hash]),
      hash,
      log.startupLocality,
    );
    const start = (pcr: number) => untouchedPcr(pcr, digestSize(hash), log.startupLocality);
    banks[hash] = new Map(pcrs.map((pcr) => [pcr, others.get(pcr) ?? replayed.get(pcr) ?? start(pcr)]));
  }
  return banks;
}

/** A PCR value after one more extend. */
export const extended = (value: Uint8Array, what: string): Uint8Array => {
  const bank = value.length === 48 ? 'sha384' : 'sha256';
  return createHash(bank).update(value).update(createHash(bank).update(what).digest()).digest();
};

const listed = (banks: PcrBanks): NonNullable<ClaimedEvidence['pcr_values']> =>
  (['sha256', 'sha384'] as const).flatMap((bank) =>
    [...(banks[bank] ?? [])].map(([pcr, value]) => ({ bank, pcr, value: value.toHex() })),
  );
