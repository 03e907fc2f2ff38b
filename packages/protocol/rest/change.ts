// What every change to policies and reference values has in common: who, why, a rehearsal of what it would do, and the brake.
import { type Static, Type } from 'typebox';
import { HostName, Instant } from '../bytes.ts';
import { PoolName } from '../policy.ts';
import { Trust } from '../verdict.ts';

/** Fields of a request that changes what is good. */
export const changeFields = {
  /** Who, by their own word: kept in the history. The server alone is `assay`. */
  by: Type.Optional(
    Type.String({
      maxLength: 255,
      pattern: '^(?!\\s*[Aa][Ss][Ss][Aa][Yy]\\s*$)',
      title: 'at most 255 characters, and not the server’s own name',
    }),
  ),
  because: Type.Optional(Type.String({ maxLength: 1000 })),
  /** Say what would happen, and do nothing. */
  dry_run: Type.Optional(Type.Boolean()),
  /** Do it although more hosts would lose trust than the brake lets; wants `because`. */
  force: Type.Optional(Type.Boolean()),
};
export const Change = Type.Object(changeFields);
export type Change = Static<typeof Change>;

/** A host whose verdict would be, or is, another one. */
export const VerdictChange = Type.Object({
  host: HostName,
  pool: PoolName,
  /** Absent: there was none in this pool. */
  before: Type.Optional(Trust),
  /** Absent: the host is no longer in the pool. */
  after: Type.Optional(Trust),
  /** Code of the finding that decides, and its message. */
  code: Type.Optional(Type.String()),
  reason: Type.String(),
});
export type VerdictChange = Static<typeof VerdictChange>;

/** What a change does to the fleet, by the evidence that is recorded of it. */
export const Rehearsal = Type.Object({
  /** Hosts whose recorded evidence was appraised. */
  hosts: Type.Integer(),
  /** Hosts that nothing can be said of: no evidence is recorded that their verdict rests on. */
  silent: Type.Array(HostName),
  /** Hosts whose verdict has expired, and that are not `unheard`: they have nothing to lose, and no change wins them back before they are heard. */
  stale: Type.Optional(Type.Integer()),
  /** Hosts that are not trusted now only because no verdict holds: their last evidence is less than a day old, and good by what is good now. */
  unheard: Type.Optional(Type.Integer()),
  /** Those of them whose last evidence would not be good any more. */
  losing_unheard: Type.Optional(Type.Integer()),
  /** What becomes of these when they are heard again, `before` by what is good now; at most 1000. */
  when_heard: Type.Optional(Type.Array(VerdictChange)),
  /** Who would lose trust first; at most 1000. */
  changes: Type.Array(VerdictChange),
  /** Changes beyond those. */
  more: Type.Optional(Type.Integer()),
  /** Hosts trusted in some pool now, in that pool not after. */
  losing: Type.Integer(),
  /** Others that lost trust by changes within the brake's window which nobody forced, and would not have it again. */
  lost_recently: Type.Optional(Type.Integer()),
  /** `losing`, `losing_unheard` and `lost_recently`, in percent of the hosts that are trusted now, were before those changes, or are `unheard`; 0 where nobody is of the first two. */
  losing_percent: Type.Number(),
  /** Above this share a change wants `force`. */
  brake_percent: Type.Number(),
});
export type Rehearsal = Static<typeof Rehearsal>;

/** One host that falls is that host’s affair: fewer do not engage the brake, whatever their share. */
export const fewestFallen = 2;

/** GET /v1/brake: whether more hosts lost trust at once than the brake lets. Verdicts are what they are; actions are held. */
export const Brake = Type.Object({
  engaged: Type.Boolean(),
  since: Type.Optional(Instant),
  /** Hosts that lost trust within the window and have not regained it, and hosts that were trusted at some time in it: those, and those that are. */
  fallen: Type.Array(HostName),
  trusted_before: Type.Integer(),
  /** Others that lost trust within a day by changes somebody forced, are not trusted again, and are no reason for the brake; `at`: the last. */
  forced: Type.Optional(Type.Object({ hosts: Type.Array(HostName), at: Instant })),
  brake_percent: Type.Number(),
  window_s: Type.Integer(),
  /** Engaged though no more are down than it lets: it releases itself after so many seconds, unless others fall. */
  releases_in_s: Type.Optional(Type.Integer()),
  /** What is not done, in words: while it is engaged, and values whose time has come and that are not promoted, whatever holds them. */
  held: Type.Array(Type.String()),
});
export type Brake = Static<typeof Brake>;

/** One line of the history: what was changed, by whom, why. */
export const JournalEntry = Type.Object({
  id: Type.String(),
  at: Instant,
  by: Type.String(),
  /** `reference-add`, `reference-retire`, `policy-apply`, `host-accept`, … */
  action: Type.String(),
  /** Id of a reference value, name of a pool or host. */
  subject: Type.String(),
  /** In words. */
  text: Type.String(),
  because: Type.Optional(Type.String()),
});
export type JournalEntry = Static<typeof JournalEntry>;
export const Journal = Type.Object({ entries: Type.Array(JournalEntry) });
export type Journal = Static<typeof Journal>;
