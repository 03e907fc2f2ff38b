// REST: hosts and their verdicts.   /v1/hosts …
import { type Static, Type } from 'typebox';
import { HostName, Instant } from '../bytes.ts';
import { Verdict } from '../verdict.ts';

/** POST /v1/hosts: only registered hosts may enrol. `ek_sha256` (hex, of the certificate's DER) pins the TPM. */
export const HostRegistration = Type.Object({
  name: HostName,
  ek_sha256: Type.Optional(Type.String({ pattern: '^[0-9a-f]{64}$' })),
});
export type HostRegistration = Static<typeof HostRegistration>;

export const Host = Type.Object({
  name: HostName,
  registered_at: Instant,
  enrolled_at: Type.Optional(Instant),
  ek_sha256: Type.Optional(Type.String()),
  ak_name: Type.Optional(Type.String()),
  connected: Type.Boolean(),
  /** As valid now: past its expiry it reads `unknown`. */
  verdict: Verdict,
  /** Milliseconds since `verified_at`. */
  age_ms: Type.Number(),
});
export type Host = Static<typeof Host>;

/** GET /v1/hosts */
export const HostList = Type.Object({ hosts: Type.Array(Host) });
export type HostList = Static<typeof HostList>;
