export { type Clock, systemClock } from './clock.ts';
export { type Conf, loadConfig } from './config/load.ts';
export {
  flag,
  integer,
  list,
  multi,
  number,
  type Option,
  oneOf,
  path,
  port,
  type Sections,
  secret,
  text,
} from './config/option.ts';
export { sampleFile } from './config/sample.ts';
export { isSlip } from './config/strangers.ts';
export {
  checkServerName,
  connectionFailure,
  type HttpsAnswer,
  type HttpsRequest,
  httpsAgent,
  httpsRequest,
} from './https/client.ts';
export { readCa, readPem, readTlsFiles, type TlsFiles } from './https/files.ts';
export { hostOf, peerHost } from './https/peer.ts';
export { watchFiles } from './https/watch-files.ts';
export { takeLock } from './lock.ts';
export { createLog, type Level, type Log } from './log.ts';
export { type PrivateFile, placeOf, readOrMakePrivate, readPrivate } from './private-file.ts';
export { isAlive, type ProcessId, processOf, signalProcess } from './process.ts';
export { signingKey } from './signing-key.ts';
export { type Daemon, lineFor, runDaemon, type Stop } from './stop.ts';
export { connectUnix, listenError, listenUnix } from './unix-socket.ts';
