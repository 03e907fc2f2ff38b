export { type AgentOptions, agentVersion, startAgent } from './agent.ts';
export { collectEvidence } from './collect/evidence.ts';
export { options } from './options.ts';
export { readAkState, writeAkState } from './state.ts';
