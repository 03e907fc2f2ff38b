/** A comparison that no test misses when it is taken out. What is listed and noticed by a test is no survivor: it comes off. */
export type Survivor = {
  file: string;
  /** What stands there, as it stands there. */
  text: string;
  /** What it is replaced by; absent: either. */
  instead?: 'true' | 'false';
  reason: string;
};
