import { endorsement } from './endorsement.ts';
import { ima } from './ima.ts';
import { policy } from './policy.ts';
import { quote } from './quote.ts';
import { reference } from './reference.ts';
import type { Survivor } from './survivor.ts';
import { tags } from './tags.ts';
import { whole } from './whole.ts';

export type { Survivor } from './survivor.ts';

export const survivors: readonly Survivor[] = [
  ...whole,
  ...endorsement,
  ...ima,
  ...policy,
  ...quote,
  ...reference,
  ...tags,
];
