// What does the cloud offer when it comes up? Users, flavors and the image assay-mini, put where the compute API finds them.
import { join } from 'node:path';
import { bootstrap, openStorage, registerImage } from '@assay/compute';
import type { Secrets } from './secrets.ts';
import type { Lab } from './settings.ts';

/** Before the compute API starts; running it again changes nothing but passwords. */
export async function bootstrapCompute({ paths }: Lab, secrets: Secrets, now = new Date()): Promise<void> {
  const db = await openStorage(`sqlite:${paths.compute.database}`);
  try {
    await bootstrap(db, { adminPassword: secrets.adminPassword, demoPassword: secrets.demoPassword }, now);
    const [kernelPath, initrdPath] = [join(paths.imageDir, 'kernel'), join(paths.imageDir, 'initrd')];
    await registerImage(db, paths.compute.images, { name: 'assay-mini', kernelPath, initrdPath }, now);
  } finally {
    await db.destroy();
  }
}
