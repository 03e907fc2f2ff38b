// How is a TLS connection to somebody else's OpenAttestation server made? Its certificate is checked before a byte of ours is sent: against a CA,
// or as the very certificate that was shown first (what `oat_cert` has always done). Old ciphers only when the operator says so.
import { X509Certificate } from 'node:crypto';
import { Agent, type RequestOptions } from 'node:https';
import { isIP } from 'node:net';
import type { Duplex } from 'node:stream';
import { type ConnectionOptions, checkServerIdentity, connect, type TLSSocket } from 'node:tls';
import { AssayError } from '@assay/core';

export type Place = { host: string; port: number };
export type Trust = {
  /** PEM; absent: the system's roots. */
  ca?: string | undefined;
  /** Take the certificate that is shown, and from then on no other. */
  first: boolean;
  /** Speak TLS 1.0 and its ciphers too. */
  oldTls: boolean;
};
/** What a handshake showed. */
export type Seen = {
  protocol: string;
  cipher: string;
  certificate: X509Certificate;
  /** Why no CA vouches for it. */
  chainFault?: string;
  /** Why it is not for the name asked. */
  nameFault?: string;
  /** It stands in the CA file itself. */
  pinned: boolean;
};

const handshakeMs = 10_000;
const old: ConnectionOptions = { minVersion: 'TLSv1', ciphers: 'DEFAULT@SECLEVEL=0' };

/** One handshake, to look at. @throws AssayError `oat-tls`, `https-unreachable` */
export async function look(place: Place, trust: Trust, options: ConnectionOptions = {}): Promise<Seen> {
  const socket = await open(place, trust, options);
  try {
    return seenOf(socket, place, trust);
  } finally {
    socket.destroy();
  }
}

/** Whether a handshake within these limits succeeds: for what a server should refuse. */
export async function accepts(place: Place, options: ConnectionOptions): Promise<boolean> {
  try {
    (await open(place, { first: true, oldTls: false }, options)).destroy();
    return true;
  } catch {
    return false;
  }
}

/**
 * Connections on which the certificate is the one that was seen, or one the CA vouches for under the name asked.
 * @param seen at the first look
 */
export function agentOf(place: Place, trust: Trust, seen: Seen): Agent {
  const { fingerprint256 } = seen.certificate;
  const same = trust.first || seen.pinned;
  const fault = (now: Seen): AssayError | undefined => {
    if (same && now.certificate.fingerprint256 === fingerprint256) return undefined;
    if (same) return tlsFault(place, `the certificate that was seen first (SHA-256 ${fingerprint256})`, 'another one');
    return untrusted(place, now);
  };
  return new LookingAgent({ keepAlive: true, maxSockets: 4 }, async () => {
    const socket = await open(place, trust);
    const trouble = fault(seenOf(socket, place, trust));
    if (!trouble) return socket;
    socket.destroy();
    throw trouble;
  });
}

/** @returns why nothing should be sent there */
export function untrusted(place: Place, { chainFault, nameFault, pinned }: Seen): AssayError | undefined {
  if (pinned) return undefined;
  if (chainFault)
    return tlsFault(place, 'a certificate that the CA vouches for', chainFault, {
      hint: 'give --ca-file with the CA, or with the certificate itself; --fetch-certificate takes what is shown, as oat_cert does',
    });
  if (nameFault)
    return tlsFault(place, 'a certificate for the name asked', nameFault, {
      hint: 'ask under a name it has, or take it as it is with --fetch-certificate',
    });
  return undefined;
}

class LookingAgent extends Agent {
  readonly #make: () => Promise<TLSSocket>;

  constructor(options: ConstructorParameters<typeof Agent>[0], make: () => Promise<TLSSocket>) {
    super(options);
    this.#make = make;
  }

  override createConnection(_: RequestOptions, done?: (error: Error | null, stream: Duplex) => void): undefined {
    this.#make().then(
      (socket) => done?.(null, socket),
      (error: Error) => done?.(error, undefined as never),
    );
  }
}

function open(place: Place, { ca, oldTls }: Trust, options: ConnectionOptions = {}): Promise<TLSSocket> {
  const { host, port } = place;
  return new Promise((done, failed) => {
    const socket = connect({
      ...{ host, port, ca, minVersion: 'TLSv1.2', ALPNProtocols: ['http/1.1'] },
      ...(isIP(host) === 0 && { servername: host }),
      ...(oldTls && old),
      rejectUnauthorized: false, // judged by seenOf: chain and name each by itself
      checkServerIdentity: () => undefined,
      ...options,
    });
    socket.setTimeout(handshakeMs, () => socket.destroy(tlsFault(place, 'a TLS handshake within 10 s', 'none')));
    socket.once('error', (error: NodeJS.ErrnoException) => failed(told(place, error)));
    socket.once('secureConnect', () => {
      socket.setTimeout(0);
      done(socket);
    });
  });
}

function seenOf(socket: TLSSocket, place: Place, { ca }: Trust): Seen {
  const certificate = socket.getPeerX509Certificate();
  if (!certificate) throw tlsFault(place, 'a server certificate', 'none (anonymous ciphers?)');
  const legacy = certificate.toLegacyObject();
  const nameFault = certificate.subjectAltName
    ? checkServerIdentity(place.host, legacy)?.message
    : 'the certificate has no subject alternative name';
  const chainFault = socket.authorized ? undefined : String(socket.authorizationError);
  return {
    protocol: socket.getProtocol() ?? 'none',
    cipher: socket.getCipher().name,
    certificate,
    pinned: ca !== undefined && isIn(ca, certificate),
    ...(chainFault !== undefined && { chainFault }),
    ...(nameFault !== undefined && { nameFault }),
  };
}

const isIn = (pem: string, certificate: X509Certificate): boolean =>
  (pem.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? []).some(
    (block) => new X509Certificate(block).fingerprint256 === certificate.fingerprint256,
  );

const whereOf = ({ host, port }: Place): string => `${host}:${port}`;

function tlsFault(place: Place, expected: string, got: unknown, options = {}): AssayError {
  return new AssayError('oat-tls', whereOf(place), expected, got, options);
}

function told(place: Place, error: NodeJS.ErrnoException): AssayError {
  if (error instanceof AssayError) return error;
  const code = error.code ?? error.message;
  if (/^E(?!PROTO|RR_)[A-Z_]+$/.test(code))
    return new AssayError('https-unreachable', whereOf(place), 'a server that answers', code, { cause: error });
  const isOld = /VERSION|PROTOCOL|NO_SHARED|HANDSHAKE_FAILURE|CIPHER|DH_KEY|TOO_SMALL|TOO_WEAK/i.test(
    `${code} ${error.message}`,
  );
  const hint = isOld ? 'if it is so old that it speaks nothing newer than TLS 1.1: --old-tls' : '';
  return tlsFault(place, 'a TLS 1.2 or 1.3 handshake', code, { cause: error, hint });
}
