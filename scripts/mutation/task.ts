// What passes between `make mutate` and the processes that try changes.
export type Task = {
  id: number;
  /** The file that is changed, and how; absent: as it stands. */
  change?: { path: string; start: number; end: number; instead: string };
  /** Files of tests, absolute, in the order to try them. */
  tests: readonly string[];
};

/** `noticedBy`: the first test that fails; null: none does. */
export type Outcome = { id: number; noticedBy: string | null };
