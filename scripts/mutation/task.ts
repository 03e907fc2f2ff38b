// What passes between `make mutate` and the processes that try changes.
export type Task = {
  id: number;
  /** The file that is changed, and how; absent: as it stands. */
  change?: { path: string; start: number; end: number; instead: string };
  /** Files of tests, absolute, in the order to try them, and how long each may take. */
  tests: readonly { path: string; mostMs: number }[];
};

/** What is run now, by its place in `tests`. */
export type Progress = { id: number; trying: number };

/** `noticedBy`: the first test that fails; null: none does. */
export type Outcome = { id: number; noticedBy: string | null };
