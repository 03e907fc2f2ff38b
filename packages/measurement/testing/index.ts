export { buildLog, type EventWish, editLog, frameOf } from './build-log.ts';
export { type CorpusLog, corpusLog, corpusLogs, expectedEvents, expectedPcrs, healthyLogs } from './corpus.ts';
