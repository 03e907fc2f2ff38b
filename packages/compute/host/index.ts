export { type ComputeHost, startComputeHost } from './compute-host.ts';
export { type ComputeHostConf, options as hostOptions } from './options.ts';
export { stopInstances } from './stop-instances.ts';
