// What speaks against a host, one by one, and how much: a lie or a contradiction makes it untrusted, an absence unknown.
import { AssayError, shown } from '@assay/core';
import type { Component, Finding, Trust } from '@assay/protocol';

/** What cannot be decided for want of something on our side. Every other code makes a host untrusted. */
const undecided = new Set(['policy-empty', 'policy-pcrs-not-quoted', 'reference-missing']);

/** Codes that leave evidence sound: it says what happened, only that is not (yet) known to be good. */
const soundEvidence = new Set(['measurement-unknown', 'reference-missing']);

export const weight = ({ code }: Finding): Exclude<Trust, 'trusted'> => (undecided.has(code) ? 'unknown' : 'untrusted');

export const leavesEvidenceSound = ({ code }: Finding): boolean => soundEvidence.has(code);

type Place = { component?: Component; event?: number; pcr?: number };

/**
 * @param where a place one can go to: `event 10`, `PCR 4`, `TPMS_ATTEST.extraData`
 * @param seen as text: bytes in hex
 */
export const finding = (code: string, where: string, expected: string, seen: string, place: Place = {}): Finding => ({
  code,
  ...place,
  expected,
  seen,
  message: `${place.component ? `${componentName(place.component)}: ` : ''}${where}: expected ${shown(expected)}, got ${shown(seen)}`,
});

/** A check that threw, as a finding. What is not an AssayError is a bug and goes on being thrown. */
export function findingOf(error: unknown): Finding {
  if (!(error instanceof AssayError)) throw error;
  return { code: error.code, expected: error.expected, seen: shown(error.got), message: error.message };
}

/** `boot_loader` → `boot loader` */
export const componentName = (component: Component): string => component.replaceAll('_', ' ');

export const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
