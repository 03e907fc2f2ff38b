// Who compiles the code that the lab's services share? This process, once, before they start. They start at the same moment, and each
// would compile all of it, holding the TypeScript compiler in memory for as long as it lives.
import { flushCompileCache } from 'node:module';

/** Loads what the services will load, and puts it into Node's compile cache now instead of at our end. */
export async function compileServices(): Promise<void> {
  await Promise.all([
    import('@assay/agent'),
    import('@assay/attestation'),
    import('@assay/compute/host'),
    import('@assay/compute/server'),
    import('@assay/metadata'),
    import('@assay/metadata/proxy'),
    import('./supervise.ts'),
  ]);
  flushCompileCache();
}
