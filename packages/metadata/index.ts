export { type MetadataApiConf, options as apiOptions } from './api/options.ts';
export { type MetadataApi, startMetadataApi } from './api/server.ts';
