// Which instant does an operator mean? A day or a time, in UTC unless a zone stands there, or so long from now: `14d`, `6h`.
import { AssayError } from '@assay/core';

const units = { m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 } as const;
const span = /^([1-9][0-9]{0,5})([mhdw])$/;
/** Longer is a slip of the hand: no update takes so long. A date that far away was meant. */
const longestSpan = 3650 * units.d;
const instant = /^(\d{4}-\d\d-\d\d)(?:T(\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?)(Z|[+-]\d\d:\d\d)?)?$/i;

/** As help texts and messages have it. */
export const timeForms =
  '2027-01-31, 2027-01-31T06:00 (UTC; else with its zone: 06:00+02:00), or from now: 30m, 6h, 14d, 2w';

/**
 * @param where the option: `--until`
 * @returns RFC 3339 in UTC, as the server takes it
 * @throws AssayError `cli-time`
 */
export function instantOf(text: string, where: string, now: Date): string {
  const [, count, unit] = span.exec(text) ?? [];
  if (count !== undefined && unit !== undefined) {
    const ms = Number(count) * units[unit as keyof typeof units];
    if (ms > longestSpan) throw new AssayError('cli-time', where, 'at most 3650d from now, or a date', text);
    return new Date(now.getTime() + ms).toISOString();
  }
  const [, day = '', time = '00:00', zone = 'Z'] = instant.exec(text) ?? [];
  const ms = isDay(day) ? Date.parse(`${day}T${time}${zone}`) : Number.NaN;
  if (Number.isNaN(ms)) throw new AssayError('cli-time', where, timeForms, text);
  return new Date(ms).toISOString();
}

/** Date.parse makes of the 31st of February the 3rd of March. */
function isDay(day: string): boolean {
  const parsed = new Date(`${day}T00:00:00Z`);
  return !Number.isNaN(parsed.getTime()) && parsed.toISOString().startsWith(day);
}
