// Which of Nova's scheduler options does Assay read, and what may they say? The names and values operators wrote in nova.conf.
// A value that Nova knew and we do not have is an error that names it: a filter that silently does nothing would be a hole.
import { AssayError } from '@assay/core';
import { type Conf, flag, integer, list, multi, number, path, port, readCa, secret, text } from '@assay/daemon';
import { classNameOf, type FilterName, filterNames } from './filters/catalogue.ts';

const driver = 'nova.scheduler.filter_scheduler.FilterScheduler';
/** Nova's names for "all that come with it"; the second is the older. */
const wholeCatalogues = ['nova.scheduler.filters.all_filters', 'nova.scheduler.filters.standard_filters'];

export const options = {
  DEFAULT: {
    compute_scheduler_driver: text({ help: `Only ${driver}.`, default: driver }),
    scheduler_available_filters: multi({
      help: `Filters that scheduler_default_filters may name; may be repeated. ${wholeCatalogues[0]} stands for all, or a filter's full class name.`,
      default: [wholeCatalogues[0] as string],
    }),
    scheduler_default_filters: list({
      help: 'Class names of the filters each host must pass, in this order. TrustedFilter asks what trust:trusted_host and trust:pool of the flavor say.',
      default: ['AvailabilityZoneFilter', 'RamFilter', 'ComputeFilter', 'TrustedFilter'],
    }),
    ram_allocation_ratio: number({
      help: 'How much of its memory a host may promise; 1.0: what it has. (Nova began with 1.5.)',
      default: 1,
      min: 0.1,
      max: 100,
    }),
    service_down_time: integer({
      help: 'Seconds without a word from a compute host after which it counts as down.',
      default: 60,
      min: 1,
    }),
  },
  trusted_computing: {
    attestation_server: text({ help: 'Host name or address of the attestation server.', optional: true }),
    attestation_port: port({ help: 'Its HTTPS port.', default: 8443 }),
    attestation_server_ca_file: path({
      help: 'CA certificates (PEM) that vouch for the attestation server; without it the system’s.',
      optional: true,
    }),
    attestation_api_url: text({
      help: 'Path before /PollHosts: /AttestationService/resources or /OpenAttestationWebServices/V1.0.',
      default: '/OpenAttestationWebServices/V1.0',
    }),
    attestation_auth_blob: secret({ help: 'Shared secret, sent as header x-auth-blob.', optional: true }),
    attestation_auth_timeout: integer({
      help: 'Seconds: the evidence behind an answer must not be older. An answer also ends with its own `expires`.',
      default: 60,
      min: 0,
    }),
    attestation_max_age: integer({
      help: 'Seconds: hosts whose evidence is older are challenged anew before the answer, at most attestation_auth_timeout; 0: every time. Assay’s own. Without it verdicts are as old as the policy allows.',
      min: 0,
      optional: true,
    }),
    attestation_insecure_ssl: flag({
      help: 'Must be False: True would take trust from whoever answers.',
      default: false,
    }),
  },
};
export type SchedulerConf = Conf<typeof options>;

/** How the attestation server is reached. */
export type AttestationAccess = {
  /** `https://host:port` */
  origin: string;
  /** Path before `/PollHosts` */
  apiUrl: string;
  authBlob: string;
  ca: Buffer | undefined;
  /** Seconds: older evidence is to be taken anew; absent: it is not asked for. */
  maxAgeS?: number;
};

export type SchedulerSettings = {
  filters: readonly FilterName[];
  ramAllocationRatio: number;
  serviceDownTimeS: number;
  authTimeoutS: number;
  /** Absent: nobody can be asked, and whoever asks for trust is refused. */
  attestation: AttestationAccess | undefined;
};

/**
 * What the options mean together.
 * @throws AssayError `config-value`, `config-missing`, `tls-file`
 */
