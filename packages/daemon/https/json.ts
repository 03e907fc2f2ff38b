// What does a JSON body say? Valid UTF-8, no `__proto__` or `constructor.prototype` keys, not nested without end; nothing at
// all is `undefined`.
import { AssayError } from '@assay/core';
import type { FastifyBodyParser } from 'fastify';
import type { HttpsServer } from './server.ts';

/** Refusals: AssayError `request-malformed`, or Fastify's own for poisoned keys (400). */
export function jsonParser(server: HttpsServer): FastifyBodyParser<Buffer> {
  const parse = server.getDefaultJsonParser('error', 'error');
  return (request, body, done) => {
    if (body.length === 0) return done(null, undefined);
    let text: string;
    try {
      text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(body);
    } catch (cause) {
      return done(new AssayError('request-malformed', 'body', 'JSON in UTF-8', 'bytes that are not UTF-8', { cause }));
    }
    if (isDeeperThan(deepest, text))
      return done(new AssayError('request-malformed', 'body', `JSON nested at most ${deepest} deep`, 'a deeper one'));
    if (hasNul(text))
      return done(new AssayError('request-malformed', 'body', 'text without NUL characters', '\\u0000'));
    return parse(request, text, done);
  };
}

/** PostgreSQL keeps no text with one, and no name, reason or label needs one. An escaped backslash before `u0000` is none. */
export const hasNul = (text: string): boolean =>
  text.includes('\\u0000') && [...text.matchAll(/\\(?:u([0-9a-fA-F]{4})|.)/gs)].some(([, code]) => code === '0000');

/** No body of ours has more than ten; what reads values by calling itself (a check, JSON.stringify) fails at some thousands. */
const deepest = 64;

/** Looks at the text, since parsing it would already cost what the sender wants it to cost. */
function isDeeperThan(limit: number, text: string): boolean {
  let depth = 0;
  let quoted = false;
  for (let at = 0; at < text.length; at++) {
    const character = text.charCodeAt(at);
    if (quoted) {
      if (character === 0x5c)
        at++; // a backslash and what it escapes
      else if (character === 0x22) quoted = false;
    } else if (character === 0x22) quoted = true;
    else if (character === 0x5b || character === 0x7b) {
      if (++depth > limit) return true;
    } else if (character === 0x5d || character === 0x7d) depth--;
  }
  return false;
}
