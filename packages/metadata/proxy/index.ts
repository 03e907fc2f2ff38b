export { type MetadataProxyConf, options as proxyOptions } from './options.ts';
export { type MetadataProxy, startMetadataProxy } from './server.ts';
