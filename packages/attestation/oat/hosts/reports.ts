// /AttestationService/resources/hosts/trust and …/hosts/reports/…: what OpenAttestation's portals and scripts ask of hosts, out of verdicts and recorded
// evidence. No host is contacted for it. Answers name a host as it was asked for.
import { defaultPool, type ReferenceValue, type Verdict } from '@assay/protocol';
import type { RestNeeds } from '../../rest/resource.ts';
import { findEnrolment } from '../../storage/enrolments.ts';
import { findOatHost } from '../../storage/oat-hosts.ts';
import { historyOf } from '../../storage/verdict-history.ts';
import { OatError } from '../errors.ts';
import { type Told, textOf } from '../input.ts';
import { addOatRoutes, attestationService, type OatResource } from '../resource.ts';
import { provenPcrs } from './proven-pcrs.ts';
import { isGoodPcr, oatTrust } from './trust.ts';
import { type Element, xmlDocument } from './xml.ts';

/** Of each host, the newest first. */
const mostResults = 5;
/** Of one request; a longer URL is refused anyway. */
const mostNames = 1_000;

export const reports: OatResource = (server, needs) => {
  const base = attestationService;
  const xml = 'application/xml';
  const get = { method: 'GET', access: 'read', base } as const;
  addOatRoutes(server, [
    { ...get, path: 'hosts/trust', answer: async (query) => trustNow(needs, oneHost(needs, query)) },
    { ...get, path: 'hosts/reports/trust', media: xml, answer: (query) => trustReport(needs, someHosts(needs, query)) },
    { ...get, path: 'hosts/reports/manifest', media: xml, answer: (query) => manifest(needs, oneHost(needs, query)) },
    {
      ...{ ...get, path: 'hosts/reports/attestation', media: xml },
      answer: (query) => attestation(needs, oneHost(needs, query)),
    },
    {
      ...{ ...get, path: 'hosts/reports/attestationreport' },
      answer: (query) => pcrLog(needs, oneHost(needs, query), isYes(query, 'failure_only')),
    },
  ]);
};

/** As it was asked for, and as it is registered. */
type Named = { readonly asked: string; readonly name: string };

function named({ registry }: RestNeeds, asked: string): Named {
  const name = registry.names.nameOf(asked);
  if (name === undefined) throw new OatError('AS_HOST_NOT_FOUND', [asked]);
  return { asked, name };
}

function oneHost(needs: RestNeeds, query: Told): Named {
  const asked = textOf(query, 'hostName');
  if (asked === undefined) throw new OatError('AS_MISSING_INPUT', ['hostName']);
  return named(needs, asked);
}

function someHosts(needs: RestNeeds, query: Told): Named[] {
  const asked = (textOf(query, 'hostNames', Number.POSITIVE_INFINITY) ?? '').split(',').map((name) => name.trim());
  const names = [...new Set(asked)].filter((name) => name !== '');
  if (names.length === 0 || names.length > mostNames) throw new OatError('AS_MISSING_INPUT', ['hostNames']);
  return names.map((name) => named(needs, name));
}

const isYes = (query: Told, name: string): boolean => textOf(query, name)?.toLowerCase() === 'true';

const trustNow = ({ registry }: RestNeeds, { asked, name }: Named) => ({
  hostname: asked,
  trust: oatTrust(registry.current(name).verdict),
});

type Result = { readonly trusted: boolean; readonly at: string };

/** The current verdict, then those of before it; none of a host on which there is no verdict. */
async function latest({ db, registry }: RestNeeds, name: string): Promise<Result[]> {
  const given = registry.given(name).some(({ pool }) => pool === defaultPool);
  const { verdict } = registry.current(name);
  const now = given ? [{ trusted: verdict.trust === 'trusted', at: verdict.verified_at }] : [];
  const changes = await historyOf(db, name, { pool: defaultPool, limit: mostResults + 1 });
  const before = changes
    .filter(({ until }, at) => !(given && at === 0 && until === null)) // the run that goes on
    .map((change) => ({ trusted: change.verdict.trust === 'trusted', at: change.until ?? change.verdict.verified_at }));
  return [...now, ...before].slice(0, mostResults);
}

