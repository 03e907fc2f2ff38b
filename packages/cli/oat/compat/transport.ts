// TLS as old and new clients meet it, and what is served without: who may read along, who may stand between?
import type { X509Certificate } from 'node:crypto';
import { get } from 'node:http';
import type { ConnectionOptions } from 'node:tls';
import { accepts } from '../line.ts';
import { breaks, type Check, fine, lessSafe, newBase, noMatter, type World } from './check.ts';

const refuses = (name: string, expected: string, options: ConnectionOptions, because: string): Check => ({
  name,
  expected,
  run: async ({ peer }) => ((await accepts(peer.place, options)) ? lessSafe('accepted', because) : fine('refused')),
});

export const transportChecks: readonly Check[] = [
  {
    name: 'tls-version',
    expected: 'TLS 1.2 or 1.3',
    async run({ peer }) {
      const { protocol, cipher } = peer.seen;
      if (protocol === 'TLSv1.2' || protocol === 'TLSv1.3') return fine(`${protocol}, ${cipher}`);
      return breaks(`${protocol}, ${cipher}`, 'openssl and curl of today do not speak it any more');
    },
  },
  refuses(
    'tls-old',
    'TLS 1.0 and 1.1 are refused',
    { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'ALL:@SECLEVEL=0' },
    'who stands between may read along',
  ),
  refuses(
    'tls-anonymous',
    'ciphers without a certificate are refused',
    { minVersion: 'TLSv1', maxVersion: 'TLSv1.2', ciphers: 'aNULL:@SECLEVEL=0' },
    'who stands between can pass for the server',
  ),
  {
    name: 'certificate-name',
    expected: 'a subject alternative name that is the name asked',
    async run({ peer }) {
      const { nameFault, certificate } = peer.seen;
      if (nameFault === undefined) return fine(certificate.subjectAltName ?? '');
      return breaks(nameFault, 'Nova’s filter since 2014.2, and curl; before that nobody looked');
    },
  },
  {
    name: 'certificate-time',
    expected: 'a certificate valid today',
    async run({ peer }) {
      const { validFromDate: from, validToDate: to } = peer.seen.certificate;
      const said = `${from.toISOString()} to ${to.toISOString()}`;
      const now = new Date();
      return now >= from && now <= to ? fine(said) : breaks(said, 'whoever checks certificates refuses it');
    },
  },
  {
    name: 'certificate-chain',
    expected: 'a CA file that vouches for it',
    async run({ peer }) {
      const { chainFault, pinned, certificate } = peer.seen;
      const print = `SHA-256 ${certificate.fingerprint256}`;
      if (chainFault === undefined) return fine(print);
      const isOwn = certificate.checkIssued(certificate);
      if (pinned && isOwn) return fine(`it is its own CA, ${print}`);
      const issuer = certificate.issuer.replaceAll('\n', ', ');
      if (isOwn)
        return noMatter(
          `it is its own CA, ${print}`,
          'compare the fingerprint on the server; then it is what attestation_server_ca_file should hold',
        );
      return noMatter(
        `issued by ${issuer}, ${print}`,
        'curl takes the certificate itself as CA; attestation_server_ca_file has to hold its issuer',
      );
    },
  },
  {
    name: 'certificate-strength',
    expected: 'a key and a signature of this decade',
    async run({ peer }) {
      const { certificate } = peer.seen;
      const { asymmetricKeyType: kind, asymmetricKeyDetails: details } = certificate.publicKey;
      const weakKey = kind === 'rsa' && (details?.modulusLength ?? 0) < 2048;
      const algorithm = signatureOf(certificate);
      const said = `${kind} ${details?.modulusLength ?? details?.namedCurve ?? ''}, ${algorithm}`;
      return weakKey || /sha1|md5/i.test(algorithm) ? breaks(said, 'openssl and curl of today refuse it') : fine(said);
    },
  },
  {
    name: 'plain-http',
    expected: 'nothing is answered without TLS',
    async run({ peer, plainPort }: World) {
      const paths = [`${newBase}/hosts`, '/WLMService/resources/oem'];
      const said = await Promise.all(paths.map((path) => plain(peer.place.host, plainPort, path)));
      const served = said.flatMap((status, at) => (status === 200 ? [paths[at]] : []));
      if (served.length === 0)
        return fine(`port ${plainPort}: ${said.map((status) => status ?? 'no answer').join(', ')}`);
      return lessSafe(
        `port ${plainPort} serves ${served.join(', ')}`,
        'who stands between reads and changes what is good',
      );
    },
  },
];

const signatureOf = (certificate: X509Certificate): string => certificate.signatureAlgorithm ?? 'unknown signature';

/** @returns the status; nothing when nobody answers HTTP there */
function plain(host: string, port: number, path: string): Promise<number | undefined> {
  return new Promise((done) => {
    const asked = get({ host, port, path, timeout: 5_000, agent: false }, (response) => {
      done(response.statusCode);
      response.destroy();
    });
    asked.on('timeout', () => asked.destroy());
    asked.on('error', () => done(undefined));
  });
}
