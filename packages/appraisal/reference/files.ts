// Which files may IMA measure, and with which digest? The allow lists of all values, by path and by digest.
import type { ReferenceFile, ReferenceValue } from '@assay/protocol';

/** A file, and the value that has it; whether that value is good at a moment, `standingOf` says. */
export type KnownFile = { readonly file: ReferenceFile; readonly value: ReferenceValue };

export class FileIndex {
  readonly #lists: readonly { readonly value: ReferenceValue; readonly files: readonly ReferenceFile[] }[];
  #paths: Map<string, KnownFile[]> | undefined;
  #digests: Map<string, KnownFile[]> | undefined;

  /** @param values of any form; those of form `files` count */
  constructor(values: readonly ReferenceValue[]) {
    this.#lists = values.flatMap((value) =>
      value.content.form === 'files' ? [{ value, files: value.content.files }] : [],
    );
  }

  /** No value is an allow list. */
  get empty(): boolean {
    return this.#lists.length === 0;
  }

  /** What is known of this path, in any state; in the order of the values. */
  byPath(path: string): readonly KnownFile[] {
    this.#paths ??= this.#index(({ path: of }) => [of]);
    return this.#paths.get(path) ?? none;
  }

  /** Files that are known to have this digest, under whatever path. @param algorithm as IMA names it  @param digest hex */
  byDigest(algorithm: string, digest: string): readonly KnownFile[] {
    this.#digests ??= this.#index(({ digests }) => Object.entries(digests).map((one) => one.join(':')));
    return this.#digests.get(`${algorithm}:${digest}`) ?? none;
  }

  #index(namesOf: (file: ReferenceFile) => readonly string[]): Map<string, KnownFile[]> {
    const index = new Map<string, KnownFile[]>();
    for (const { value, files } of this.#lists)
      for (const file of files)
        for (const name of namesOf(file)) {
          const known = index.get(name);
          if (known) known.push({ file, value });
          else index.set(name, [{ file, value }]);
        }
    return index;
  }
}

const none: readonly KnownFile[] = [];
