// Text of a log for people: on one line, safe to print, and no longer than anybody reads.
import { escaped } from '@assay/core';

const longest = 16_384;

/** What is longer is cut, and says so; the event's data has all of it. */
export const labelText = (text: string): string =>
  text.length > longest ? `${escaped(text.slice(0, longest))}… (${text.length} characters)` : escaped(text);
