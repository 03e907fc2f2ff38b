export { type Challenge, startTestHost, type TestHost } from './host.ts';
export { connectPeer, type Peer } from './peer.ts';
export { learn, type Pool, startPool } from './pool.ts';
export { startTestServer, type TestServer, type TestServerOptions } from './server.ts';
export { type SlowHost, startSlowHost } from './slow-host.ts';
export { type Generation, oldTime, pikeTime, type StockAnswer, StockCrash, StockFilter } from './stock-filter.ts';
