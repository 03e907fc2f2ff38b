// Every change of the tables, in order. A migration that was released is never edited.
import { firstLight } from './0001-first-light.ts';
import { pools } from './0002-pools.ts';
import { tags } from './0003-tags.ts';

export const migrations = [firstLight, pools, tags];
