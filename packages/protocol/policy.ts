// The policy of a pool: what a host has to prove to be trusted in it. Written by operators as YAML or JSON, checked against this schema,
// kept in versions. What is not said is not asked for; a policy that asks for no component to be known good makes nobody trusted.
// Descriptions are for those who write one: docs/policy.schema.json is made of them, and editors show them.
import { type Static, Type } from 'typebox';
import { Instant } from './bytes.ts';
import type { Bank } from './evidence.ts';
import { TagDemands } from './tags.ts';

const poolName = '^[a-z0-9]([a-z0-9_.-]{0,61}[a-z0-9])?$';
const poolTitle = 'a name of a pool: lower-case letters, digits, and within it . _ -, at most 63 characters';
/** A pool's name, as `trust:pool` of a flavor has it. */
export const PoolName = Type.String({ pattern: poolName, title: poolTitle });
export type PoolName = Static<typeof PoolName>;

/** The pool that `trust:trusted_host` and PollHosts speak of. */
export const defaultPool = 'default';

const componentName = '^[a-z0-9]([a-z0-9_-]{0,61}[a-z0-9])?$';
const componentTitle = 'a name of a component: lower-case letters, digits, and within it _ -, like boot_loader';
/** The name of a component: one of the four, or that of an extra which a policy defines. */
export const ComponentName = Type.String({ pattern: componentName, title: componentTitle });
export type ComponentName = Static<typeof ComponentName>;

const LabelName = Type.String({ pattern: '^[A-Za-z0-9]([A-Za-z0-9_./-]{0,61}[A-Za-z0-9])?$' });
const LabelValue = Type.String({ maxLength: 255 });
/** Labels of a host; a pool's selector names those its hosts must have. */
export const Labels = Type.Record(LabelName, LabelValue, { additionalProperties: false, maxProperties: 64 });
export type Labels = Static<typeof Labels>;

/** A name that is not here is a mistake. */
const closed = (description: string) => ({ additionalProperties: false, description });
const Pcrs = (description: string) =>
  Type.Array(Type.Integer({ minimum: 0, maximum: 23 }), { minItems: 1, maxItems: 24, uniqueItems: true, description });
const Fingerprints = (description: string) =>
  Type.Array(
    Type.String({
      pattern: '^[0-9a-f]{64}$',
      title: 'a SHA-256: 64 hex digits, in lower case',
      description: 'SHA-256 of a certificate’s DER, or of a hash entry’s bytes: as `assay evidence show` prints it.',
    }),
    { description },
  );

const KeyRule = Type.Object(
  {
    require: Type.Optional(Fingerprints('Each of these has to be there.')),
    only: Type.Optional(Fingerprints('Nothing but these may be there.')),
    forbid: Type.Optional(Fingerprints('None of these may be there.')),
  },
  closed('Keys and hashes of one variable.'),
);

const Evidence = Type.Object(
  {
    max_age: Type.Optional(
      Type.Integer({
        minimum: 2,
        maximum: 604_800,
        description:
          'Seconds from verification after which a verdict is unknown. Absent: the server’s `verdict_lifetime`.',
      }),
    ),
    pcrs: Type.Optional(
      Type.Object(
        {
          sha256: Type.Optional(Pcrs('PCRs of the SHA-256 bank.')),
          sha384: Type.Optional(Pcrs('PCRs of the SHA-384 bank.')),
        } satisfies Record<Bank, unknown>,
        closed(
          'PCRs a quote has to cover, by bank; the banks named are those allowed. What a rule below needs is added. Absent: SHA-256, 0–10.',
        ),
      ),
    ),
  },
  closed('What evidence has to cover, and how long it is good.'),
);

const Tpm = Type.Object(
  {
    software: Type.Optional(Type.Boolean({ description: 'Whether a software TPM is enough (a lab). Absent: no.' })),
    virtual: Type.Optional(
      Type.Boolean({
        description: 'Whether a cloud’s virtual TPM is enough. Absent: yes, where the server accepts its CA.',
      }),
    ),
    vendors: Type.Optional(
      Type.Array(Type.String({ maxLength: 1000 }), {
        minItems: 1,
        description:
          'Makers, by the TCG’s ids as in `ek_vendors` (`INTC`), or by the subject of the CA that vouches (`CN=…`). Absent: all that the server accepts.',
      }),
    ),
  },
  closed('Which TPMs may vouch for a host.'),
);

