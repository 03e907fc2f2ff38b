export { type MetadataApiConf, options as apiOptions } from './api/options.ts';
export { type MetadataApi, startMetadataApi } from './api/server.ts';
export { type MetadataProxyConf, options as proxyOptions } from './proxy/options.ts';
export { type MetadataProxy, startMetadataProxy } from './proxy/server.ts';
