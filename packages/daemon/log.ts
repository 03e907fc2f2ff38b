// What does a process tell of its work? JSON lines on standard output, without secrets.
import { AssayError } from '@assay/core';
import { type DestinationStream, destination, type Logger, pino, stdSerializers, stdTimeFunctions } from 'pino';

export type Log = Logger;

const levels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
export type Level = (typeof levels)[number];

// Headers that carry a credential, wherever a log line has headers.
const credentials = [
  'x-auth-blob',
  'auth_blob',
  'auth-blob',
  'x-auth-token',
  'x-subject-token',
  'authorization',
  'cookie',
  'x-instance-id-signature',
];
const redacted = ['', '*.', '*.*.'].flatMap((depth) =>
  credentials.map((name) => `${depth}["${name}"]`.replace('.[', '[')),
);

/**
 * @param name stands in every line
 * @param level default: the environment's ASSAY_LOG_LEVEL, else `info`
 * @throws AssayError `config-value` for a level that does not exist
 */
export function createLog(name: string, level?: Level, out: DestinationStream = standardOutput()): Log {
  const wanted = level ?? (process.env['ASSAY_LOG_LEVEL'] || 'info');
  if (!levels.some((known) => known === wanted))
    throw new AssayError('config-value', 'environment ASSAY_LOG_LEVEL', levels.join(' or '), wanted);
  return pino(
    {
      name,
      level: wanted,
      base: { pid: process.pid },
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: redacted, censor: '(hidden)' },
      serializers: { err: failure, error: failure },
    },
    out,
  );
}

/** A foreseen failure is its code and its line; a bug keeps its stack, here and nowhere else. */
function failure(error: unknown): unknown {
  if (error instanceof AssayError) return { code: error.code, message: error.message };
  return error instanceof Error ? stdSerializers.err(error) : error;
}

// Synchronous, so that the last line before an exit is there; a reader that went away is no reason to fall.
function standardOutput(): DestinationStream {
  const out = destination({ dest: 1, sync: true });
  out.on('error', () => undefined);
  return out;
}