export function schedulerSettings(conf: Pick<SchedulerConf, 'DEFAULT' | 'trusted_computing'>): SchedulerSettings {
  const { DEFAULT: general, trusted_computing: trusted } = conf;
  if (general.compute_scheduler_driver !== driver)
    throw wrong('[DEFAULT] compute_scheduler_driver', driver, general.compute_scheduler_driver);
  const filters = chosenFilters(general.scheduler_available_filters, general.scheduler_default_filters);
  return {
    filters,
    ramAllocationRatio: general.ram_allocation_ratio,
    serviceDownTimeS: general.service_down_time,
    authTimeoutS: trusted.attestation_auth_timeout,
    attestation: attestationAccess(trusted, filters.includes('TrustedFilter')),
  };
}

function chosenFilters(available: readonly string[], wanted: readonly string[]): FilterName[] {
  const offered = new Set<FilterName>();
  for (const value of available) {
    const matching = filterNames.filter((name) => wholeCatalogues.includes(value) || classNameOf(name) === value);
    if (matching.length === 0)
      throw wrong(
        '[DEFAULT] scheduler_available_filters',
        [...wholeCatalogues, ...filterNames.map(classNameOf)].join(' or '),
        value,
      );
    for (const name of matching) offered.add(name);
  }
  const names = wanted.map((given) => {
    const name = filterNames.find((one) => one === given);
    if (!name) throw wrong('[DEFAULT] scheduler_default_filters', filterNames.join(' or '), given || 'nothing');
    if (!offered.has(name))
      throw wrong('[DEFAULT] scheduler_default_filters', 'filters that scheduler_available_filters offers', name);
    return name;
  });
  if (new Set(names).size < names.length)
    throw wrong('[DEFAULT] scheduler_default_filters', 'each filter once', wanted.join(', '));
  return names;
}

function attestationAccess(
  trusted: SchedulerConf['trusted_computing'],
  needed: boolean,
): AttestationAccess | undefined {
  if (trusted.attestation_insecure_ssl)
    throw new AssayError('config-value', 'nova.conf [trusted_computing] attestation_insecure_ssl', 'False', 'True', {
      hint: 'with an unverified server anybody on the network decides who is trusted; name its CA in attestation_server_ca_file',
    });
  if (!trusted.attestation_server) {
    if (!needed) return undefined;
    throw missing('attestation_server', 'the name of the attestation server');
  }
  if (!trusted.attestation_auth_blob) throw missing('attestation_auth_blob', 'the attestation server’s shared secret');
  const host = trusted.attestation_server.includes(':')
    ? `[${trusted.attestation_server}]`
    : trusted.attestation_server;
  if (!URL.canParse(`https://${host}:${trusted.attestation_port}`) || /[/@?#]/.test(host))
    throw wrong('[trusted_computing] attestation_server', 'a host name or address', trusted.attestation_server);
  if (!/^(\/[A-Za-z0-9._~-]+)*\/?$/.test(trusted.attestation_api_url))
    throw wrong(
      '[trusted_computing] attestation_api_url',
      'a path as /AttestationService/resources',
      trusted.attestation_api_url,
    );
  const { attestation_max_age: maxAgeS, attestation_auth_timeout: authTimeoutS } = trusted;
  if (maxAgeS !== undefined && maxAgeS > authTimeoutS)
    throw wrong(
      '[trusted_computing] attestation_max_age',
      `at most attestation_auth_timeout, which is ${authTimeoutS}: what is older is not used anyway`,
      maxAgeS,
    );
  return {
    ...(maxAgeS !== undefined && { maxAgeS }),
    origin: `https://${host}:${trusted.attestation_port}`,
    apiUrl: trusted.attestation_api_url.replace(/\/$/, ''),
    authBlob: trusted.attestation_auth_blob,
    ca: trusted.attestation_server_ca_file === undefined ? undefined : readCa(trusted.attestation_server_ca_file),
  };
}

const wrong = (option: string, expected: string, got: unknown) =>
  new AssayError('config-value', `nova.conf ${option}`, expected, got);
const missing = (option: string, expected: string) =>
  new AssayError('config-missing', `nova.conf [trusted_computing] ${option}`, expected, 'nothing', {
    hint: 'or take TrustedFilter out of scheduler_default_filters',
  });
