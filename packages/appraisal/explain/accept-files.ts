// Files of IMA's list that are to be known good, each by path and digest together.
import { AssayError } from '@assay/core';
import type { ReferenceFile } from '@assay/protocol';
import type { FilesState } from '../ima/files-state.ts';
import type { Content } from './accept-measurements.ts';

/** As long as a path may be in a request and in a value. */
const longestPath = 4096;

/**
 * @param path only this one; absent: all that are remembered as not good
 * @returns none: there is no such file
 * @throws AssayError `accept-retired`, `accept-value`
 */
export function acceptedFiles(host: string, state: FilesState | undefined, path?: string): Content[] {
  const bad = (state?.bad ?? []).filter((one) => path === undefined || one.path === path);
  const retired = bad.find(({ code }) => code === 'ima-file-retired');
  if (retired)
    throw new AssayError('accept-retired', `host ${host}`, 'a file never known', `${retired.path}, which was retired`, {
      hint: `if it is good again: assay reference reinstate ${retired.value ?? 'ID'}`,
    });
  const byPath = Map.groupBy(bad, (one) => one.path);
  const files: ReferenceFile[] = [];
  for (const [name, all] of byPath) {
    if (name.length > longestPath)
      throw new AssayError('accept-value', `host ${host}`, `a path of at most ${longestPath} characters`, name.length);
    // Two contents of one path are two entries: each digest stands with the path by itself.
    for (const { algorithm, digest } of all) files.push({ path: name, digests: { [algorithm]: digest } });
  }
  return files.length === 0 ? [] : [{ component: 'operating_system', content: { form: 'files', files } }];
}
