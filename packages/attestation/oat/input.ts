// What did an OpenAttestation client send? Shell tools build queries with awk and sed and encode nothing, Java portals send what they leave out as
// an empty text or null: so names and values are trimmed, and absent, empty and null are the same.
import { OatError } from './errors.ts';

/** What a request says, by name. */
export type Told = { readonly [name: string]: unknown };

/** As Java reads it: `+` is a blank, and of a name that comes twice the first counts. */
export function queryOf(url: string): Told {
  const told: Record<string, string> = Object.create(null);
  const at = url.indexOf('?');
  if (at === -1) return told;
  for (const pair of url.slice(at + 1).split('&')) {
    const equals = pair.indexOf('=');
    const name = decoded(equals === -1 ? pair : pair.slice(0, equals));
    told[name] ??= equals === -1 ? '' : decoded(pair.slice(equals + 1));
  }
  return told;
}

/** What is not UTF-8 becomes U+FFFD; a `%` that begins nothing stays. */
function decoded(text: string): string {
  const bytes = text
    .replaceAll('+', ' ')
    .replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Buffer.from(bytes, 'latin1').toString('utf8').trim();
}

/** Nothing at all says nothing. @throws OatError `AS_MISSING_INPUT` for what is no object */
export function bodyOf(body: unknown): Told {
  if (body === undefined || body === null) return {};
  if (typeof body !== 'object' || Array.isArray(body)) throw new OatError('AS_MISSING_INPUT', ['body']);
  return body as Told;
}

/** As much as a reference value has room for. */
export const longest = 255;

/**
 * The first of these names that says something, as text without blanks around it. Numbers are read as text, as Java does.
 * @throws OatError `SYSTEM_ERROR` for what is no text, or too long
 */
export function textOf(told: Told, names: string | readonly string[], most = longest): string | undefined {
  for (const name of [names].flat()) {
    const value = Object.hasOwn(told, name) ? told[name] : undefined;
    if (value === undefined || value === null) continue;
    if (typeof value !== 'string' && typeof value !== 'number') throw bad(name, 'text');
    const text = String(value).trim();
    if (text === '') continue;
    if (text.length > most) throw bad(name, `at most ${most} characters`);
    if (!text.isWellFormed()) throw bad(name, 'text in Unicode');
    if (/\p{Cc}/u.test(text)) throw bad(name, 'text on one line, without control characters');
    return text;
  }
  return undefined;
}

const bad = (name: string, expected: string) => new OatError('SYSTEM_ERROR', [`${name}: expected ${expected}`]);
