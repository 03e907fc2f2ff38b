// How long may the server take, and how much may it answer, where that is more than usual?

/** Of one question to the attestation server. */
export type Limits = { timeoutMs?: number; maxBytes?: number };

/** A change is rehearsed on the whole fleet's evidence, after those that are under way; learning asks a host. */
export const changeLimits: Limits = { timeoutMs: 180_000, maxBytes: 512 << 20 };

/** Contents: allow lists have a line for each file of a distribution. */
export const contentLimits: Limits = { timeoutMs: 120_000, maxBytes: 512 << 20 };
