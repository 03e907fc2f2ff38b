// Which files does a golden host teach? All its IMA list names, each path with each digest it had; nothing from a list of which a part is
// missing, for it would be taken for all there is.
import type { ImaPart } from '@assay/measurement';
import type { ReferenceFile } from '@assay/protocol';
import { measuredFiles } from '../ima/measured-files.ts';

/** As the schema has them. */
const [mostFiles, longestPath] = [200_000, 4096];

/** Sorted, so that hosts that measured the same in another order teach the same; as many to one value as it may have. */
export function filesOf(parts: readonly ImaPart[]): ReferenceFile[][] {
  if (!isWhole(parts)) return [];
  const files = new Map<string, ReferenceFile>();
  for (const { path, algorithm, digest } of measuredFiles(parts))
    if (path.length <= longestPath)
      files.set(`${path}\0${algorithm}:${digest}`, { path, digests: { [algorithm]: digest } });
  const names = [...files.keys()].sort();
  const values: ReferenceFile[][] = [];
  for (let i = 0; i < names.length; i += mostFiles)
    values.push(names.slice(i, i + mostFiles).flatMap((name) => files.get(name) ?? []));
  return values;
}

function isWhole(parts: readonly ImaPart[]): boolean {
  let end = 0;
  for (const { offset, bytes } of parts) {
    if (offset !== end) return false;
    end += bytes.length;
  }
  return true;
}
