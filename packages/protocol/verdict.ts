// The verdict (RFC 9334 attestation result): what relying parties act on. Whoever reads one checks its time.
import { type Static, Type } from 'typebox';
import { HostName, Instant } from './bytes.ts';
import { ComponentName, PoolName } from './policy.ts';
import { Tags } from './tags.ts';

export const Trust = Type.Union([Type.Literal('trusted'), Type.Literal('untrusted'), Type.Literal('unknown')]);
export type Trust = Static<typeof Trust>;

/** OpenAttestation's BIOS and VMM grew by one: what each covers stands in docs/architecture.md. */
export const Component = Type.Union([
  Type.Literal('firmware'),
  Type.Literal('boot_loader'),
  Type.Literal('hypervisor'),
  Type.Literal('operating_system'),
]);
export type Component = Static<typeof Component>;
export const components: readonly Component[] = ['firmware', 'boot_loader', 'hypervisor', 'operating_system'];

/** `boot_loader` → `boot loader` */
export const componentName = (component: string): string => component.replaceAll('_', ' ');

/** One thing that speaks against a host. `code` is stable. */
export const Finding = Type.Object({
  code: Type.String(),
  /** Absent: the finding concerns the evidence as a whole. */
  component: Type.Optional(ComponentName),
  /** Number of the event in the boot log, from 0. */
  event: Type.Optional(Type.Integer()),
  /** Number of the entry in IMA's run-time list, from 0. */
  entry: Type.Optional(Type.Integer()),
  pcr: Type.Optional(Type.Integer()),
  /** The policy allows it: it is shown and does not count. */
  allowed: Type.Optional(Type.Boolean()),
  expected: Type.Optional(Type.String()),
  seen: Type.Optional(Type.String()),
  message: Type.String(),
});
export type Finding = Static<typeof Finding>;

export const ComponentResult = Type.Object({
  component: ComponentName,
  trust: Trust,
  reason: Type.String(),
  /** Whether the policy asks for it to be known good; absent: it does. */
  demanded: Type.Optional(Type.Boolean()),
  /** Ids of the reference values it is good by, or was. */
  values: Type.Optional(Type.Array(Type.String())),
});
export type ComponentResult = Static<typeof ComponentResult>;

export const Verdict = Type.Object({
  host: HostName,
  /** Whose policy decided. */
  pool: PoolName,
  /** Version of that policy; absent: there is none. */
  policy_version: Type.Optional(Type.Integer()),
  /** Counts changes of policies and reference values: what the verdict rests on. */
  revision: Type.Optional(Type.Integer()),
  trust: Trust,
  /** One line: why. */
  reason: Type.String(),
  /** One for each component, in the order of `components`, then the policy's extras. */
  components: Type.Array(ComponentResult),
  findings: Type.Array(Finding),
  /** The endorsement is a software TPM's: accepted only where configuration lists its CA as one. */
  software_tpm: Type.Boolean(),
  /** The endorsement is that of a virtual TPM, which a cloud made for its guest; absent where it is not. */
  virtual_tpm: Type.Optional(Type.Boolean()),
  /** Asset tags that the host's TPM certified in this round; absent: none. Who acts on them wants the host trusted as well. */
  tags: Type.Optional(Tags),
  /** Hex TPM2B_NAME content of the AK whose signature was verified; absent when none was. */
  ak_name: Type.Optional(Type.String()),
  /** SHA-256 of quote, signature and log, hex; absent when there was no evidence. */
  evidence_sha256: Type.Optional(Type.String()),
  /** TPMS_CLOCK_INFO of the quote; decimal text where 64 bits wide. */
  reset_count: Type.Optional(Type.Integer()),
  restart_count: Type.Optional(Type.Integer()),
  /** When the evidence was verified. */
  verified_at: Instant,
  /** From this instant on the verdict is `unknown`, whoever reads it. */
  expires_at: Instant,
});
export type Verdict = Static<typeof Verdict>;
