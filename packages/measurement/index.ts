export { claimNameOf } from './claim-name.ts';
export type { Claim, ClaimName, Claims, KeyEntry, MeasuredThing, Withheld } from './claims/claims.ts';
export { claimsOf } from './claims/claims-of.ts';
export { loadOptionsOf } from './claims/command-line.ts';
export { commandWords } from './claims/command-words.ts';
export {
  type Attribution,
  type ComponentName,
  componentOfPcr,
  componentsOf,
  kernelEventOf,
  type Role,
} from './components.ts';
export type { BootEvent, EventKind, EventLog, EventOf, HashName, LogAlgorithm } from './event-log/event.ts';
export { linuxTags } from './event-log/events/tagged.ts';
export { exitBootServices, type Phases, phasesOf } from './event-log/order.ts';
export { parseEventLog } from './event-log/parse.ts';
export { dataVouchedFor, isVouchedFor } from './event-log/vouched.ts';
export { withDigests, writeEventLog } from './event-log/write.ts';
export { type BrokenLine, imaListFromAscii, isAsciiImaList } from './ima/ascii.ts';
export { type BootAggregate, bootAggregateOf, checkBootAggregate } from './ima/boot-aggregate.ts';
export { ImaFrames } from './ima/frame.ts';
export { KnownImaLines } from './ima/known-lines.ts';
export type {
  ImaCut,
  ImaEntry,
  ImaFields,
  ImaProblem,
  ImaProblemCode,
  ImaState,
  ImaTemplate,
} from './ima/list.ts';
export { imaPcr, readImaList } from './ima/read.ts';
export { replayIma } from './ima/replay.ts';
export { type ImaSignature, readImaSignature } from './ima/signature.ts';
export type { ImaFinding, ImaPart, ImaReplay } from './ima/walk.ts';
export { imaExtension, type WrittenImaEntry, writeImaEntry } from './ima/write.ts';
export { type PcrValues, replay, untouchedPcr } from './replay.ts';
export { authenticodeDigest, looksLikePe, type PeImage, type PeSection, readPe } from './uefi/authenticode.ts';
export { globalVariable, type VariableMeaning } from './uefi/variable-meaning.ts';
