// What does a JSON body say? Valid UTF-8, no `__proto__` or `constructor.prototype` keys; nothing at all is `undefined`.
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
    return parse(request, text, done);
  };
}
