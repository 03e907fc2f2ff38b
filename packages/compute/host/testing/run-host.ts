// A compute host as a process of its own, for tests that kill it: `node run-host.ts CONFIG`.
import { loadConfig, runDaemon } from '@assay/daemon';
import { hostOptions, startComputeHost } from '../index.ts';

await runDaemon('compute-host', (daemon) =>
  startComputeHost(loadConfig([process.argv[2] as string], hostOptions), daemon),
);
