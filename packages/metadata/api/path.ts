// Which file does a request's path mean? Decoded and normalised once, here, before anything is compared with it.

/**
 * As Nova reads it: percent-encoding undone, then `//`, `.`, `..`, a final slash and the query without effect.
 * @param target of the request line: `/openstack/latest/?x=1`
 * @returns the path's names; undefined when it cannot be decoded, or is longer than any path we have
 */
export function namesOf(target: string): readonly string[] | undefined {
  if (target.length > 2048) return undefined;
  let path: string;
  try {
    path = decodeURIComponent(target.split(/[?#]/, 1)[0] ?? '');
  } catch {
    return undefined;
  }
  const names: string[] = [];
  for (const name of path.split('/')) {
    if (name === '..') names.pop();
    else if (name !== '' && name !== '.') names.push(name);
  }
  return names;
}
