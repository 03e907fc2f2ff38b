// The policy of a pool: what a host has to prove to be trusted in it. Written by operators as YAML or JSON, checked against this schema,
// kept in versions. What is not said is not asked for; a policy that asks for no component to be known good makes nobody trusted.
import { type Static, Type } from 'typebox';
import { Instant } from './bytes.ts';
import type { Bank } from './evidence.ts';

/** A pool's name, as `trust:pool` of a flavor has it. */
export const PoolName = Type.String({ pattern: '^[a-z0-9]([a-z0-9_.-]{0,61}[a-z0-9])?$' });
export type PoolName = Static<typeof PoolName>;

/** The pool that `trust:trusted_host` and PollHosts speak of. */
export const defaultPool = 'default';

/** The name of a component: one of the four, or that of an extra which a policy defines. */
export const ComponentName = Type.String({ pattern: '^[a-z0-9]([a-z0-9_-]{0,61}[a-z0-9])?$' });
export type ComponentName = Static<typeof ComponentName>;

/** Labels of a host; a pool's selector names those its hosts must have. */
export const Labels = Type.Record(
  Type.String({ pattern: '^[A-Za-z0-9]([A-Za-z0-9_./-]{0,61}[A-Za-z0-9])?$' }),
  Type.String({ maxLength: 255 }),
  { additionalProperties: false },
);
export type Labels = Static<typeof Labels>;

const closed = { additionalProperties: false };
const Pcrs = Type.Array(Type.Integer({ minimum: 0, maximum: 23 }), { minItems: 1, maxItems: 24, uniqueItems: true });
/** SHA-256 of a certificate's DER, or of a hash entry's bytes: as `assay evidence show` prints it. */
const Fingerprint = Type.String({ pattern: '^[0-9a-f]{64}$' });

const KeyRule = Type.Object(
  {
    /** Each of these has to be there. */
    require: Type.Optional(Type.Array(Fingerprint)),
    /** Nothing but these may be there. */
    only: Type.Optional(Type.Array(Fingerprint)),
    /** None of these may be there. */
    forbid: Type.Optional(Type.Array(Fingerprint)),
  },
  closed,
);

export const PolicyDocument = Type.Object(
  {
    pool: PoolName,
    description: Type.Optional(Type.String({ maxLength: 1000 })),
    /** Which hosts are in the pool: those with all of these labels. Absent or empty: every host. */
    labels: Type.Optional(Labels),
    evidence: Type.Optional(
      Type.Object(
        {
          /** Seconds from verification after which a verdict is unknown. Absent: the server's `verdict_lifetime`. */
          max_age: Type.Optional(Type.Integer({ minimum: 2, maximum: 604_800 })),
          /** PCRs a quote has to cover, by bank; the banks named are those allowed. Absent: SHA-256, 0–10. */
          pcrs: Type.Optional(
            Type.Partial(Type.Object({ sha256: Pcrs, sha384: Pcrs } satisfies Record<Bank, unknown>, closed)),
          ),
        },
        closed,
      ),
    ),
    tpm: Type.Optional(
      Type.Object(
        {
          /** Whether a software TPM is enough (a lab). Absent: no. */
          software: Type.Optional(Type.Boolean()),
          /** Whether a cloud's virtual TPM is enough. Absent: yes, where the server accepts its CA. */
          virtual: Type.Optional(Type.Boolean()),
          /** Makers, by the ids of `ek_vendors` or TCG vendor ids (`INTC`). Absent: all that the server accepts. */
          vendors: Type.Optional(Type.Array(Type.String(), { minItems: 1 })),
        },
        closed,
      ),
    ),
    /** Components that have to be known good: of the four, and of `extras`. None: nobody is trusted. */
    known_good: Type.Optional(Type.Array(ComponentName, { uniqueItems: true })),
    /** Components beside the four: known good by the values of these PCRs, which a quote then has to cover. */
    extras: Type.Optional(Type.Array(Type.Object({ name: ComponentName, pcrs: Pcrs }, closed))),
    secure_boot: Type.Optional(
      Type.Object(
        {
          /** `on`: proven to be on. */
          state: Type.Optional(Type.Literal('on')),
          /** By variable: PK, KEK, db, dbx, MokList, … */
          keys: Type.Optional(Type.Record(Type.String(), KeyRule)),
        },
        closed,
      ),
    ),
    command_line: Type.Optional(
      Type.Object(
        {
          /**
           * Whole command lines that are good, without the path of the kernel; `*` stands for any run of characters but blanks. With one that fits, measurements of the
           * command line need no reference value.
           */
          allow: Type.Optional(Type.Array(Type.String({ maxLength: 4096 }))),
          /** Each of these words has to be there: `lockdown=integrity`. */
          require: Type.Optional(Type.Array(Type.String({ maxLength: 1024 }))),
          /** None of these words may be there; `*` as above: `init=*`. */
          forbid: Type.Optional(Type.Array(Type.String({ maxLength: 1024 }))),
        },
        closed,
      ),
    ),
    ima: Type.Optional(
      Type.Object(
        {
          /** Whether a host needs an IMA list at all. Absent: no. */
          required: Type.Optional(Type.Boolean()),
          /** `known-good`: every file measured has to be in an allow list or be signed. Absent: files are not judged. */
          files: Type.Optional(Type.Literal('known-good')),
          /** Paths that are not judged; `*` stands for characters but `/`, `**` for any. */
          exclude: Type.Optional(Type.Array(Type.String({ maxLength: 4096 }))),
          /** Certificates (PEM): a file with an IMA signature by one of them needs no allow list. */
          signed_by: Type.Optional(Type.Array(Type.String({ maxLength: 65_536 }))),
        },
        closed,
      ),
    ),
    /** Codes of findings that are shown and do not count. Absent: those that healthy machines cannot help. */
    allowed_findings: Type.Optional(Type.Array(Type.String())),
  },
  closed,
);
export type PolicyDocument = Static<typeof PolicyDocument>;

/** One version of a pool's policy. */
export const PolicyVersion = Type.Object({
  pool: PoolName,
  /** From 1. */
  version: Type.Integer({ minimum: 1 }),
  /** Null: with this version the pool's policy was removed. */
  document: Type.Union([PolicyDocument, Type.Null()]),
  applied_at: Instant,
  /** Who, by their own word. */
  by: Type.String(),
  because: Type.Optional(Type.String()),
});
export type PolicyVersion = Static<typeof PolicyVersion>;
