// REST: the known-good database.   /v1/reference …
import { type Static, type TSchema, Type } from 'typebox';
import { Hex, HostName, Instant } from '../bytes.ts';
import { Bank } from '../evidence.ts';
import { ComponentName } from '../policy.ts';
import { changeFields, Rehearsal } from './change.ts';

/** By algorithm: more of them than any TPM has banks are there to keep the server busy. */
const Digests = <T extends TSchema>(digest: T) => Type.Record(Type.String(), digest, { maxProperties: 16 });

/** One measurement as the boot log records it. */
export const ReferenceEvent = Type.Object({
  pcr: Type.Integer(),
  /** Name of the event type (TCG PC Client PFP), or `0x…`. */
  type: Type.String(),
  /** Hex, by bank. */
  digests: Digests(Type.String()),
  /** What was measured, in words: claimed by the log unless the digest vouches for it. */
  description: Type.String(),
  /** As a `ReferenceMeasurement` has it. Absent in what the first releases learnt: then the description begins with it. */
  claim: Type.Optional(Type.String({ maxLength: 100 })),
});
export type ReferenceEvent = Static<typeof ReferenceEvent>;

/** One measurement a component may have, wherever a boot log has it: known by what was measured. */
export const ReferenceMeasurement = Type.Object({
  /** `kernel image`, `secure boot db`, …: see `claimNameOf` of @assay/measurement. */
  claim: Type.String({ maxLength: 100 }),
  /** Hex, by bank. */
  digests: Digests(Hex),
  /** In words: the name of a file, of an event. */
  description: Type.String({ maxLength: 1000 }),
});
export type ReferenceMeasurement = Static<typeof ReferenceMeasurement>;

/** A file that IMA may measure. */
export const ReferenceFile = Type.Object({
  path: Type.String({ maxLength: 4096 }),
  /** Hex, by hash algorithm as IMA names it: `sha256`. */
  digests: Digests(Hex),
});
export type ReferenceFile = Static<typeof ReferenceFile>;

/** Banks of known PCR values. `sha1` stands in OpenAttestation's white lists: it is kept, and never matches, for no quote is taken over it. */
export const KnownBank = Type.Union([Bank, Type.Literal('sha1')]);
export type KnownBank = Static<typeof KnownBank>;

/** What a value says is good. */
export const ReferenceContent = Type.Union([
  /** All of what the component measures, in this order, as a golden host did; nothing: none is measured. */
  Type.Object({ form: Type.Literal('sequence'), events: Type.Array(ReferenceEvent, { maxItems: 8192 }) }),
  /** Single measurements: each may stand wherever one of its claim is expected. */
  Type.Object({
    form: Type.Literal('measurements'),
    measurements: Type.Array(ReferenceMeasurement, { maxItems: 8192 }),
  }),
  /** Values of PCRs: with all of them the component's measurements in these PCRs are good. */
  Type.Object({
    form: Type.Literal('pcr-values'),
    values: Type.Array(Type.Object({ bank: KnownBank, pcr: Type.Integer({ minimum: 0, maximum: 23 }), value: Hex }), {
      maxItems: 72,
    }),
    /** The white list of the OpenAttestation MLE with this vendor, name and version: those of others may have the same values. */
    mle: Type.Optional(Type.Literal(true)),
  }),
  /** An allow list for IMA. */
  Type.Object({ form: Type.Literal('files'), files: Type.Array(ReferenceFile, { maxItems: 200_000 }) }),
]);
export type ReferenceContent = Static<typeof ReferenceContent>;

/** `next`: of an update that is under way, good beside what it replaces. `retired`: was good once, and is not. */
export const ReferenceState = Type.Union([Type.Literal('next'), Type.Literal('current'), Type.Literal('retired')]);
export type ReferenceState = Static<typeof ReferenceState>;

/** Where a value comes from. */
export const ReferenceSource = Type.Object({
  kind: Type.Union([
    Type.Literal('host'),
    Type.Literal('accepted'),
    Type.Literal('package'),
    Type.Literal('file'),
    Type.Literal('list'),
    Type.Literal('tree'),
    Type.Literal('import'),
  ]),
  /** The host, the file, the package. */
  name: Type.String({ maxLength: 1000 }),
  /** SHA-256 of what was read: the package, the list, the host's evidence. */
  sha256: Type.Optional(Hex),
});
export type ReferenceSource = Static<typeof ReferenceSource>;

const said = {
  component: ComponentName,
  /** As an OpenAttestation MLE has them. */
  vendor: Type.Optional(Type.String({ maxLength: 255 })),
  name: Type.Optional(Type.String({ maxLength: 255 })),
  version: Type.Optional(Type.String({ maxLength: 255 })),
};

