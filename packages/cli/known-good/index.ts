// Where reference values come from: packages, files, lists, trees. Each answers with what POST /v1/reference takes.

export { readFiles } from './files.ts';
export { type Kind, kindOf } from './kind.ts';
export { readList } from './list.ts';
export type { FilesOptions, ListOptions, PackageOptions, Said, TreeOptions } from './options.ts';
export { readPackage } from './package.ts';
export { readTree } from './tree.ts';
