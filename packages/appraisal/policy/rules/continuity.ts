// Did the TPM go on from where it was? See quote/continuity.ts.
import { continuityFindings } from '../../quote/continuity.ts';
import type { Rule } from '../rule.ts';

export const continuity: Rule = {
  name: 'continuity',
  find: ({ previous, tpm }) => continuityFindings(previous, tpm),
};
