export * from './compute-nodes.ts';
export * from './decisions.ts';
export { allImages, type BootFile, type BootFiles, bootFilesOf, type Image, imageById } from './images.ts';
export { actionsOf, finishNewestAction, insertAction } from './instance-actions.ts';
export {
  addressOf,
  changeInstance,
  type Instance,
  type InstanceChange,
  insertInstances,
  instanceById,
  instancesOnHost,
  livingInstances,
  type NewInstance,
} from './instances.ts';
export { openStorage } from './open.ts';
export type * from './tables.ts';
