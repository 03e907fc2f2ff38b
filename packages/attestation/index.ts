export { type AttestationOptions, options } from './options.ts';
export type { Change, Registry } from './registry/registry.ts';
export type { Standing } from './registry/standing.ts';
export { type AttestationServer, startAttestationServer } from './server.ts';
