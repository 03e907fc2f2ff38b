export {
  buildIma,
  derSequence,
  honestIma,
  type ImaWish,
  imaEntry,
  imaExtends,
  imaPcrValue,
  imaSignature,
  modernTemplates,
} from './build-ima.ts';
export { buildLog, type EventWish, editLog, frameOf } from './build-log.ts';
export { buildPe, type PeParts } from './build-pe.ts';
export { type CorpusLog, corpusLog, corpusLogs, expectedEvents, expectedPcrs, healthyLogs } from './corpus.ts';
export { type ToolsEvent, toolsEvents, toolsPcrs, unquoted, type Yaml } from './expected-yaml.ts';
export { hostileLogs } from './hostile-logs.ts';
export { mutants } from './mutants.ts';
export { replayImaSlowly, type SlowEntry } from './replay-ima-slowly.ts';
export { replaySlowly, type SlowEvent, type SlowLog } from './replay-slowly.ts';
export {
  action,
  application,
  grub,
  labelled,
  logGuids,
  secureBoot,
  separator,
  signatureList,
  variableData,
} from './wishes.ts';
