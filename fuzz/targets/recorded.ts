// What was recorded of real boots, by the name of the file: one of each boot.
import { readdirSync, readFileSync } from 'node:fs';

const boots = new URL('../../test/corpus/boots/', import.meta.url);

export const recordedFiles = (name: string): Uint8Array[] =>
  readdirSync(boots, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith(`/${name}`))
    .sort()
    .map((file) => readFileSync(new URL(file, boots)));
