export { startAgent } from './agent.ts';
export { options } from './options.ts';
export { readAkState } from './state.ts';
