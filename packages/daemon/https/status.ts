// Which HTTP status does a failure have? The only table; the first line that fits the code counts.
import { AssayError } from '@assay/core';

// A new code belongs here only when no ending below fits it.
const table: readonly (readonly [RegExp, number])[] = [
  [/^oat-not-implemented$/, 501],
  // OpenAttestation answers whatever it refuses with 400.
  [/^oat-/, 400],
  [/^storage-full$/, 507],
  [/^storage-(busy|unavailable)$/, 503],
  [/^storage-exists$/, 409],
  [/^storage-/, 500],
  [/^config-/, 500],
  [/^tls-peer$/, 403],
  [/^https-timeout$/, 504],
  [/^https-/, 502],
  [/^wire-/, 400],
  [/-(unauthorized|unauthenticated)$/, 401],
  [/-forbidden$/, 403],
  [/-(not-found|unknown)$/, 404],
  [/-not-allowed$/, 405],
  [/-not-acceptable$/, 406],
  [/-(exists|conflict|in-use|not-verified|brake|stale|retired|early)$/, 409],
  [/-gone$/, 410],
  [/-too-large$/, 413],
  [/-media-type$/, 415],
  [/-unprocessable$/, 422],
  [/-limit$/, 429],
  [/-not-implemented$/, 501],
  [/-unavailable$/, 503],
  [/-timeout$/, 504],
  [/-(invalid|value|syntax|missing|malformed|short|long)$/, 400],
  [/^request-/, 400],
];

/** 100–599; a failure nobody gave a status is ours: 500. */
export function statusOf(error: unknown): number {
  if (!(error instanceof AssayError)) return 500;
  return table.find(([code]) => code.test(error.code))?.[1] ?? 500;
}
