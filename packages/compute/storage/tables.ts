// Which rows the compute service keeps: one interface a table, columns by Nova's, Keystone's and Glance's names.
// Times are RFC 3339 text in UTC with milliseconds, truth values 0 or 1, JSON is text: the same on SQLite and PostgreSQL.
import type { Generated } from 'kysely';

export type VmState = 'building' | 'active' | 'stopped' | 'error' | 'deleted';
export type TaskState =
  | 'scheduling'
  | 'spawning'
  | 'powering-off'
  | 'powering-on'
  | 'rebooting'
  | 'rebooting_hard'
  | 'deleting';
/** What the subscriber asked for last; a host that comes back is brought to it. */
export type Wanted = 'active' | 'stopped' | 'deleted';
/** `trust:trusted_host` of the flavor at the moment of boot; null: the flavor asks nothing. */
export type WantedTrust = 'trusted' | 'untrusted' | 'unknown';

export type InstancesTable = {
  id: string;
  /** Counts from 1: `instance-00000001`, the EC2 id, the address. */
  number: number;
  name: string;
  hostname: string;
  project_id: string;
  user_id: string;
  /** JSON: FlavorSnapshot */
  flavor: string;
  memory_mb: number;
  vcpus: number;
  root_gb: number;
  image_id: string;
  image_name: string;
  /** Images of the kernel and the ramdisk, as the image named them at boot. */
  kernel_id: string;
  ramdisk_id: string;
  key_name: string | null;
  public_key: string | null;
  /** base64, as the API got it */
  user_data: string | null;
  /** JSON: Record<string, string> */
  metadata: string;
  /** Zone the instance is in; null until a host is chosen. */
  availability_zone: string | null;
  /** `--availability-zone ZONE[:HOST]` */
  wanted_zone: string | null;
  wanted_host: string | null;
  host: string | null;
  /** hypervisor_hostname */
  node: string | null;
  vm_state: VmState;
  task_state: TaskState | null;
  /** nova.compute.power_state: 0 no state, 1 running, 3 paused, 4 shut down, 6 crashed. */
  power_state: number;
  wanted: Wanted;
  /** JSON: Fault */
  fault: string | null;
  address: string;
  mac: string;
  reservation_id: string;
  launch_index: number;
  trust: WantedTrust | null;
  /** `trust:pool` of the flavor at the moment of boot: whose policy decides on the host; null: the default pool's. */
  pool: string | null;
  /** JSON: TagDemands, `trust:tag:NAME` of the flavor at the moment of boot; null: none are asked for. */
  trust_tags: string | null;
  /** `req-…` of the request that made it. */
  request_id: string;
  created_at: string;
  updated_at: string;
  launched_at: string | null;
  terminated_at: string | null;
  deleted_at: string | null;
};

export type ComputeNodesTable = {
  id: string;
  /** Also the os-services id's row: one host is one node is one nova-compute. */
  number: number;
  service_id: string;
  host: string;
  hypervisor_hostname: string;
  zone: string;
  vcpus: number;
  memory_mb: number;
  local_gb: number;
  /** As Nova counts: 7002000 is 7.2.0 */
  hypervisor_version: number;
  /** Where its connection comes from. */
  host_ip: string;
  last_seen_at: string;
  disabled: number;
  disabled_reason: string | null;
  created_at: string;
  updated_at: string;
};

export type FlavorsTable = {
  /** Operators choose it (`1`, `tiny`): not a UUID. */
  id: string;
  name: string;
  memory_mb: number;
  vcpus: number;
  root_gb: number;
  ephemeral_gb: number;
  swap_mb: number;
  rxtx_factor: number;
  is_public: number;
  disabled: number;
  description: string | null;
  created_at: string;
};
export type FlavorExtraSpecsTable = { flavor_id: string; key: string; value: string };

export type KeypairsTable = {
  number: number;
  user_id: string;
  name: string;
  type: 'ssh' | 'x509';
  public_key: string;
  fingerprint: string;
  created_at: string;
};

export type ImagesTable = {
  id: string;
  name: string;
  status: 'active';
  visibility: 'public' | 'private';
  /** Project id, or null */
  owner: string | null;
  /** `ami` (kernel and ramdisk named in properties), `aki`, `ari` */
  container_format: string;
  disk_format: string;
  /** Bytes */
  size: number;
  min_ram: number;
  min_disk: number;
  /** 1: superseded; absent from lists, still there for those who know its id */
  os_hidden: number;
  /** MD5, hex: Glance's `checksum`. Never relied on. */
  checksum: string;
  /** Hex; the data is `[image] directory`/sha256. */
  sha256: string;
  /** SHA-512, hex: Glance's os_hash_value */
  sha512: string;
  /** JSON: Record<string, string>; `kernel_id` and `ramdisk_id` of an `ami` image. */
  properties: string;
  created_at: string;
  updated_at: string;
};

export type UsersTable = {
  id: string;
  name: string;
  domain_id: string;
  /** argon2id in PHC text form */
  password_hash: string;
  enabled: number;
  created_at: string;
};
export type ProjectsTable = {
  id: string;
  name: string;
  domain_id: string;
  description: string;
  enabled: number;
  created_at: string;
};
export type RolesTable = { id: string; name: string };
export type RoleAssignmentsTable = { user_id: string; project_id: string; role_id: string };
export type RevokedTokensTable = { token_id: string; expires_at: string };

export type DecisionsTable = {
  id: string;
  instance_id: string;
  request_id: string;
  /** 1, 2, 3 within one boot */
  attempt: number;
  /** The host that was chosen; null: none */
  host: string | null;
  /** JSON: HostDecision[], in the order they were considered */
  hosts: string;
  /** What came of it, filled in later: `started`, or why the chosen host did not start it. */
  outcome: string | null;
  created_at: string;
};

export type InstanceActionsTable = {
  /** One request does one thing to one instance: (instance_id, request_id) is the key. */
  instance_id: string;
  request_id: string;
  action: string;
  user_id: string;
  project_id: string;
  start_time: string;
  updated_at: string;
  /** `Error` when it failed, else null */
  message: string | null;
};

export type QuotasTable = { project_id: string; resource: string; hard_limit: number };
/** Next numbers; its rows are also what serializes inserts that must see each other (quotas, numbers). */
export type CountersTable = { name: string; value: Generated<number> };

export type Tables = {
  instances: InstancesTable;
  compute_nodes: ComputeNodesTable;
  flavors: FlavorsTable;
  flavor_extra_specs: FlavorExtraSpecsTable;
  keypairs: KeypairsTable;
  images: ImagesTable;
  users: UsersTable;
  projects: ProjectsTable;
  roles: RolesTable;
  role_assignments: RoleAssignmentsTable;
  revoked_tokens: RevokedTokensTable;
  decisions: DecisionsTable;
  instance_actions: InstanceActionsTable;
  quotas: QuotasTable;
  counters: CountersTable;
};

/** The flavor as it was at boot. What happens to the flavor later does not reach the instance. */
export type FlavorSnapshot = Pick<
  FlavorsTable,
  'id' | 'name' | 'memory_mb' | 'vcpus' | 'root_gb' | 'ephemeral_gb' | 'swap_mb'
> & { extra_specs: Record<string, string> };

/** Why an instance is in `error`. `details` is for administrators alone. */
export type Fault = { code: number; message: string; details: string; created: string };

/** What the scheduler said of one host. `filter` null: every filter passed it. */
export type HostDecision = { host: string; filter: string | null; reason: string | null };
