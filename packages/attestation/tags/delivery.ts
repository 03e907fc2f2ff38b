// How do a host's asset tags come into its TPM? On the connection that is asked, right before the challenge that asks for them: once for each record,
// as long as it was never seen there. What is changed in the TPM afterwards is not mended by itself: it is a finding.

import type { ExpectedTags } from '@assay/appraisal';
import { AssayError } from '@assay/core';
import { type Challenge, type Tag, tagIndex, tagRecord, tagRecordBytes, toBase64 } from '@assay/protocol';
import type { Db } from '../storage/schema.ts';
import { findTags, keepProblem, readTags } from '../storage/tags.ts';

/** What a challenge asks of a host with these tags. */
export const tagsWish = (tags: ExpectedTags | undefined): Pick<Challenge, 'nv'> =>
  tags ? { nv: { index: tagIndex, size: tagRecordBytes } } : {};

type Of = {
  host: string;
  /** Whether the agent knows what to do with a record. */
  writesTags: boolean;
  /** Whether what this connection says is kept: nobody else has proved to be the host. */
  counts(): boolean;
};

const tooOld = 'the agent on this host is of a version that writes no asset tags: update it';

/** Of one connection. */
export class TagDelivery {
  readonly #db: Db;
  readonly #of: Of;
  #sent: { serial: number; isAnswered: boolean } | undefined;

  constructor(db: Db, of: Of) {
    this.#db = db;
    this.#of = of;
  }

  /** The record to be sent before the next challenge; undefined: none is. */
  async due(tx: Db): Promise<Tag | undefined> {
    const { host, writesTags, counts } = this.#of;
    const row = await findTags(tx, host);
    if (!row || row.certified_at !== null || row.serial === this.#sent?.serial) return undefined;
    const { serial } = row;
    if (!writesTags) {
      if (counts() && row.problem !== tooOld) await keepProblem(tx, { host, serial, problem: tooOld });
      return undefined;
    }
    const enrolled = await tx.selectFrom('enrolments').select('ek_name').where('host', '=', host).executeTakeFirst();
    if (!enrolled) return undefined;
    const record = tagRecord({ serial, ekName: Buffer.from(enrolled.ek_name, 'hex'), tags: readTags(row.tags) });
    return { type: 'tag', serial, record: toBase64(record) };
  }

  sent({ serial }: Tag): void {
    this.#sent = { serial, isAnswered: false };
  }

  /**
   * @param problem why the agent could not write it
   * @throws AssayError `agent-frame` for what was not sent, or was answered before
   */
  async answered(serial: number, problem?: string): Promise<void> {
    const sent = this.#sent;
    if (sent?.serial !== serial || sent.isAnswered)
      throw new AssayError('agent-frame', 'agent', 'an answer to the last record of tags', `one to ${serial}`);
    sent.isAnswered = true;
    if (problem !== undefined && this.#of.counts())
      await keepProblem(this.#db, { host: this.#of.host, serial, problem });
  }
}
