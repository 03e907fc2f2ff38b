// What may the metadata service know of an instance? Read from the compute service's database, never written.
import { openReadOnly } from '@assay/daemon/storage';
import { instanceById } from './storage/instances.ts';
import type { Tables, VmState } from './storage/tables.ts';

export type InstanceRecord = {
  readonly id: string;
  /** Counts from 1; EC2's `i-` id is this in hex. */
  readonly number: number;
  readonly name: string;
  readonly hostname: string;
  readonly projectId: string;
  readonly userId: string;
  /** Where it is now; undefined until a host is chosen. */
  readonly host: string | undefined;
  /** The host it was released to: set when that host may start it, after its ticket if it asks for trust. */
  readonly node: string | undefined;
  readonly vmState: VmState;
  readonly imageId: string;
  readonly kernelId: string;
  readonly ramdiskId: string;
  readonly flavorName: string;
  readonly keyName: string | undefined;
  readonly publicKey: string | undefined;
  /** Decoded; undefined when none was given. */
  readonly userData: Uint8Array | undefined;
  readonly metadata: Readonly<Record<string, string>>;
  readonly availabilityZone: string | undefined;
  readonly address: string;
  readonly mac: string;
  readonly reservationId: string;
  readonly launchIndex: number;
  /** RFC 3339 */
  readonly createdAt: string;
};

export type Records = {
  /** As it is at this moment; undefined for one that does not exist or is deleted. @throws AssayError `storage-…` */
  instance(id: string): Promise<InstanceRecord | undefined>;
  close(): Promise<void>;
};

/**
 * @param databaseUrl the compute service's `[database] connection`
 * @throws AssayError `storage-…` when the compute service has not made its tables yet
 */
export async function openRecords(databaseUrl: string): Promise<Records> {
  const db = await openReadOnly<Tables>(databaseUrl);
  try {
    await db.selectFrom('instances').select('id').limit(1).execute();
  } catch (error) {
    await db.destroy();
    throw error;
  }
  return {
    async instance(id) {
      const row = await instanceById(db, id);
      if (!row || row.vm_state === 'deleted') return undefined;
      return {
        id: row.id,
        number: row.number,
        name: row.name,
        hostname: row.hostname,
        projectId: row.project_id,
        userId: row.user_id,
        host: row.host ?? undefined,
        node: row.node ?? undefined,
        vmState: row.vm_state,
        imageId: row.image_id,
        kernelId: row.kernel_id,
        ramdiskId: row.ramdisk_id,
        flavorName: row.flavor.name,
        keyName: row.key_name ?? undefined,
        publicKey: row.public_key ?? undefined,
        userData: row.user_data === null ? undefined : Buffer.from(row.user_data, 'base64'),
        metadata: row.metadata,
        availabilityZone: row.availability_zone ?? undefined,
        address: row.address,
        mac: row.mac,
        reservationId: row.reservation_id,
        launchIndex: row.launch_index,
        createdAt: row.created_at,
      };
    },
    close: () => db.destroy(),
  };
}
