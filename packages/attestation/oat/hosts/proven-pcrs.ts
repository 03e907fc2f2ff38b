// Which PCR values stand behind the current verdict on a host? Only those its TPM signed: what an agent merely says is told to nobody.
import { type JudgingNeeds, verifyRecorded } from '../../changes/recorded.ts';
import { pauses } from '../../pauses.ts';

/** By number, ascending; hex in lower case. */
export type ProvenPcrs = ReadonlyMap<number, string>;

/** OpenAttestation has room for one bank: SHA-256 where it was quoted. Empty: nothing is proven. */
export async function provenPcrs(
  needs: JudgingNeeds,
  host: string,
  evidenceSha256: string | undefined,
): Promise<{ bank: 'sha256' | 'sha384'; values: ProvenPcrs }> {
  const [found] = await verifyRecorded(needs, needs.db, [host], pauses());
  const verification = found?.verification;
  // Of another round the verdict says nothing.
  const isBehindIt = verification?.authentic && verification.sha256 === evidenceSha256;
  const proven = isBehindIt ? verification.pcrValues : {};
  const bank = proven.sha256 ? 'sha256' : 'sha384';
  const values = [...(proven[bank] ?? [])].map(([pcr, value]) => [pcr, value.toHex()] as const);
  return { bank, values: new Map(values.sort(([a], [b]) => a - b)) };
}
