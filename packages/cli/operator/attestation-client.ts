// How do operator commands reach an attestation server, and what did it answer? Options, then the environment, then the lab here.
import { X509Certificate } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { AssayError } from '@assay/core';
import { httpsRequest } from '@assay/daemon';
import { unreadable } from '../known-good/read.ts';
import { layout } from '../lab/layout.ts';
import { readSettings } from '../lab/settings.ts';
import { defaultState } from '../lab/state.ts';
import { Reported } from '../reported.ts';
import type { AccessOptions } from './access.ts';
import type { Limits } from './limits.ts';

export type AttestationClient = {
  /**
   * @returns what the server answered, unchecked; `null` for an answer without content
   * @throws AssayError the server's own code and words when it refuses; `https-…` when it cannot be reached
   */
  ask(method: string, path: string, body?: unknown, limits?: Limits): Promise<unknown>;
};

/** @throws AssayError `cli-server` when nothing says which server is meant; `cli-file` when a file cannot be read */
export function attestationClient(given: AccessOptions, environment = process.env): AttestationClient {
  const lab = labAccess();
  const server = given.server ?? environment['ASSAY_SERVER'] ?? lab?.server;
  const caFile = given.caFile ?? environment['ASSAY_CA_FILE'] ?? (server === lab?.server ? lab?.caFile : undefined);
  const blobFile =
    given.authBlobFile ??
    environment['ASSAY_AUTH_BLOB_FILE'] ??
    (server === lab?.server ? lab?.authBlobFile : undefined);
  if (!server)
    throw new AssayError('cli-server', 'attestation server', '--server, ASSAY_SERVER or a lab here', 'none', {
      hint: 'run assay up for a cloud on this machine',
    });
  if (!blobFile)
    throw new AssayError('cli-server', 'shared secret', '--auth-blob-file or ASSAY_AUTH_BLOB_FILE', 'neither');
  const ca = caFile === undefined ? undefined : readCa(caFile);
  if (URL.parse(server)?.protocol !== 'https:')
    throw new AssayError('cli-server', 'attestation server', 'https://NAME:PORT', server);
  const authBlob = readAuthBlob(blobFile);
  return {
    async ask(method, path, body, { timeoutMs = 30_000, maxBytes = 64 << 20 } = {}) {
      const url = new URL(path, server);
      const { status, body: answer } = await httpsRequest({
        url,
        method,
        headers: { 'x-auth-blob': authBlob },
        ca,
        maxBytes,
        timeoutMs,
        ...(body !== undefined && { body }),
      }).catch((error: unknown) => {
        throw server === lab?.server ? notUp(error) : error;
      });
      const where = `${method} ${url.href}`;
      const value = answer.length === 0 ? null : jsonOf(answer, `${where} (status ${status})`);
      if (status >= 400) throw refusal(where, status, value);
      return value;
    },
  };
}

/** To whom nothing answers where the lab here listens, its being down is the likely reason. */
function notUp(error: unknown): unknown {
  if (!(error instanceof AssayError && error.code === 'https-unreachable')) return error;
  const { code, where, expected, got } = error;
  return new AssayError(code, where, expected, got, { cause: error, hint: 'if the cloud is down, run: assay up' });
}

function refusal(where: string, status: number, value: unknown): AssayError {
  const { code, message } = told(value);
  if (typeof code === 'string' && typeof message === 'string') return new Reported(code, where, `${message} (${code})`);
  return new AssayError('cli-answer', where, 'an answer', `status ${status}`);
}

/** In this server's own shape, or in that of its OpenAttestation API. */
function told(value: unknown): { code?: unknown; message?: unknown } {
  const { error, error_code, error_message } = (value ?? {}) as Record<string, unknown>;
  if (error_code !== undefined) return { code: error_code, message: error_message };
  return (error ?? {}) as { code?: unknown; message?: unknown };
}

function jsonOf(body: Buffer, where: string): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch (cause) {
    throw new AssayError('cli-answer', where, 'JSON', body.toString('utf8'), { cause });
  }
}

function labAccess(): { server: string; caFile: string; authBlobFile: string } | undefined {
  const paths = layout(defaultState);
  const settings = existsSync(paths.settings) ? readSettings(paths) : undefined;
  return (
    settings && {
      server: `https://127.0.0.1:${settings.ports.attestation}`,
      caFile: paths.ca.certificate,
      authBlobFile: paths.attestation.authBlob,
    }
  );
}

/** The secret on the first line. @throws AssayError `cli-file` */
export function readAuthBlob(file: string): string {
  // A server's own file has two while one takes the place of the other; the first is the one that still counts.
  const [blob = ''] = readText(file).trim().split(/\r?\n/);
  if (!/^[\x21-\x7e]+$/.test(blob))
    throw new AssayError('cli-file', file, 'a shared secret: one line of ASCII without spaces', 'something else');
  return blob;
}

/** What TLS makes of it names no file, and speaks to programmers. @throws AssayError `cli-file` */
export function readCa(file: string): string {
  const text = readText(file);
  try {
    new X509Certificate(text);
    return text;
  } catch (cause) {
    const has = text.includes('-----BEGIN CERTIFICATE-----') ? 'one that is broken' : 'none';
    throw new AssayError('cli-file', file, 'a CA certificate as PEM text (-----BEGIN CERTIFICATE-----)', has, {
      cause,
    });
  }
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    const { expected, got } = unreadable(file, cause);
    throw new AssayError('cli-file', file, expected, got, { cause });
  }
}
