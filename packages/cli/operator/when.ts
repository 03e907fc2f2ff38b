// Which instant does an operator mean? RFC 3339, or so long from now: `14d`, `6h`.
import { AssayError } from '@assay/core';

const units = { m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 } as const;
const span = /^([1-9][0-9]{0,4})([mhdw])$/;
const instant = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d))?$/i;

/**
 * @param where the option: `--until`
 * @returns RFC 3339 in UTC, as the server takes it
 * @throws AssayError `cli-time`
 */
export function instantOf(text: string, where: string, now: Date): string {
  const [, count, unit] = span.exec(text) ?? [];
  const ms =
    count !== undefined && unit !== undefined
      ? now.getTime() + Number(count) * units[unit as keyof typeof units]
      : instant.test(text) && isDay(text)
        ? Date.parse(text)
        : Number.NaN;
  if (Number.isNaN(ms))
    throw new AssayError(
      'cli-time',
      where,
      'an instant like 2027-01-31T06:00:00Z, or a time from now like 6h or 14d',
      text,
    );
  return new Date(ms).toISOString();
}

/** Date.parse makes of the 31st of February the 3rd of March. */
function isDay(text: string): boolean {
  const day = text.slice(0, 10);
  const parsed = new Date(`${day}T00:00:00Z`);
  return !Number.isNaN(parsed.getTime()) && parsed.toISOString().startsWith(day);
}
