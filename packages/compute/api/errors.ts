// How Nova says no: `{ badRequest: { code, message } }`; its router says it in HTML, its door in Keystone's shape.
import type { Failure, RenderError } from '@assay/daemon/https';
import type { FastifyReply } from 'fastify';
import { htmlError } from '../html-error.ts';
import type { Urls } from '../identity/catalog.ts';
import { renderUnauthorized } from '../identity/guard.ts';

const names: Record<number, string> = {
  400: 'badRequest',
  403: 'forbidden',
  404: 'itemNotFound',
  405: 'badMethod',
  409: 'conflictingRequest',
  413: 'overLimit',
  415: 'badMediaType',
  429: 'overLimit',
  501: 'notImplemented',
  503: 'serviceUnavailable',
};

export function renderComputeError(urls: Urls): RenderError {
  return (failure: Failure, reply: FastifyReply | undefined) => {
    const { status, code } = failure;
    if (status === 401) return renderUnauthorized(failure, reply, `${urls.identity}/v3`);
    if (code === 'request-not-found' || code === 'request-not-allowed') {
      reply?.code(404).removeHeader('allow').type('text/html; charset=UTF-8');
      return htmlError(404, 'The resource could not be found.');
    }
    return { [names[status] ?? 'computeFault']: { code: status, message: messageOf(failure) } };
  };
}

/** What failed inside (which database, which file) is for the log, not for the client. */
function messageOf({ status, code, message, requestId }: Failure): string {
  if (code === 'request-malformed') return 'Malformed request body';
  if (code === 'storage-full') return 'There is no room to store this. What is stored can still be read.';
  if (/^(storage|https|tls|config|internal)/.test(code) && status >= 500)
    return `Unexpected API Error. The service's log tells more under ${requestId}.`;
  return message;
}