/** One thing that is known to be good, or was. */
export const ReferenceValue = Type.Object({
  /** Hash of component and content: the same value is there once. */
  id: Type.String(),
  ...said,
  content: ReferenceContent,
  state: ReferenceState,
  /** Not good before this instant. */
  from: Type.Optional(Instant),
  /** Of a `next`: when what it replaces is retired and it becomes current. Absent: when somebody says so. */
  until: Type.Optional(Instant),
  /** Of a `next`: ids of the values it is to replace. */
  replaces: Type.Optional(Type.Array(Type.String())),
  source: ReferenceSource,
  /** Who added it, by their own word, when, and why. */
  by: Type.String(),
  because: Type.Optional(Type.String()),
  added_at: Instant,
  retired_at: Type.Optional(Instant),
  /** Why it was retired. */
  retired_because: Type.Optional(Type.String({ maxLength: 1000 })),
});
export type ReferenceValue = Static<typeof ReferenceValue>;

/** How values are named that are to be changed: by their ids, or beginnings long enough to be meant. */
export const ReferenceIds = Type.Array(
  Type.String({ pattern: '^[0-9a-f]{6,64}$', title: 'the id of a value, or at least 6 characters of how it begins' }),
  { minItems: 1, maxItems: 1000 },
);

/** A window for an update: values enter as `next`. */
export const UpdateWindow = Type.Object({
  from: Type.Optional(Instant),
  until: Type.Optional(Instant),
  /** Absent: the current values of the same component, form and `name`, where a value has a name. */
  replaces: Type.Optional(Type.Array(ReferenceIds.items, { maxItems: 1000 })),
});
export type UpdateWindow = Static<typeof UpdateWindow>;
const windowFields = { next: Type.Optional(UpdateWindow) };

/** When and why values were retired elsewhere: they enter as that, and make nothing good. */
export const Retirement = Type.Object({
  at: Type.Optional(Instant),
  because: Type.Optional(Type.String({ maxLength: 1000 })),
});
export type Retirement = Static<typeof Retirement>;

/** POST /v1/reference: values from anywhere. */
export const NewReferenceValue = Type.Object({ ...said, content: ReferenceContent, source: ReferenceSource });
export type NewReferenceValue = Static<typeof NewReferenceValue>;
export const ReferenceRequest = Type.Object({
  values: Type.Array(NewReferenceValue, { minItems: 1, maxItems: 1000 }),
  ...windowFields,
  /** Not with `next`. */
  retired: Type.Optional(Retirement),
  ...changeFields,
});
export type ReferenceRequest = Static<typeof ReferenceRequest>;

/** POST /v1/reference/learn: those of a golden host, which is asked anew. */
export const LearnRequest = Type.Object({
  host: HostName,
  /** Absent: all. */
  components: Type.Optional(Type.Array(ComponentName)),
  vendor: Type.Optional(Type.String({ maxLength: 255 })),
  name: Type.Optional(Type.String({ maxLength: 255 })),
  version: Type.Optional(Type.String({ maxLength: 255 })),
  ...windowFields,
  ...changeFields,
});
export type LearnRequest = Static<typeof LearnRequest>;

/** POST /v1/reference/retire, …/promote, …/remove: all of them, or none. */
export const ReferenceChangeRequest = Type.Object({ ids: ReferenceIds, ...changeFields });
export type ReferenceChangeRequest = Static<typeof ReferenceChangeRequest>;

/** POST /v1/reference/reinstate: retired values become `next` again, beside what they are to replace. */
export const ReinstateRequest = Type.Object({ ids: ReferenceIds, ...windowFields, ...changeFields });
export type ReinstateRequest = Static<typeof ReinstateRequest>;

/** With `dry_run` what would be added. */
export const LearnResult = Type.Object({
  added: Type.Array(ReferenceValue),
  known: Type.Array(ReferenceValue),
  rehearsal: Type.Optional(Rehearsal),
});
export type LearnResult = Static<typeof LearnResult>;

/** In lists the content is counted, and given when asked for. */
export const ReferenceSummary = Type.Object({
  ...ReferenceValue.properties,
  content: Type.Optional(ReferenceContent),
  form: Type.String(),
  /** Events, measurements, PCR values or files. */
  count: Type.Integer(),
  /** Hosts whose present verdict rests on it. */
  hosts: Type.Array(HostName),
  /** Hosts that are not heard any more: their verdict rested on it, and has expired. */
  hosts_last_heard: Type.Optional(Type.Array(HostName)),
});
export type ReferenceSummary = Static<typeof ReferenceSummary>;

/** GET /v1/reference; `?content=1` with contents: what an export is made of. */
export const ReferenceList = Type.Object({ values: Type.Array(ReferenceSummary) });
export type ReferenceList = Static<typeof ReferenceList>;

/**
 * What became of them. `promote`: a `next` becomes current, what it replaces is retired. `remove`: 409 `reference-in-use` while a verdict rests on one,
 * recorded evidence needs it, or a `next` is to replace it. 409 `reference-brake` as with policies; `reference-state-conflict` for a value in another
 * state; `reference-id-conflict` where several ids begin so.
 */
export const ReferenceChangeResult = Type.Object({ values: Type.Array(ReferenceSummary), rehearsal: Rehearsal });
export type ReferenceChangeResult = Static<typeof ReferenceChangeResult>;
