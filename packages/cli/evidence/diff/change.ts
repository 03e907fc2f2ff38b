// What differs between two boots, in terms of components. A change says nothing of which boot was the good one.
export type Change = {
  /** `firmware`, `boot_loader`, `hypervisor`, `operating_system`. */
  component: string;
  /** `kernel image`, `variable db`, `file /usr/bin/login`. */
  what: string;
  change: 'added' | 'removed' | 'changed';
  /** In words, one line. */
  text: string;
  /** One by one: certificates, commands, files. */
  details: string[];
  /** Numbers of the events or entries it rests on. */
  old: number[];
  new: number[];
};

/** Items of one list that the other does not have; the same item twice counts twice. Order does not count. */
export function missing<T>(from: readonly T[], other: readonly T[], key: (item: T) => string): T[] {
  const left = new Map<string, number>();
  for (const item of other) left.set(key(item), (left.get(key(item)) ?? 0) + 1);
  return from.filter((item) => {
    const count = left.get(key(item)) ?? 0;
    left.set(key(item), count - 1);
    return count <= 0;
  });
}

/** `1 file`, `3 files` */
export const counted = (count: number, thing: string): string => `${count} ${thing}${count === 1 ? '' : 's'}`;
