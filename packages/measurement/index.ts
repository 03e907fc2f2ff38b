export type { Claim, Claims, KeyEntry, MeasuredThing } from './claims/claims.ts';
export { type Attribution, type ComponentName, componentOfPcr, componentsOf, kernelEventOf } from './components.ts';
export type { BootEvent, EventKind, EventLog, EventOf, HashName, LogAlgorithm } from './event-log/event.ts';
export { globalVariable } from './event-log/events/variable.ts';
export { dataVouchedFor, parseEventLog } from './event-log/parse.ts';
export { withDigests, writeEventLog } from './event-log/write.ts';
export type { ImaEntry, ImaFields, ImaState, ImaTemplate } from './ima/list.ts';
export { type PcrValues, replay, untouchedPcr } from './replay.ts';
