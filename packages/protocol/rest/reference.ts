// REST: reference values.   POST /v1/reference/learn takes those of a golden host, GET /v1/reference lists them.
import { type Static, Type } from 'typebox';
import { HostName, Instant } from '../bytes.ts';
import { Component } from '../verdict.ts';

/** `dry_run`: say what would be added and add nothing. */
export const LearnRequest = Type.Object({ host: HostName, dry_run: Type.Optional(Type.Boolean()) });
export type LearnRequest = Static<typeof LearnRequest>;

/** One measurement as the boot log records it. */
export const ReferenceEvent = Type.Object({
  pcr: Type.Integer(),
  /** Name of the event type (TCG PC Client PFP), or `0x…`. */
  type: Type.String(),
  /** Hex, by bank. */
  digests: Type.Record(Type.String(), Type.String()),
  /** What was measured, in words: claimed by the log unless the digest vouches for it. */
  description: Type.String(),
});
export type ReferenceEvent = Static<typeof ReferenceEvent>;

/** A component as known good: these measurements, in this order. */
export const ReferenceValue = Type.Object({
  id: Type.String(),
  component: Component,
  events: Type.Array(ReferenceEvent),
  /** Who or what added it, from where, when. */
  source: Type.String(),
  added_at: Instant,
});
export type ReferenceValue = Static<typeof ReferenceValue>;

export const LearnResult = Type.Object({
  added: Type.Array(ReferenceValue),
  known: Type.Array(ReferenceValue),
});
export type LearnResult = Static<typeof LearnResult>;

export const ReferenceList = Type.Object({ values: Type.Array(ReferenceValue) });
export type ReferenceList = Static<typeof ReferenceList>;
