// Did this guest ask for a session before it read? As with EC2's version 2: a token from a PUT, which the requests that a web
// application is tricked into cannot make. Says who may read nothing: that the metadata API decides.
import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto';

export const tokenPath = '/latest/api/token';
/** EC2's names, and Firecracker's that belong to no cloud. */
export const tokenHeaders = ['x-aws-ec2-metadata-token', 'x-metadata-token'] as const;
export const ttlHeaders = ['x-aws-ec2-metadata-token-ttl-seconds', 'x-metadata-token-ttl-seconds'] as const;
/** With any of these a request came through somebody else. */
export const relayHeaders = ['x-forwarded-for', 'forwarded', 'via'] as const;

export type SessionTokens = {
  /** @param ttlS 1–21600 */
  give(instance: string, ttlS: number): string;
  /** Of this instance, and not over? */
  holds(token: string, instance: string): boolean;
};

const mostTtlS = 21_600;
const endBytes = 6; // milliseconds since 1970
const macBytes = 32;

/**
 * The key follows from the shared secret: guests keep their tokens over a restart and a move to another host, and there is no
 * file to guard. Whoever has the secret could say a token was valid anyway.
 * @param now milliseconds since 1970
 */
export function sessionTokens(secret: string, now: () => number = Date.now): SessionTokens {
  const key = Buffer.from(hkdfSync('sha256', secret, '', 'assay-metadata-session-token', 32));
  const macOf = (end: Buffer, instance: string) => createHmac('sha256', key).update(end).update(instance).digest();
  return {
    give(instance, ttlS) {
      const end = Buffer.alloc(endBytes);
      end.writeUIntBE(Math.floor(now()) + ttlS * 1000, 0, endBytes);
      return Buffer.concat([end, macOf(end, instance)]).toString('base64url');
    },
    holds(token, instance) {
      if (!/^[\w-]{51}$/.test(token)) return false;
      const bytes = Buffer.from(token, 'base64url');
      // One spelling alone: the last letter has bits that decode to nothing.
      if (bytes.length !== endBytes + macBytes || bytes.toString('base64url') !== token) return false;
      const end = bytes.subarray(0, endBytes);
      if (!timingSafeEqual(bytes.subarray(endBytes), macOf(end, instance))) return false;
      const left = end.readUIntBE(0, endBytes) - now();
      return left > 0 && left <= mostTtlS * 1000; // a clock set back does not make tokens last
    },
  };
}

/** Seconds asked for; undefined for what is none from 1 to 21600. */
export function ttlOf(text: string | undefined): number | undefined {
  const seconds = /^[1-9]\d{0,4}$/.test(text ?? '') ? Number(text) : 0;
  return seconds >= 1 && seconds <= mostTtlS ? seconds : undefined;
}
