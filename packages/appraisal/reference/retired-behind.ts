// PCR values say that a boot is good without saying what booted. Is that known, as something retired? Then it stays so, whoever lists its PCRs
// and whenever: what brings it back is taking it back.
import { goodBy, partsOf } from './good-by.ts';
import { type Facts, type Support, standInOf } from './support.ts';

/**
 * @param supports by which the component is good
 * @returns what it was good by without PCR values, of which something is retired; undefined: nothing speaks against it
 */
export function retiredBehind(component: string, facts: Facts, supports: readonly Support[]): Support[] | undefined {
  if (!supports.some(isByPcrs) || !facts.knownGood.hasOthersThanGood(facts.now)) return undefined;
  const plain = { ...facts, knownGood: facts.knownGood.withoutPcrValues };
  if (goodBy(component, plain, ['good'])) return undefined;
  return goodBy(component, plain, ['good', 'retired']) ?? retiredPart(component, plain);
}

const isByPcrs = (support: Support): boolean => support.by === 'value' && support.value.content.form === 'pcr-values';

/** One measurement that was retired is enough: of a kernel its image, whatever its command line. */
function retiredPart(component: string, facts: Facts): Support[] | undefined {
  const part = partsOf(facts.events, component).find(
    (one) => !standInOf(one, facts, ['good']) && standInOf(one, facts, ['retired']),
  );
  const support = part && standInOf(part, facts, ['retired']);
  return support && [support];
}
