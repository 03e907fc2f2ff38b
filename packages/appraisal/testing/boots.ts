// Boot logs that were recorded of whole boots: test/corpus/boots.
import { readFileSync } from 'node:fs';

const folder = new URL('../../../test/corpus/boots/', import.meta.url);

/** @param name of a folder there: `secure-boot`, `direct`, … */
export const bootLog = (name: string): Uint8Array =>
  Uint8Array.from(readFileSync(new URL(`${name}/event-log.bin`, folder)));
