// What has to be said of a kind of finding: how much it weighs, whether a policy may allow it, what it means, what to do.

/** How much a finding counts: `untrusted` for a lie or a contradiction, `unknown` for an absence. */
export type FindingKind = {
  weight: 'untrusted' | 'unknown';
  /** What it means, for an operator. */
  meaning: string;
  /** What an operator does about it. */
  remedy: string;
  /**
   * Why healthy machines have it and what still holds then: with this reason a policy may allow the finding. Absent: none may,
   * because nothing would be proven any more.
   */
  allowable?: string;
  /** Allowed where an operator says nothing. */
  allowedByDefault?: true;
  /** The evidence is whole and true; only what it tells of is not known to be good. A golden host may have it. */
  sound?: true;
};
