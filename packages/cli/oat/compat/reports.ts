// Trust and reports of single hosts: do they have the shape OAT 2 gave them?
import { type Answer, query } from '../peer.ts';
import {
  breaks,
  brief,
  type Check,
  errorOf,
  fine,
  lessSafe,
  newBase,
  noMatter,
  type Outcome,
  type World,
} from './check.ts';

const nobody = 'assay-compat-nobody.example';
const at = (path: string, fields: Record<string, string>) => `${newBase}/hosts/${path}${query(fields)}`;
const tools = 'programs that ask OAT 2; neither Nova nor the shell tools do';

/** Of what generations A and B have none. */
const missing = (answer: Answer): Outcome | undefined =>
  answer.status === 404 || answer.status === 405 ? noMatter(brief(answer), tools) : undefined;

const xmlOf = ({ status, type, text }: Answer, root: string): boolean =>
  status === 200 && /xml$/.test(type) && new RegExp(`^(<\\?xml[^>]*>\\s*)?<${root}[\\s/>]`).test(text.trim());

const report = (name: string, path: string, field: string, root: string): Check => ({
  name,
  expected: `hosts/${path}: 200, XML of a <${root}>`,
  async run({ ask, hosts: [host] }: World) {
    if (host === undefined) return undefined;
    const answer = await ask('GET', at(path, { [field]: host }));
    return missing(answer) ?? (xmlOf(answer, root) ? fine(`<${root}>`) : breaks(brief(answer), tools));
  },
});

export const reportChecks: readonly Check[] = [
  {
    name: 'trust',
    expected: 'hosts/trust: 200, {"hostname","trust":{"bios","vmm","location","asset_tag"}} of booleans',
    async run({ ask, hosts: [host] }) {
      if (host === undefined) return undefined;
      const answer = await ask('GET', at('trust', { hostName: host }));
      const { hostname, trust } = (answer.json ?? {}) as { hostname?: unknown; trust?: Record<string, unknown> };
      const isRight = hostname === host && typeof trust?.['bios'] === 'boolean' && typeof trust['vmm'] === 'boolean';
      return missing(answer) ?? (isRight ? fine(brief(answer)) : breaks(brief(answer), tools));
    },
  },
  {
    name: 'trust-nobody',
    expected: 'hosts/trust of a host that is not there: 400 AS_HOST_NOT_FOUND',
    async run({ ask }) {
      const answer = await ask('GET', at('trust', { hostName: nobody }));
      if (answer.status === 400 && errorOf(answer)?.code === 'AS_HOST_NOT_FOUND') return fine(brief(answer));
      if (answer.status < 300 && /"(bios|vmm)":\s*true/.test(answer.text))
        return lessSafe(brief(answer), 'a name nobody registered passes');
      return noMatter(brief(answer), 'the tools print it; OAT’s Java client knows only the names of OAT 2');
    },
  },
  report('report-trust', 'reports/trust', 'hostNames', 'hosts_trust_report'),
  report('report-manifest', 'reports/manifest', 'hostName', 'host_manifest_report'),
  report('report-attestation', 'reports/attestation', 'hostName', 'Host_Attestation_Report'),
  {
    name: 'report-pcrs',
    expected: 'hosts/reports/attestationreport: 200, {"PcrLogReport":[…]}',
    async run({ ask, hosts: [host] }) {
      if (host === undefined) return undefined;
      const answer = await ask('GET', at('reports/attestationreport', { hostName: host }));
      const isRight = Array.isArray((answer.json as { PcrLogReport?: unknown } | undefined)?.PcrLogReport);
      return missing(answer) ?? (isRight ? fine(brief(answer)) : breaks(brief(answer), tools));
    },
  },
];
