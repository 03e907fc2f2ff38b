export type { Fatal } from './failure.ts';
export type { Migration } from './migrate.ts';
export { openDatabase, openReadOnly } from './open.ts';
