// Is Secure Boot on, and are its keys those the policy asks for? By claims alone, which rest on what the firmware measured before it started
// anything. What is not proven is unknown, never good.
import type { Claims, KeyEntry } from '@assay/measurement';
import type { Finding } from '@assay/protocol';
import { finding } from '../findings/finding.ts';
import type { Verified } from '../verify-evidence.ts';
import type { Policy } from './policy.ts';

type KeyRule = { require?: string[]; only?: string[]; forbid?: string[] };

const place = { pcr: 7, component: 'firmware' } as const;

export function secureBootFindings(
  { document }: Pick<Policy, 'document'>,
  { claims }: Pick<Verified, 'claims'>,
): Finding[] {
  const { state, keys = {} } = document.secure_boot ?? {};
  return [
    ...(state === 'on' ? stateFindings(claims) : []),
    ...Object.entries(keys).flatMap(([variable, rule]) => keyFindings(variable, rule, claims)),
  ];
}

function stateFindings(claims: Claims): Finding[] {
  const where = 'Secure Boot';
  const { secureBoot } = claims;
  if (!secureBoot) return [unproven(where, 'on, proven', claims, 'secureBoot')];
  if (secureBoot.value === 'on') return shimFindings(claims);
  return [finding('secure-boot-off', where, 'on', secureBoot.value, at(secureBoot.events))];
}

/** With Secure Boot on, the firmware verifies shim; whether shim verifies what it starts is a state of its own. */
function shimFindings(claims: Claims): Finding[] {
  const where = 'Secure Boot, shim’s validation';
  const { shimValidation } = claims;
  if (shimValidation?.value === 'off')
    return [finding('secure-boot-off', where, 'on', 'off (MokSBState)', at(shimValidation.events))];
  const isUnproven = claims.withheld.some(({ claim }) => claim === 'shimValidation');
  return isUnproven ? [unproven(where, 'on, proven', claims, 'shimValidation')] : [];
}

function keyFindings(
  variable: string,
  { require: required = [], only, forbid = [] }: KeyRule,
  claims: Claims,
): Finding[] {
  const where = `Secure Boot variable ${variable}`;
  const claim = Object.hasOwn(claims.secureBootKeys, variable) ? claims.secureBootKeys[variable] : undefined;
  if (!claim) return [unproven(where, 'its keys, proven', claims, 'secureBootKeys')];
  const there = new Map(claim.value.map((key) => [key.fingerprint, key]));
  const missing = required.filter((one) => !there.has(one));
  const foreign = only ? claim.value.filter(({ fingerprint }) => !only.includes(fingerprint)) : [];
  const forbidden = claim.value.filter(({ fingerprint }) => forbid.includes(fingerprint));
  const told = (
    code: 'secure-boot-key-missing' | 'secure-boot-key-foreign' | 'secure-boot-key-forbidden',
    expected: string,
    seen: string,
  ) => finding(code, where, expected, seen, at(claim.events));
  return [
    ...(missing.length > 0
      ? [told('secure-boot-key-missing', missing.join(', '), `${claim.value.length} others`)]
      : []),
    ...(foreign.length > 0
      ? [told('secure-boot-key-foreign', 'only keys that the policy names', listed(foreign))]
      : []),
    ...(forbidden.length > 0
      ? [told('secure-boot-key-forbidden', 'none that the policy forbids', listed(forbidden))]
      : []),
  ];
}

/** The first of them in words. */
function listed(keys: readonly KeyEntry[]): string {
  const texts = keys
    .slice(0, 3)
    .map(({ name, fingerprint }) => (name === fingerprint ? name : `${name} (${fingerprint})`));
  return keys.length > 3 ? `${texts.join(', ')} and ${keys.length - 3} more` : texts.join(', ');
}

function unproven(
  where: string,
  expected: string,
  { withheld }: Claims,
  claim: 'secureBoot' | 'shimValidation' | 'secureBootKeys',
): Finding {
  const why = withheld.find((one) => one.claim === claim);
  return finding(
    'secure-boot-unproven',
    where,
    expected,
    why?.reason ?? 'the boot log does not have it',
    at(why?.events ?? []),
  );
}

const at = ([event]: readonly number[]) => (event === undefined ? place : { ...place, event });
