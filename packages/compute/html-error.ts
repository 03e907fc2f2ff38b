// The page Glance and Nova's router answer with where an API would have JSON. Text from the request is escaped.
import { STATUS_CODES } from 'node:http';

export function htmlError(status: number, message: string): string {
  const title = `${status} ${STATUS_CODES[status] ?? 'Error'}`;
  const lines = ['<html>', ' <head>', `  <title>${title}</title>`, ' </head>', ' <body>', `  <h1>${title}</h1>`];
  return [...lines, `  ${escapeHtml(message)}<br /><br />`, '', '', '', ' </body>', '</html>'].join('\n');
}

const escapeHtml = (text: string) => text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
