// Every rule a boot log has to pass before its measurements are compared, in the order their findings are shown.
import type { Rule } from '../rule.ts';
import { afterSeparator, knownTypes } from './after-separator.ts';
import { dataDigests } from './data-digests.ts';
import { bootCall, bootExit } from './hand-over.ts';
import { notes } from './notes.ts';
import { revoked } from './revoked.ts';
import { secureBoot } from './secure-boot.ts';
import { separators } from './separators.ts';
import { wholeLog } from './whole-log.ts';

export const rules: readonly Rule[] = [
  wholeLog,
  notes,
  separators,
  dataDigests,
  knownTypes,
  afterSeparator,
  secureBoot,
  bootCall,
  bootExit,
  revoked,
];
