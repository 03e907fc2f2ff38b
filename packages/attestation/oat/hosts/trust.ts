// A verdict in OpenAttestation's terms: is the BIOS good, is the VMM, is this PCR? All of it is read out of the verdict as valid now: one that
// expired, or does not know, says no to everything.
import { componentPcrs } from '@assay/appraisal';
import type { Finding, PolicyDocument, Verdict } from '@assay/protocol';

export type OatTrust = {
  readonly bios: boolean;
  readonly vmm: boolean;
  /** Never: no location is measured. */
  readonly location: false;
  readonly asset_tag: boolean;
};

const counts = ({ allowed }: Finding): boolean => !allowed;

/** Nothing can be said of its parts: not known, or what speaks against it concerns them all. */
const isInDoubt = ({ trust, findings }: Verdict): boolean =>
  trust === 'unknown' || findings.some((one) => counts(one) && one.component === undefined);

const isDemanded = ({ demanded }: Verdict['components'][number]): boolean => demanded !== false;

/**
 * `bios` is the firmware, known good whether it has to be or not; `vmm` whatever else the policy demands. Both only of a trusted host, or where the
 * policy does not demand its firmware: then `vmm` alone says that it is trusted.
 */
export function oatTrust(verdict: Verdict): OatTrust {
  const { trust, components, tags } = verdict;
  const isTrusted = trust === 'trusted';
  const others = components.filter((one) => isDemanded(one) && one.component !== 'firmware');
  const bios = !isInDoubt(verdict) && components.some((one) => one.component === 'firmware' && one.trust === 'trusted');
  const othersGood = !isInDoubt(verdict) && others.length > 0 && others.every((one) => one.trust === 'trusted');
  return {
    bios,
    vmm: isTrusted || (othersGood && !bios),
    location: false,
    asset_tag: isTrusted && tags !== undefined && Object.keys(tags).length > 0,
  };
}

/** Where IMA's list ends up. */
const imaPcr = 10;

/** Which demanded components' measurements stand in a PCR. None: the policy asks nothing of it. */
function demandedIn(pcr: number, { components }: Verdict, document: PolicyDocument | undefined): Verdict['components'] {
  const ofExtras = new Map(document?.extras?.map(({ name, pcrs }) => [name, pcrs]));
  const isIn = (component: string): boolean =>
    (componentPcrs[component] ?? ofExtras.get(component) ?? []).includes(pcr) ||
    (pcr === imaPcr && component === 'operating_system' && document?.ima !== undefined);
  return components.filter((one) => isDemanded(one) && isIn(one.component));
}

/** Undefined: the policy asks nothing of this PCR. */
export function isGoodPcr(pcr: number, verdict: Verdict, document: PolicyDocument | undefined): boolean | undefined {
  const demanded = demandedIn(pcr, verdict, document);
  if (demanded.length === 0) return undefined;
  if (verdict.trust === 'trusted') return true;
  if (isInDoubt(verdict) || verdict.findings.some((one) => counts(one) && one.pcr === pcr)) return false;
  return demanded.every(({ trust }) => trust === 'trusted');
}
