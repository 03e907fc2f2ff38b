// What do the clocks and parsers of Nova's filter make of a `vtime`? Folsom to Pike; see docs/oat.md.
import { breaks, fine, lessSafe, noMatter, type Outcome } from './check.ts';

/** `attestation_auth_timeout`, unless it is set: how long the filter keeps an answer, counted from `vtime`. */
export const keptMs = 60_000;
/** Clocks of two machines with NTP differ by no more. */
const skewMs = 2_000;

const iso = /^\d{4}-?\d\d-?\d\d(?:[T ]\d\d:?\d\d(?::?\d\d(?:\.\d+)?)?)?(?<zone>Z|[+-]\d\d:?\d\d)?$/;
/** `%c` of the C locale: Tue Feb 14 09:02:48 2012. */
const locale = /^(Mon|Tue|Wed|Thu|Fri|Sat|Sun) [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \d{4}$/;

export function vtimeOutcome(vtime: unknown, now: Date): Outcome {
  const said = JSON.stringify(vtime) ?? 'none';
  if (vtime === undefined) return breaks(said, 'Nova’s filter: KeyError, the request of the user fails');
  if (typeof vtime !== 'string') return breaks(said, 'Nova’s filter: TypeError, the request of the user fails');
  if (locale.test(vtime))
    return Number.isNaN(Date.parse(`${vtime} UTC`))
      ? unread(said)
      : breaks(said, 'Nova’s filter before August 2014 cannot read it, later ones take it for UTC');
  const found = iso.exec(vtime);
  const at = found ? instantOf(vtime, found.groups?.['zone']) : Number.NaN;
  if (Number.isNaN(at)) return unread(said);
  const zone = found?.groups?.['zone'] ?? 'Z';
  if (/^[+-]\d{4}$/.test(zone) && !/^[+-]0000$/.test(zone))
    return lessSafe(said, 'Nova’s filter of old drops a zone without colon: verdicts count as hours older or younger');
  const ageMs = now.getTime() - at;
  const seconds = `${Math.abs(Math.round(ageMs / 1000))} s`;
  if (ageMs < -skewMs)
    return lessSafe(
      `${said}, ${seconds} ahead of this machine’s clock`,
      `Nova’s filter keeps the answer ${seconds} longer than it is set to`,
    );
  if (ageMs > keptMs)
    return noMatter(
      `${said}, ${seconds} old`,
      'Nova’s filter asks again for each host and request while it is older than attestation_auth_timeout (60 s)',
    );
  return fine(said);
}

const unread = (said: string): Outcome =>
  breaks(said, 'Nova’s filter cannot read it: the host is unknown to it, whatever trust_lvl says');

function instantOf(text: string, zone: string | undefined): number {
  const [date = '', time = ''] = text.slice(0, text.length - (zone?.length ?? 0)).split(/[T ]/);
  const [days, clock] = [date.replaceAll('-', ''), time.replaceAll(':', '')];
  const [hms = '', fraction = ''] = clock.split('.');
  const padded = hms.padEnd(6, '0');
  const written = `${days.slice(0, 4)}-${days.slice(4, 6)}-${days.slice(6)}T${padded.slice(0, 2)}:${padded.slice(2, 4)}:${padded.slice(4, 6)}`;
  const offset = zone === undefined || zone === 'Z' ? 'Z' : `${zone.slice(0, 3)}:${zone.slice(-2)}`;
  return Date.parse(`${written}.${fraction.slice(0, 3).padEnd(3, '0')}${offset}`);
}
