// Who holds this token, in which project? Signed, not stored (as Keystone's JWS provider): ES256, one hour, revocable.
// Says nothing of roles: those are read at each use, so that taking one away works at once.
import { createPublicKey, type KeyObject, randomUUID } from 'node:crypto';
import type { Clock } from '@assay/daemon';
import { jwtVerify, SignJWT } from 'jose';

/** What a token says. Times in seconds since 1970. */
export type TokenClaims = {
  /** Token id: audit id and the key of its revocation. */
  id: string;
  userId: string;
  /** null: unscoped */
  projectId: string | null;
  methods: string[];
  issuedAt: number;
  expiresAt: number;
};

export type Tokens = {
  issue(
    claims: Pick<TokenClaims, 'userId' | 'projectId' | 'methods'>,
    notAfter?: number,
  ): Promise<{ token: string; claims: TokenClaims }>;
  /** @returns undefined for whatever is not a valid token of ours at this moment */
  read(token: string): Promise<TokenClaims | undefined>;
};

const typ = 'assay-identity+jwt';
const issuer = 'assay-identity';

export function tokens(key: KeyObject, lifetimeS: number, clock: Clock): Tokens {
  const publicKey = createPublicKey(key);
  const nowS = () => Math.floor(clock.now().getTime() / 1000);
  return {
    async issue({ userId, projectId, methods }, notAfter = Number.POSITIVE_INFINITY) {
      const issuedAt = nowS();
      const expiresAt = Math.min(issuedAt + lifetimeS, notAfter);
      const id = randomUUID();
      const token = await new SignJWT({
        openstack_methods: methods,
        ...(projectId && { openstack_project_id: projectId }),
      })
        .setProtectedHeader({ alg: 'ES256', typ })
        .setIssuer(issuer)
        .setSubject(userId)
        .setIssuedAt(issuedAt)
        .setExpirationTime(expiresAt)
        .setJti(id)
        .sign(key);
      return { token, claims: { id, userId, projectId, methods, issuedAt, expiresAt } };
    },
    async read(token) {
      try {
        const { payload } = await jwtVerify(token, publicKey, {
          algorithms: ['ES256'],
          typ,
          issuer,
          currentDate: clock.now(),
          requiredClaims: ['sub', 'exp', 'iat', 'jti'],
        });
        const { sub, exp, iat, jti, openstack_project_id: project, openstack_methods: methods } = payload;
        if (!sub || !exp || !iat || !jti) return undefined;
        return {
          id: jti,
          userId: sub,
          projectId: typeof project === 'string' ? project : null,
          methods: Array.isArray(methods) ? methods.map(String) : [],
          issuedAt: iat,
          expiresAt: exp,
        };
      } catch {
        return undefined; // forged, expired or no token at all: to the client they are one
      }
    },
  };
}
