// Would PCR values make good again what was retired? Lists are good together: a boot whose PCRs were those of a retired value is good once lists that
// agree with it name all of them, whether one names more than it or two share them. A retired sequence of the firmware has PCRs as well.
import { componentOfPcr, replay } from '@assay/measurement';
import type { KnownBank, ReferenceContent, ReferenceValue } from '@assay/protocol';

type Pcrs = ReadonlyMap<number, readonly string[]>;
type Value = Pick<ReferenceValue, 'component' | 'content'>;

const banks = ['sha256', 'sha384'] as const satisfies KnownBank[];
/** PCR 0 begins with the locality the TPM was started from, which a sequence does not have. */
const localities = [0, 3, 4];

/** @param others good beside the fresh ones  @returns the first of them that completes it */
export function listsReviving<R extends Value, F extends Value>(
  gone: readonly R[],
  fresh: readonly F[],
  others: readonly Value[],
): { retired: R; fresh: F } | undefined {
  const added = fresh.flatMap((value) => listIn(value));
  if (added.length === 0) return undefined;
  const good = others.flatMap((value) => listIn(value));
  for (const retired of gone)
    for (const bank of banks) {
      const wanted = pcrsOf(retired.content, bank);
      if (!isTelling(retired, wanted)) continue;
      const named = ({ component, values }: List<Value>): number[] => {
        const own = values.filter((one) => one.bank === bank && wanted.has(one.pcr));
        const agrees = component === retired.component && own.every((one) => wanted.get(one.pcr)?.includes(one.value));
        return agrees ? own.map(({ pcr }) => pcr) : [];
      };
      const before = new Set(good.flatMap(named));
      if (before.size === wanted.size) continue;
      const completing = added.find((list) => named(list).some((pcr) => !before.has(pcr)));
      if (completing && new Set([...before, ...added.flatMap(named)]).size === wanted.size)
        return { retired, fresh: completing.of };
    }
  return undefined;
}

type List<V extends Value> = {
  readonly of: V;
  readonly component: string;
  readonly values: readonly { bank: KnownBank; pcr: number; value: string }[];
};

function listIn<V extends Value>(value: V): List<V>[] {
  const { component, content } = value;
  if (content.form !== 'pcr-values') return [];
  return [{ of: value, component, values: content.values.map((one) => ({ ...one, value: one.value.toLowerCase() })) }];
}

/** Of firmware that was retired with its events PCR 0 says which it was: the others are the same in many. */
const isTelling = ({ content }: Value, pcrs: Pcrs): boolean =>
  pcrs.size > 0 && (content.form === 'pcr-values' || pcrs.has(0));

function pcrsOf(content: ReferenceContent, bank: (typeof banks)[number]): Pcrs {
  if (content.form === 'pcr-values') {
    const own = content.values.filter((one) => one.bank === bank);
    return new Map(own.map(({ pcr, value }) => [pcr, [value.toLowerCase()]]));
  }
  if (content.form !== 'sequence') return new Map();
  // Into the others several components measure.
  const own = content.events.filter(({ pcr }) => componentOfPcr(pcr) === 'firmware');
  if (!own.every(({ digests }) => digests[bank])) return new Map();
  const extending = own.map(({ pcr, digests }, index) => ({
    ...{ index, pcr, kind: 'action' as const },
    digests: { [bank]: Uint8Array.fromHex(digests[bank] ?? '') },
  }));
  const begun = localities.map((locality) => replay(extending, bank, locality));
  const pcrs = new Set(own.map(({ pcr }) => pcr));
  return new Map([...pcrs].map((pcr) => [pcr, begun.flatMap((values) => values.get(pcr)?.toHex() ?? [])]));
}
