// What does a JSON body say? Valid UTF-8, no `__proto__` or `constructor.prototype` keys, no NUL, not nested or named without end; nothing at
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
    const refused = refusalOf(text);
    if (refused) return done(new AssayError('request-malformed', 'body', ...refused));
    return parse(request, text, done);
  };
}

/** No body of ours has more than ten; what reads values by calling itself (a check, JSON.stringify) fails at some thousands. */
const deepest = 64;
/** Of one object; those of ours with names of their own have some dozens. A schema looks at each name, however many are too many. */
const mostNames = 1000;

/** What was expected, and what came. Looks at the text, once: parsing it would already cost what the sender wants it to cost. */
function refusalOf(text: string): [expected: string, got: string] | undefined {
  const names = new Uint32Array(deepest + 1);
  let depth = 0;
  let quoted = false;
  for (let at = 0; at < text.length; at++) {
    const character = text.charCodeAt(at);
    if (quoted) {
      if (character === 0x5c) {
        at++; // a backslash and what it escapes
        // PostgreSQL keeps no text with one, and no name, reason or label needs one.
        if (text.startsWith('u0000', at)) return ['text without NUL characters', '\\u0000'];
      } else if (character === 0x22) quoted = false;
    } else if (character === 0x22) quoted = true;
    else if (character === 0x5b || character === 0x7b) {
      if (++depth > deepest) return [`JSON nested at most ${deepest} deep`, 'a deeper one'];
      names[depth] = 0;
    } else if (character === 0x5d || character === 0x7d) depth--;
    else if (character === 0x3a) {
      const count = (names[depth] ?? 0) + 1;
      if (count > mostNames) return [`JSON with at most ${mostNames} names in one object`, 'more'];
      names[depth] = count;
    }
  }
  return undefined;
}
