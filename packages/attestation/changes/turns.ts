// One after the other: the second change is rehearsed against what the first one left.

export type Turns = <T>(work: () => Promise<T>) => Promise<T>;

export function createTurns(): Turns {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const mine = last.then(work);
    last = mine.catch(() => undefined); // what failed is told to who asked for it, and keeps nobody waiting
    return mine;
  };
}