async function trustReport(needs: RestNeeds, hosts: readonly Named[]): Promise<string> {
  const children: Element[] = [];
  for (const { asked, name } of hosts) {
    const of = await findOatHost(needs.db, name);
    const info = of ? `BIOS:${of.bios_name}-${of.bios_version},VMM:${of.vmm_name}:${of.vmm_version}` : '';
    for (const { trusted, at } of await latest(needs, name)) {
      const attributes = { Host_Name: asked, MLE_Info: info, Trust_Status: trusted ? 1 : 0, Verified_On: at };
      children.push({ name: 'Host', attributes });
    }
  }
  return xmlDocument({ name: 'hosts_trust_report', children });
}

type JudgedPcr = { readonly pcr: number; readonly value: string; readonly good: boolean };
type JudgedPcrs = { readonly verdict: Verdict; readonly bank: string; readonly pcrs: readonly JudgedPcr[] };

/** PCRs the policy asks something of, as far as they are proven. */
async function judgedPcrs(needs: RestNeeds, name: string): Promise<JudgedPcrs> {
  const { verdict } = needs.registry.current(name);
  const { bank, values } = await provenPcrs(needs, name, verdict.evidence_sha256);
  const { policies } = await needs.standards(needs.db);
  const document = policies.get(defaultPool)?.document;
  const pcrs = [...values].flatMap(([pcr, value]): JudgedPcr[] => {
    const good = isGoodPcr(pcr, verdict, document);
    return good === undefined ? [] : [{ pcr, value, good }];
  });
  return { verdict, bank, pcrs };
}

async function manifest(needs: RestNeeds, { asked, name }: Named): Promise<string> {
  const { verdict, pcrs } = await judgedPcrs(needs, name);
  const children = pcrs.map(({ pcr, value, good }) => ({
    name: 'Manifest',
    attributes: { Name: pcr, Value: value, TrustStatus: good ? 1 : 0, Verified_On: verdict.verified_at },
  }));
  const host = { name: 'Host', attributes: { Name: asked }, children };
  return xmlDocument({ name: 'host_manifest_report', children: children.length > 0 ? [host] : [] });
}

async function attestation(needs: RestNeeds, { asked, name }: Named): Promise<string> {
  const { verdict } = needs.registry.current(name);
  const { values } = await provenPcrs(needs, name, verdict.evidence_sha256);
  const details = await findOatHost(needs.db, name);
  const attributes = { Host_Name: asked, Host_VMM: details?.vmm_name ?? '', TXT_Support: wasLaunched(values.get(17)) };
  const error = (await findEnrolment(needs.db, name))
    ? 'No quote of this host is verified.'
    : 'Host does not support TPM.';
  const children =
    values.size === 0
      ? [{ name: 'PCRInfo', attributes: { Error: error } }]
      : [...values].map(([pcr, value]) => ({
          name: 'PCRInfo',
          attributes: { ComponentName: pcr, DigestValue: value.toUpperCase() },
        }));
  return xmlDocument({ name: 'Host_Attestation_Report', attributes, children });
}

/** PCR 17 is all ones until a dynamic launch sets it to zero and extends it (PC Client PTP, 4.6). */
const wasLaunched = (pcr17: string | undefined): boolean => pcr17 !== undefined && !/^(f+|0+)$/.test(pcr17);

async function pcrLog(needs: RestNeeds, { name }: Named, failuresOnly: boolean) {
  const { verdict, bank, pcrs } = await judgedPcrs(needs, name);
  const { knownGood } = await needs.standards(needs.db);
  const details = await findOatHost(needs.db, name);
  const names = [details?.bios_name, details?.vmm_name];
  const expected = (pcr: number): string => {
    const known = knownGood.values.flatMap((value) => whiteListed(value, bank, pcr));
    return (known.find((one) => names.includes(one.name)) ?? known[0])?.value ?? '';
  };
  return {
    PcrLogReport: pcrs
      .filter(({ good }) => !failuresOnly || !good)
      .map(({ pcr, value, good }) => ({
        Name: pcr,
        TrustStatus: good ? 1 : 0,
        Value: value,
        // What is good by its events has no one value; of a good PCR it is the one it has.
        WhitelistValue: good ? value : expected(pcr),
        Verified_On: verdict.verified_at,
        ModuleLogs: [],
      })),
  };
}

function whiteListed({ state, content, name }: ReferenceValue, bank: string, pcr: number) {
  if (state === 'retired' || content.form !== 'pcr-values') return [];
  return content.values
    .filter((one) => one.bank === bank && one.pcr === pcr)
    .map(({ value }) => ({ name, value: value.toLowerCase() }));
}
