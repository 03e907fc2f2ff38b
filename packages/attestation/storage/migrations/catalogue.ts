// Every migration, in order. One that was released never changes.
import { firstLight } from './0001-first-light.ts';
import { evidenceInFull } from './0002-evidence-in-full.ts';
import { knownGoodInFull } from './0003-known-good.ts';
import { oat } from './0004-oat.ts';
import { tags } from './0005-tags.ts';

export const migrations = [firstLight, evidenceInFull, knownGoodInFull, oat, tags];
