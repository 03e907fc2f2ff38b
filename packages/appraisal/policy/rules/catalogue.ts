// Every rule a host has to pass before its measurements are compared, in the order their findings are shown.
import type { Rule } from '../rule.ts';
import { continuity } from './continuity.ts';
import { dataDigests } from './data-digests.ts';
import { notes } from './notes.ts';
import { quotedPcrs } from './quoted-pcrs.ts';
import { separators } from './separators.ts';
import { softwareTpm } from './software-tpm.ts';
import { wholeLog } from './whole-log.ts';

export const rules: readonly Rule[] = [quotedPcrs, softwareTpm, continuity, wholeLog, notes, separators, dataDigests];
