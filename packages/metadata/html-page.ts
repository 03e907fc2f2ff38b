// The page Nova's metadata service answers with where it has no data: guests' tools have seen it for years.
import { STATUS_CODES } from 'node:http';

export const htmlType = 'text/html; charset=UTF-8';

const explanations: Record<number, string> = {
  400: 'The server could not comply with the request since it is either malformed or otherwise incorrect.',
  401: 'A session token is needed that holds for this instance.',
  403: 'Access was denied to this resource.',
  404: 'The resource could not be found.',
  405: 'The method is not allowed for this resource.',
  413: 'The body of your request was too large for this server.',
  429: 'Too many requests at a time.',
  500: 'An unknown error has occurred. Please try your request again.',
  502: 'Bad gateway.',
  503: 'The server is currently unavailable. Please try again at a later time.',
  504: 'The gateway has timed out.',
};

/** @param explanation a sentence of ours, never text from a request; default: what the status means */
export function htmlPage(status: number, explanation = explanations[status] ?? ''): string {
  const title = `${status} ${STATUS_CODES[status] ?? 'Error'}`;
  const head = ['<html>', ' <head>', `  <title>${title}</title>`, ' </head>'];
  return [
    ...head,
    ' <body>',
    `  <h1>${title}</h1>`,
    `  ${explanation}<br /><br />`,
    '',
    '',
    '',
    ' </body>',
    '</html>',
  ].join('\n');
}
