export { type Apis, createApis, listenApis } from './apis.ts';
export { type Bootstrap, type BootstrapFlavor, bootstrap, labFlavors } from './bootstrap.ts';
export { type ImageSource, registerImage } from './image/register.ts';
export { type ComputeConf, options } from './options.ts';
export { openStorage } from './storage/open.ts';
