// What does the cloud offer when it comes up? Users, flavors and the image assay-mini, put where the compute API finds them.
import type { Secrets } from './secrets.ts';
import type { Lab } from './settings.ts';

/** Before the compute API starts; running it again changes nothing but passwords. */
export async function bootstrapCompute(_lab: Lab, _secrets: Secrets): Promise<void> {
  // the compute API is not there yet
}
