// What is a client told of a failure? A status, a stable code and one line; never a stack, never what is inside a bug.
import { AssayError } from '@assay/core';
import type { FastifyReply } from 'fastify';
import { statusOf } from './status.ts';

export type Failure = {
  readonly status: number;
  readonly code: string;
  readonly message: string;
  /** Empty when the connection failed before there was a request. */
  readonly requestId: string;
};

/** Each API has its own shape of error: gives the JSON body; may set headers on `reply`, which is absent for what was no HTTP. */
export type RenderError = (failure: Failure, reply: FastifyReply | undefined) => unknown;

export const renderPlain: RenderError = ({ code, message }) => ({ error: { code, message } });

// What Fastify itself refuses, in our codes.
const refusals: Record<number, string> = {
  400: 'request-malformed',
  404: 'request-not-found',
  408: 'request-slow',
  413: 'request-too-large',
  414: 'request-too-large',
  415: 'request-media-type',
  431: 'request-headers',
};

export function failureOf(error: unknown, requestId: string): Failure {
  if (error instanceof AssayError)
    return { status: statusOf(error), code: error.code, message: messageOf(error, requestId), requestId };
  const { statusCode, code } = error as { statusCode?: number; code?: unknown };
  const foreseen =
    typeof code === 'string' && code.startsWith('FST_ERR_') && statusCode ? refusals[statusCode] : undefined;
  if (foreseen && statusCode)
    return { status: statusCode, code: foreseen, message: (error as Error).message, requestId };
  // The client closed its connection midway: nobody will read this answer, and it is no fault of ours.
  if (code === 'ECONNRESET')
    return { status: 400, code: 'request-aborted', message: 'connection closed midway', requestId };
  return { status: 500, code: 'internal', message: `internal error; the log has it under ${requestId}`, requestId };
}

/** Where the database lies and what it was asked is for the log, not for clients. */
function messageOf({ code, message }: AssayError, requestId: string): string {
  if (!code.startsWith('storage-')) return message;
  if (code === 'storage-full') return 'there is no room to store this; what is stored can still be read';
  if (code === 'storage-exists') return 'it is stored already';
  return `the database cannot do this now; the log tells more under ${requestId}`;
}
