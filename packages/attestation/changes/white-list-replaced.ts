// Did a white list's own script retire it, by writing another one? That one may come back as it went; what somebody retired by hand may not.
// The reason tells them apart: nobody who retires by hand writes it so.
import type { ReferenceValue } from '@assay/protocol';

const replaced = 'OAT API: no longer on its white list';
const longestReason = 1000;

export const becauseReplaced = (because: string | undefined): string =>
  `${replaced}${because ? `: ${because}` : ''}`.slice(0, longestReason);

export const isReplaced = ({ state, retired_because: why = '' }: ReferenceValue): boolean =>
  state === 'retired' && (why === replaced || why.startsWith(`${replaced}: `));