const SecureBoot = Type.Object(
  {
    state: Type.Optional(Type.Literal('on', { description: '`on`: Secure Boot has to be proven to be on.' })),
    keys: Type.Optional(
      Type.Record(Type.String(), KeyRule, {
        description: 'By variable: PK, KEK, db, dbx. What is not proven is unknown.',
      }),
    ),
  },
  closed('Secure Boot and its keys, as the firmware measured them.'),
);

const CommandLine = Type.Object(
  {
    allow: Type.Optional(
      Type.Array(Type.String({ maxLength: 4096 }), {
        description:
          'Whole command lines that are good, without the path of the kernel; `*` stands for any run of characters but blanks, quotes and backslashes, and never for the word `--`. With one that fits, measurements of the command line need no reference value.',
      }),
    ),
    require: Type.Optional(
      Type.Array(Type.String({ maxLength: 1024 }), {
        description:
          'Each of these words has to be there: `lockdown=integrity`. Of several words of one name the last counts; what stands behind ` -- ` does not.',
      }),
    ),
    forbid: Type.Optional(
      Type.Array(Type.String({ maxLength: 1024 }), {
        description: 'None of these words may be there, wherever it stands; `*` stands for any characters: `init=*`.',
      }),
    ),
  },
  closed('The kernel’s command line.'),
);

const Ima = Type.Object(
  {
    required: Type.Optional(Type.Boolean({ description: 'Whether a host needs an IMA list at all. Absent: no.' })),
    files: Type.Optional(
      Type.Literal('known-good', {
        description:
          '`known-good`: every file measured has to be in an allow list or be signed. Absent: files are not judged.',
      }),
    ),
    exclude: Type.Optional(
      Type.Array(Type.String({ maxLength: 4096 }), {
        description: 'Paths that are not judged; `*` stands for characters but `/`, `**` for any.',
      }),
    ),
    signed_by: Type.Optional(
      Type.Array(Type.String({ maxLength: 65_536 }), {
        description: 'Certificates (PEM): a file with an IMA signature by one of them needs no allow list.',
      }),
    ),
  },
  closed('What the kernel’s IMA measured while the system runs.'),
);

export const PolicyDocument = Type.Object(
  {
    pool: Type.String({
      pattern: poolName,
      title: poolTitle,
      description: 'The pool whose policy this is: `default` is what `trust:trusted_host` means.',
    }),
    description: Type.Optional(Type.String({ maxLength: 1000, description: 'For people.' })),
    labels: Type.Optional(
      Type.Record(LabelName, LabelValue, {
        additionalProperties: false,
        maxProperties: 64,
        description: 'Which hosts are in the pool: those with all of these labels. Absent or empty: every host.',
      }),
    ),
    evidence: Type.Optional(Evidence),
    tpm: Type.Optional(Tpm),
    known_good: Type.Optional(
      Type.Array(ComponentName, {
        uniqueItems: true,
        description:
          'Components that have to be known good: of firmware, boot_loader, hypervisor, operating_system, and of `extras`. None: nobody is trusted.',
      }),
    ),
    extras: Type.Optional(
      Type.Array(
        Type.Object(
          {
            name: Type.String({ pattern: componentName, title: componentTitle, description: 'A name of its own.' }),
            pcrs: Pcrs('By whose values it is known.'),
          },
          closed('A component.'),
        ),
        {
          description:
            'Components beside the four: known good by the values of these PCRs (not 16 or 23, which anybody resets), which a quote then has to cover.',
        },
      ),
    ),
    secure_boot: Type.Optional(SecureBoot),
    command_line: Type.Optional(CommandLine),
    ima: Type.Optional(Ima),
    tags: Type.Optional({
      ...TagDemands,
      description:
        'Asset tags that the host’s own TPM has to certify, each with one of these values: `country: [DE, AT]`.',
    }),
    allowed_findings: Type.Optional(
      Type.Array(Type.String(), {
        description:
          'Codes of findings that are shown and do not count. Absent: those that healthy machines cannot help.',
      }),
    ),
  },
  closed('The policy of a pool: what a host has to prove to be trusted in it. What is not said is not asked for.'),
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
