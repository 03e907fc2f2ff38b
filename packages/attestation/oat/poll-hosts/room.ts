// How many questions may wait for hosts? What they take of memory is held until their deadlines, and nobody may take all of it.
import { AssayError } from '@assay/core';

/** Names in all questions that wait. */
const mostNames = 1_000_000;
/** Of them in those of one address: whoever fills it leaves as much to others. */
const mostOfOne = mostNames / 2;

type Room = { all: number; readonly of: Map<string, number> };
const rooms = new WeakMap<object, Room>();

/**
 * Work for a question that names so many hosts, as long as there is room for it.
 * @param place whose room it is: one for each server
 * @param caller an address
 * @throws AssayError `questions-unavailable`
 */
export async function withRoom<T>(place: object, caller: string, names: number, work: () => Promise<T>): Promise<T> {
  const room = rooms.get(place) ?? { all: 0, of: new Map<string, number>() };
  rooms.set(place, room);
  const ofOne = room.of.get(caller) ?? 0;
  const refused = (expected: string, got: number) =>
    new AssayError('questions-unavailable', 'timeThreshold', expected, got, {
      hint: 'ask again when they are answered, or without timeThreshold',
    });
  if (ofOne + names > mostOfOne) throw refused(`at most ${mostOfOne} names in questions of ${caller} that wait`, ofOne);
  if (room.all + names > mostNames) throw refused(`at most ${mostNames} names in questions that wait`, room.all);
  const add = (count: number): void => {
    room.all += count;
    const left = (room.of.get(caller) ?? 0) + count;
    if (left > 0) room.of.set(caller, left);
    else room.of.delete(caller);
  };
  add(names);
  try {
    return await work();
  } finally {
    add(-names);
  }
}
