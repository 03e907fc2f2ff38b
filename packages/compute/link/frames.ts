// What compute API and compute host say to each other: one JSON text per WebSocket message, one `type` each.
// The host opens the connection; who it is stands in its client certificate, never in a frame.
import { HostName, PoolName, Uuid } from '@assay/protocol';
import { type Static, Type } from 'typebox';

const Sha256 = Type.String({ pattern: '^[0-9a-f]{64}$' });
const Request = Type.Integer({ minimum: 1 });

/** Longer messages end the connection. */
export const maxFrameBytes = 2 << 20;
/** On one host. */
export const mostInstances = 10_000;

/** A file the host fetches by HTTPS from the same listener: `filePath`. */
export const BootFile = Type.Object({ sha256: Sha256, size: Type.Integer({ minimum: 1, maximum: 4 * 2 ** 30 }) });
export type BootFile = Static<typeof BootFile>;
export const FileKind = Type.Union([Type.Literal('kernel'), Type.Literal('ramdisk')]);
export type FileKind = Static<typeof FileKind>;
export const filePath = (instance: string, kind: FileKind): string => `/v1/instances/${instance}/files/${kind}`;

/** What a host must know of an instance to run it. Memory in MB. */
export const InstanceSpec = Type.Object({
  id: Uuid,
  project_id: Type.String({ pattern: '^[0-9a-f]{32}$' }),
  memory_mb: Type.Integer({ minimum: 1, maximum: 1 << 24 }),
  vcpus: Type.Integer({ minimum: 1, maximum: 1024 }),
  mac: Type.String({ pattern: '^[0-9a-f]{2}(:[0-9a-f]{2}){5}$' }),
  address: Type.String({ format: 'ipv4' }),
  /** Frozen at boot; `trusted` makes the host demand a ticket at every start. */
  trust: Type.Union([Type.Literal('trusted'), Type.Literal('untrusted'), Type.Literal('unknown'), Type.Null()]),
  /** Frozen with it: the pool its tickets must name; null or absent: the default one. */
  pool: Type.Optional(Type.Union([PoolName, Type.Null()])),
  kernel: BootFile,
  ramdisk: BootFile,
});
export type InstanceSpec = Static<typeof InstanceSpec>;

/** Compact JWS of the attestation server. */
export const TicketText = Type.String({
  maxLength: 4096,
  pattern: '^[A-Za-z0-9_-]+\\.[A-Za-z0-9_-]+\\.[A-Za-z0-9_-]+$',
});

/** Why an instance does not run: its guest ended, its host went down in order, or it was told to. */
export const EndedBy = Type.Union([Type.Literal('guest'), Type.Literal('host'), Type.Literal('request')]);
export type EndedBy = Static<typeof EndedBy>;

/** `ended_by` absent on what does not run: nobody saw it end. */
export const InstanceState = Type.Object({
  id: Uuid,
  running: Type.Boolean(),
  ended_by: Type.Optional(EndedBy),
});
export type InstanceState = Static<typeof InstanceState>;

/** First frame of a connection: what the host is, and everything that is on it. */
export const Register = Type.Object({
  type: Type.Literal('register'),
  hypervisor_hostname: HostName,
  /** Shown to every subscriber, on terminals too. */
  zone: Type.String({ pattern: '^[^:\\p{Cc}\\p{Cf}\\p{Cs}\\p{Zl}\\p{Zp}]{1,255}$' }),
  vcpus: Type.Integer({ minimum: 1, maximum: 1 << 16 }),
  memory_mb: Type.Integer({ minimum: 1, maximum: 2 ** 30 }),
  local_gb: Type.Integer({ minimum: 0, maximum: 2 ** 30 }),
  /** As Nova counts: 7.2.22 is 7002022. */
  hypervisor_version: Type.Integer({ minimum: 0 }),
  /** Going down in order: nothing is to be started on it. */
  stopping: Type.Boolean(),
  instances: Type.Array(InstanceState, { maxItems: mostInstances }),
});
export type Register = Static<typeof Register>;

/** Something changed that nobody had asked for just then. */
export const Status = Type.Object({
  type: Type.Literal('status'),
  instance: InstanceState,
  reason: Type.String({ maxLength: 1000 }),
});
export type Status = Static<typeof Status>;

export const Answer = Type.Object({
  type: Type.Literal('answer'),
  request: Request,
  /** Absent: done. */
  error: Type.Optional(
    Type.Object({ code: Type.String({ maxLength: 100 }), message: Type.String({ maxLength: 4000 }) }),
  ),
  /** Of `console`. */
  output: Type.Optional(Type.String()),
});
export type Answer = Static<typeof Answer>;

export const Heartbeat = Type.Object({ type: Type.Literal('heartbeat') });

export const FromHost = Type.Union([Register, Heartbeat, Status, Answer]);
export type FromHost = Static<typeof FromHost>;

const aboutInstance = { request: Request, instance: Uuid };
/** Answered when the guest runs. Repeating it for a guest that runs changes nothing. */
export const Start = Type.Object({
  type: Type.Literal('start'),
  request: Request,
  spec: InstanceSpec,
  ticket: Type.Optional(TicketText),
});
/** Asks the guest to power off, ends it after its time; answered when it is off. */
export const Stop = Type.Object({ type: Type.Literal('stop'), ...aboutInstance });
/** Ends it at once and forgets it, with its console log. */
export const Remove = Type.Object({ type: Type.Literal('remove'), ...aboutInstance });
export const Reboot = Type.Object({
  type: Type.Literal('reboot'),
  ...aboutInstance,
  ticket: Type.Optional(TicketText),
});
/** The last `lines` lines of its console, all that is kept without. */
export const Console = Type.Object({
  type: Type.Literal('console'),
  ...aboutInstance,
  lines: Type.Optional(Type.Integer({ minimum: 0 })),
});
export const Command = Type.Union([Start, Stop, Remove, Reboot, Console]);
export type Command = Static<typeof Command>;

/** The registration was taken; a heartbeat is expected every so often. */
export const Registered = Type.Object({
  type: Type.Literal('registered'),
  heartbeat_ms: Type.Integer({ minimum: 10, maximum: 3_600_000 }),
});
export const FromApi = Type.Union([Registered, Command]);
export type FromApi = Static<typeof FromApi>;

/** A command without its number: what the conductor asks for. */
export type Order = Command extends infer C ? (C extends Command ? Omit<C, 'request'> : never) : never;
