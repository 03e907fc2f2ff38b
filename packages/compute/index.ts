export { type Bootstrap, type BootstrapFlavor, bootstrap, labFlavors } from './bootstrap.ts';
export { type ImageSource, registerImage } from './image/register.ts';
export { type ComputeConf, options } from './options.ts';
export { allPoweredOff } from './storage/instances.ts';
export { openStorage } from './storage/open.ts';
