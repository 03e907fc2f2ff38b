// Comparisons that no test misses when they are taken out, and why that is right. What is listed and noticed by a test is no survivor: it comes off.

export type Survivor = {
  file: string;
  /** What stands there, as it stands there. */
  text: string;
  /** What it is replaced by; absent: either. */
  instead?: 'true' | 'false';
  reason: string;
};

export const survivors: readonly Survivor[] = [];
