// Certificates of endorsement keys and revocation lists: whatever is not byte for byte what its issuer signed vouches for nothing.
import { readdirSync, readFileSync } from 'node:fs';
import { checkEkExtensions, checkEndorsement, readCertificate, trustStoreFrom } from '@assay/appraisal';
import { issueRevocationList, softwareTpm } from '@assay/appraisal/testing';
import { AssayError } from '@assay/core';
import { foreseen, holds } from '../oracle.ts';
import { type Target, words } from './target.ts';

const vendors = new URL('../../packages/attestation/enrolment/vendors/', import.meta.url);
const vendorCertificates = () =>
  readdirSync(vendors)
    .filter((file) => file.endsWith('.pem'))
    .sort()
    .map((file) =>
      Buffer.from(readFileSync(new URL(file, vendors), 'utf8').replace(/-----[^-]*-----|\s/g, ''), 'base64'),
    );

const derWords = words(
  ...[
    '300a',
    '0101ff',
    '020100',
    '0500',
    '0603551d0f',
    '0603551d11',
    '0603551d13',
    '06056781050801',
    '3080',
    '3084ffffffff',
    'a003020102',
    '1f',
    '0404',
  ].map((hex) => Buffer.from(hex, 'hex')),
);

const tpm = softwareTpm();
const now = new Date();
const store = trustStoreFrom([{ file: 'ca.pem', text: tpm.ca.pem, kind: 'hardware' }]);

export const ekCertificate: Target = {
  name: 'ek-certificate',
  // The one that could be endorsed as often as all others together.
  seeds: () => [...Array.from({ length: 50 }, () => tpm.ekCertificate), ...vendorCertificates()],
  words: derWords,
  run(input) {
    const read = foreseen(() => readCertificate(input, 'certificate'));
    if (!(read instanceof AssayError)) foreseen(() => checkEkExtensions(read, 'certificate'));
    const endorsed = foreseen(() => checkEndorsement(input, tpm.ekPublic, [], store, now));
    holds(
      endorsed instanceof AssayError || Buffer.compare(input, tpm.ekCertificate) === 0,
      'a changed certificate vouches for an EK',
    );
    return [read, endorsed];
  },
};

const list = issueRevocationList({ issuer: tpm.ca, revoked: [{ serial: Uint8Array.of(5) }] });

export const revocationList: Target = {
  name: 'revocation-list',
  seeds: () => [list, issueRevocationList({ issuer: tpm.ca })],
  words: derWords,
  run(input) {
    const trusted = foreseen(() =>
      trustStoreFrom([{ file: 'ca.pem', text: tpm.ca.pem, kind: 'hardware' }], [{ file: 'crl', bytes: input }]),
    );
    if (trusted instanceof AssayError) return trusted;
    const [read] = trusted.revocations;
    holds(read?.revoked.size === (Buffer.compare(input, list) === 0 ? 1 : 0), 'a changed list is believed');
    return trusted;
  },
};
