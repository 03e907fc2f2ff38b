// What is strange, for a person: each thing with its place, and once for each kind what it means and what to do about it.
import type { Block, Mark } from './page.ts';
import type { Strange } from './piece.ts';

/** Of one kind; a hostile log has as many as it has events. */
const mostOfAKind = 20;

/**
 * @param all whether every one is listed
 * @param leftOut by code: how many more there are than `strange` has
 */
export async function* strangeBlocks(
  strange: readonly Strange[],
  all: boolean,
  leftOut: Readonly<Record<string, number>> = {},
): AsyncGenerator<Block> {
  if (strange.length === 0) return;
  const { allowedByDefault, findingCatalogue } = await import('@assay/appraisal');
  const catalogue: Record<string, { meaning: string; remedy: string }> = findingCatalogue;
  yield { heading: 'Strange' };
  for (const [code, ones] of Map.groupBy(strange, (one) => one.code)) {
    const shown = all ? ones : ones.slice(0, mostOfAKind);
    const unlisted = leftOut[code] ?? 0;
    const more = ones.length - shown.length + (all ? 0 : unlisted);
    const known = catalogue[code];
    yield {
      marked: [
        ...shown.map((one) => [markOf([one]), `${code}${placeOf(one)}: ${one.message}`] as const),
        ...(more > 0 ? [[markOf(ones), `${code}: and ${more} more (--all)`] as const] : []),
        ...(all && unlisted > 0
          ? [
              [
                markOf(ones),
                `${code}: and ${unlisted} more, left out here: at most ${ones.length} of a kind are listed`,
              ] as const,
            ]
          : []),
      ],
    };
    const usual = ones.some((one) => one.usual)
      ? ' Healthy machines have it too: an appraisal allows it unless told otherwise.'
      : '';
    const harmless = ones.every((one) => one.usual) && !allowedByDefault.some((allowed) => allowed === code);
    if (harmless) yield { note: 'Nothing needs to be done: the other banks prove the log.' };
    else if (known) yield { note: `${known.meaning}${usual} What to do: ${known.remedy}` };
  }
}

/** Of one thing, or of all that is strange in one place. */
export const markOf = (strange: readonly Pick<Strange, 'usual'>[]): Mark =>
  strange.every(({ usual }) => usual) ? '·' : '!';

const placeOf = ({ offset }: Strange) => (offset === undefined ? '' : `, at byte ${offset}`);

/** One line for the head of a report. */
export const strangeness = (strange: readonly Strange[], leftOut: Readonly<Record<string, number>> = {}): string => {
  const unlisted = Object.values(leftOut).reduce((sum, number) => sum + number, 0);
  const listed = strange.filter(({ usual }) => !usual).length;
  const usual = strange.length - listed;
  const grave = listed + unlisted;
  if (strange.length === 0) return 'nothing is';
  const seen = usual ? `${usual} ${usual === 1 ? 'thing' : 'things'} that healthy machines have too` : '';
  return [grave ? `${grave} ${grave === 1 ? 'thing' : 'things'}` : '', seen].filter(Boolean).join(', and ');
};
