// Evidence for one challenge: a quote over the server's nonce, the PCR values it covers, the boot log, IMA's list.
// Proves nothing here: an attester does not judge itself.
import { createHash } from 'node:crypto';
import { AssayError, decode } from '@assay/core';
import type { Clock } from '@assay/daemon';
import { type Bank, type Challenge, fromBase64, type SentEvidence, toBase64 } from '@assay/protocol';
import type { Tpm } from '@assay/tpm';
import { Attest, type PcrBanks, type PcrSelection, pcrDigest, Signature } from '@assay/tpm/structures';
import { certifyTags } from '../tags.ts';
import { readEventLog } from './event-log.ts';
import { readImaPart } from './ima-log.ts';

/** Files of the kernel, as `[agent]` names them. */
export type Logs = { event_log: string; ima_log: string };

/** @throws AssayError of the TPM library; `agent-event-log`, `agent-ima-log` when a log is there and cannot be read */
export async function collectEvidence(challenge: Challenge, tpm: Tpm, logs: Logs, clock: Clock): Promise<SentEvidence> {
  const selection = challenge.pcrs.map(({ bank, pcrs }) => ({ hash: bank, pcrs }));
  const nonce = fromBase64(challenge.nonce, 'challenge.nonce');
  const ak = await tpm.loadAk();
  const { attest, signature, values: pcrValues } = await quoteWithValues(tpm, { ak, nonce, selection });
  const tags = challenge.nv && (await certifyTags(tpm, { ak, nonce, size: challenge.nv.size }));
  const eventLog = await readEventLog(logs.event_log);
  const sha256 = createHash('sha256').update(eventLog).digest('hex');
  // After the quote: so the list has all that the quote has, and perhaps more.
  const from = imaStart(challenge, attest);
  const imaLog = from === undefined ? undefined : await readImaPart(logs.ima_log, from);
  return {
    quote: toBase64(attest),
    signature: toBase64(signature),
    pcr_values: values(pcrValues),
    ...(sha256 === challenge.event_log_sha256 ? { event_log_sha256: sha256 } : { event_log: toBase64(eventLog) }),
    ...(imaLog && { ima_log: imaLog }),
    ...tags,
    boot_id: clock.bootId,
    uptime_s: clock.uptimeMs() / 1000,
  };
}

/** A host that is starting measures a file every few milliseconds, and a quote takes up to a second. */
const mostQuotes = 20;

/**
 * A quote and the very values it covers: TPM2_Quote and TPM2_PCR_Read are two commands, and IMA may extend PCR 10 between them.
 * @throws AssayError `agent-pcrs-changing`
 */
async function quoteWithValues(
  tpm: Tpm,
  what: Parameters<Tpm['quote']>[0],
): Promise<{ attest: Uint8Array; signature: Uint8Array; values: PcrBanks }> {
  for (let i = 0; i < mostQuotes; i++) {
    const { attest, signature } = await tpm.quote(what);
    const values = await tpm.pcrRead(what.selection);
    if (covers(attest, signature, what.selection, values)) return { attest, signature, values };
  }
  throw new AssayError(
    'agent-pcrs-changing',
    'TPM2_Quote',
    'PCRs that stand still for an instant',
    `${mostQuotes} changes`,
    {
      hint: 'the host measures without a pause; it is asked again',
    },
  );
}

/** Whether these are the values the quote is over; an honest TPM's quote can be read, any other is for the server to judge. */
function covers(attest: Uint8Array, signature: Uint8Array, selection: PcrSelection, values: PcrBanks): boolean {
  const quoted = decode(Attest, attest, 'TPMS_ATTEST');
  const { hash } = decode(Signature, signature, 'TPMT_SIGNATURE');
  return quoted.type === 'quote' && Buffer.compare(quoted.pcrDigest, pcrDigest(selection, values, hash)) === 0;
}

/** Where IMA's list is sent from; undefined: it is not wanted. */
function imaStart({ ima_offset: offset, ima_since: since }: Challenge, attest: Uint8Array): number | undefined {
  if (!offset || !since) return offset;
  const { resetCount, restartCount } = decode(Attest, attest, 'TPMS_ATTEST').clockInfo;
  return resetCount === since.reset_count && restartCount === since.restart_count ? offset : 0;
}

/** Sent beside the quote so that a verifier can name the PCR that differs. */
const values = (banks: PcrBanks): NonNullable<SentEvidence['pcr_values']> =>
  Object.entries(banks).flatMap(([bank, pcrs]) =>
    [...pcrs].map(([pcr, value]) => ({ bank: bank as Bank, pcr, value: value.toHex() })),
  );
