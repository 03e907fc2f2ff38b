// Every migration, in order. One that was released never changes.
import { firstLight } from './0001-first-light.ts';

export const migrations = [firstLight];
