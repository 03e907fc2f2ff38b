// Which registered host may somebody have meant by a name that nobody has? One that is the same but for its domain. Only said, never answered for:
// two hosts of two domains may have the same first label.
import type { HostNames } from '../../registry/host-names.ts';
import { folded } from '../../registry/host-names.ts';

/** As many as help. */
const mostNamed = 2;

/** Reads the names at the first call, once for all that follow. */
export function namesLike(names: Pick<HostNames, 'all'>): (asked: string) => readonly string[] {
  let byLabel: Map<string, string[]> | undefined;
  return (asked) => {
    if (asked === '' || addressLike.test(asked)) return [];
    byLabel ??= Map.groupBy(names.all(), labelOf);
    return (byLabel.get(labelOf(folded(asked))) ?? []).slice(0, mostNamed);
  };
}

/** The first label of an address is no name. */
const addressLike = /^[\d.]+$|:/;
const labelOf = (name: string): string => {
  const end = name.indexOf('.');
  return end < 0 ? name : name.slice(0, end);
};
