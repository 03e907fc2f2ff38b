// What an operator may set for the attestation server: `[attestation_server]` in assay.conf.
import { AssayError } from '@assay/core';
import { type Conf, integer, list, path, port, type Sections, secret, text } from '@assay/daemon';
import { hardwareVendors, vendors } from './enrolment/vendors.ts';

const vendorList = Object.entries(vendors)
  .map(([id, { name }]) => `${id} (${name})`)
  .join(', ');

export const options = {
  attestation_server: {
    listen: text({ default: '127.0.0.1', help: 'Address to listen on; 0.0.0.0 or :: for all.' }),
    port: port({
      default: 8443,
      min: 0,
      help: 'HTTPS port of the OAT API, the REST API and the agents; 0 takes a free one.',
    }),
    oat_port: port({
      default: 8181,
      min: 0,
      help: 'A second HTTPS port with the same routes, certificate and secrets: the one OpenAttestation 2 and its tools have. 0: none.',
    }),
    tls_cert_file: path({ help: 'PEM file of the server’s certificate, with intermediates after it.' }),
    tls_key_file: path({ help: 'PEM file of its key, readable by this service alone.' }),
    auth_blob_file: path({
      help: 'File with the secret that relying parties send as x-auth-blob: 16 characters or more, mode 0600. There is no default. A second line is a second secret: both count, so that one can take the place of the other. The file is read again when it changes.',
    }),
    read_only_auth_blob_file: path({
      optional: true,
      help: 'The same for those who only ask: they get PollHosts, hosts, verdicts and reports, and 403 for whatever changes something. Without it there is no such secret.',
    }),
    ek_vendors: list({
      default: hardwareVendors,
      help: `TPM manufacturers whose published CAs are accepted: ${vendorList}. Name fewer to narrow it; nothing at all leaves only what stands in the folders below. The virtual TPMs of a cloud are labelled so, and not accepted unless it is named.`,
    }),
    ek_ca_dir: path({
      optional: true,
      help: 'Folder of PEM files: further CAs of TPM manufacturers whose endorsement key certificates are accepted: roots, and what stands between them and the TPMs.',
    }),
    ek_crl_dir: path({
      optional: true,
      help: 'Folder of revocation lists (X.509 v2 CRL; DER or PEM) of CAs that are accepted. Where there is one of an issuer it decides: an endorsement it revokes, or which it is too old to speak of, is refused. None is ever fetched.',
    }),
    virtual_tpm_ca_dir: path({
      optional: true,
      help: 'Folder of PEM files: CAs that issue certificates to the virtual TPMs of a cloud. Their hosts are labelled so: who runs that cloud can make their TPMs say anything.',
    }),
    software_tpm_ca_dir: path({
      optional: true,
      help: 'Folder of PEM files: CAs that issue certificates to software TPMs. Their hosts are labelled so. Leave it out unless this is a lab.',
    }),
    ticket_key_file: path({
      help: 'PEM file of the key that signs start permissions; made at the first start when missing.',
    }),
    attestation_period: integer({ default: 30, min: 1, max: 86_400, help: 'Seconds between two rounds with a host.' }),
    verdict_lifetime: integer({
      default: 90,
      min: 2,
      max: 604_800,
      help: 'Seconds after which a verdict that was not renewed is unknown, where a policy has no max_age; longer than attestation_period.',
    }),
    challenge_timeout: integer({
      default: 10,
      min: 1,
      max: 600,
      help: 'Seconds a host may take to answer a challenge; a slow TPM needs one or two.',
    }),
    brake_percent: integer({
      default: 20,
      min: 0,
      max: 100,
      help: 'A change of policies or reference values by which more than this share of the trusted hosts would lose trust is refused unless it is forced, with a reason; and when more lose trust within brake_window, at least two hosts and not by a change that was forced, what would make it worse is held. 100: never.',
    }),
    brake_window: integer({
      default: 300,
      min: 10,
      max: 86_400,
      help: 'Seconds that count as at once.',
    }),
    alarm_url: text({
      optional: true,
      help: 'https:// address that is told, as JSON, when the brake engages or holds something. Left out, it is a line of the log.',
    }),
    alarm_ca_file: path({
      optional: true,
      help: 'PEM file of the CA of alarm_url; default: those the system trusts.',
    }),
    history_days: integer({
      default: 90,
      min: 1,
      max: 36_500,
      help: 'Days for which changes of verdict are kept, each with the evidence behind it; the last one of a host stays.',
    }),
    database: secret({
      help: 'Where hosts, verdicts and reference values are kept: sqlite:PATH or postgresql://…; a URL may hold a password.',
    }),
  },
} satisfies Sections;

export type AttestationOptions = Conf<typeof options>['attestation_server'];

/** What two options say together. @throws AssayError `config-value` */
export function checkOptions({ attestation_period, verdict_lifetime }: AttestationOptions): void {
  if (verdict_lifetime <= attestation_period)
    throw new AssayError(
      'config-value',
      '[attestation_server] verdict_lifetime',
      `more than attestation_period (${attestation_period} s)`,
      `${verdict_lifetime} s`,
      { hint: 'otherwise every host would be unknown between two rounds' },
    );
}
