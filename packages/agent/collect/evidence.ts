// Evidence for one challenge: a quote over the server's nonce, the PCR values it covers, the boot log.
// Proves nothing here: an attester does not judge itself.
import { open } from 'node:fs/promises';
import { AssayError } from '@assay/core';
import type { Clock } from '@assay/daemon';
import { type Bank, type Challenge, type ClaimedEvidence, fromBase64, toBase64 } from '@assay/protocol';
import type { Tpm } from '@assay/tpm';
import type { PcrBanks } from '@assay/tpm/structures';

/** A log longer than this is not sent: the server would refuse it. */
const longestLog = 4 * 1024 * 1024;

/** @throws AssayError of the TPM library, or `agent-event-log` when the log cannot be read */
export async function collectEvidence(
  challenge: Challenge,
  tpm: Tpm,
  eventLogFile: string,
  clock: Clock,
): Promise<ClaimedEvidence> {
  const selection = challenge.pcrs.map(({ bank, pcrs }) => ({ hash: bank, pcrs }));
  const nonce = fromBase64(challenge.nonce, 'challenge.nonce');
  const ak = await tpm.loadAk();
  const { attest, signature } = await tpm.quote({ ak, nonce, selection });
  return {
    quote: toBase64(attest),
    signature: toBase64(signature),
    pcr_values: values(await tpm.pcrRead(selection)),
    event_log: toBase64(await readLog(eventLogFile)),
    boot_id: clock.bootId,
    uptime_s: clock.uptimeMs() / 1000,
  };
}

/** Sent beside the quote so that a verifier can name the PCR that differs. */
const values = (banks: PcrBanks): NonNullable<ClaimedEvidence['pcr_values']> =>
  Object.entries(banks).flatMap(([bank, pcrs]) =>
    [...pcrs].map(([pcr, value]) => ({ bank: bank as Bank, pcr, value: Buffer.from(value).toString('hex') })),
  );

/** Reads to the end: securityfs gives no size. */
async function readLog(file: string): Promise<Buffer> {
  const handle = await open(file).catch((cause: Error) => {
    throw new AssayError('agent-event-log', `[agent] event_log ${file}`, 'a readable boot log', cause, {
      cause,
      hint: 'a kernel started past its EFI stub leaves none; the agent needs to run as root to read it',
    });
  });
  try {
    const parts: Buffer[] = [];
    let length = 0;
    for await (const part of handle.createReadStream({ autoClose: false })) {
      parts.push(part as Buffer);
      length += (part as Buffer).length;
      if (length > longestLog)
        throw new AssayError('agent-event-log', file, `at most ${longestLog} bytes`, `${length} and more`);
    }
    return Buffer.concat(parts, length);
  } finally {
    await handle.close();
  }
}
