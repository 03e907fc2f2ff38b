// By what does a person know a reference value, and a time?
import { escaped } from '@assay/core';

/** Ids are 32 characters; so many of them tell values apart, and the server takes the beginning of one. */
export const shortId = (id: string): string => id.slice(0, 8);

/** Name and version, as far as they are known. */
export const nameOf = ({ name, version }: { name?: string; version?: string }): string =>
  escaped([name, version].filter(Boolean).join(' '));

/** `2026-11-23 10:00Z` */
export function minute(instant: string): string {
  const date = new Date(instant);
  return Number.isNaN(date.getTime()) ? escaped(instant) : `${date.toISOString().slice(0, 16).replace('T', ' ')}Z`;
}
