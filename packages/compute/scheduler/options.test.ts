import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { AssayError } from '@assay/core';
import { loadConfig } from '@assay/daemon';
import { options, schedulerSettings } from './options.ts';

const folder = mkdtempSync(join(tmpdir(), 'assay-scheduler-'));
after(() => rmSync(folder, { recursive: true }));

function settings(text: string) {
  const file = join(folder, 'nova.conf');
  writeFileSync(file, text, { mode: 0o600 });
  return schedulerSettings(loadConfig([file], options));
}
const refused = (text: string, code: string, where: RegExp, got?: unknown) =>
  assert.throws(
    () => settings(text),
    (error) => {
      assert.ok(error instanceof AssayError, String(error));
      assert.equal(error.code, code);
      assert.match(error.where, where);
      if (got !== undefined) assert.equal(error.got, got);
      return true;
    },
  );

const trusted = '[trusted_computing]\nattestation_server = attest.example\nattestation_auth_blob = i-am-openstack\n';

test('a nova.conf as operators wrote it is understood', () => {
  const got = settings(`[DEFAULT]
compute_scheduler_driver = nova.scheduler.filter_scheduler.FilterScheduler
scheduler_available_filters = nova.scheduler.filters.standard_filters
scheduler_available_filters = nova.scheduler.filters.trusted_filter.TrustedFilter
scheduler_default_filters = AvailabilityZoneFilter,RamFilter,ComputeFilter,TrustedFilter
[trusted_computing]
attestation_server = 10.1.71.206
attestation_port = 8443
attestation_api_url = /OpenAttestationWebServices/V1.0
attestation_auth_blob = i-am-openstack
attestation_auth_timeout = 30
attestation_insecure_ssl = False
`);
  assert.deepEqual(got, {
    filters: ['AvailabilityZoneFilter', 'RamFilter', 'ComputeFilter', 'TrustedFilter'],
    ramAllocationRatio: 1,
    serviceDownTimeS: 60,
    authTimeoutS: 30,
    attestation: {
      origin: 'https://10.1.71.206:8443',
      apiUrl: '/OpenAttestationWebServices/V1.0',
      authBlob: 'i-am-openstack',
      ca: undefined,
    },
  });
});

test('a maximum age of evidence is optional, and no longer than an answer is used', () => {
  assert.equal(settings(trusted).attestation?.maxAgeS, undefined);
  assert.equal(settings(`${trusted}attestation_max_age = 0\n`).attestation?.maxAgeS, 0);
  assert.equal(settings(`${trusted}attestation_max_age = 60\n`).attestation?.maxAgeS, 60);
  refused(`${trusted}attestation_max_age = 61\n`, 'config-value', /attestation_max_age$/, 61);
  refused(`${trusted}attestation_max_age = -1\n`, 'config-value', /attestation_max_age/);
});

test('a filter list without TrustedFilter needs no attestation server', () => {
  const got = settings('[DEFAULT]\nscheduler_default_filters = RamFilter, ComputeFilter\n');
  assert.deepEqual(got.filters, ['RamFilter', 'ComputeFilter']);
  assert.equal(got.attestation, undefined);
});

test('an IPv6 attestation server is written as one', () => {
  const text = trusted.replace('attest.example', '::1');
  assert.equal(settings(text).attestation?.origin, 'https://[::1]:8443');
});

test('what Nova knew and Assay does not have is refused by its name', () => {
  refused(
    `[DEFAULT]\ncompute_scheduler_driver = nova.scheduler.chance.ChanceScheduler\n${trusted}`,
    'config-value',
    /compute_scheduler_driver/,
    'nova.scheduler.chance.ChanceScheduler',
  );
  refused(
    `[DEFAULT]\nscheduler_available_filters = nova.scheduler.filters.core_filter.CoreFilter\n${trusted}`,
    'config-value',
    /scheduler_available_filters/,
    'nova.scheduler.filters.core_filter.CoreFilter',
  );
  refused(
    `[DEFAULT]\nscheduler_default_filters = RamFilter, CoreFilter\n${trusted}`,
    'config-value',
    /scheduler_default_filters/,
    'CoreFilter',
  );
});

test('a default filter that the available ones do not offer is refused', () => {
  refused(
    `[DEFAULT]\nscheduler_available_filters = nova.scheduler.filters.ram_filter.RamFilter\nscheduler_default_filters = RamFilter, TrustedFilter\n${trusted}`,
    'config-value',
    /scheduler_default_filters/,
    'TrustedFilter',
  );
});

test('attestation_insecure_ssl = True is refused and says why', () => {
  refused(`${trusted}attestation_insecure_ssl = True\n`, 'config-value', /attestation_insecure_ssl/);
});

test('trust without a server or a secret to ask it with is refused', () => {
  refused('', 'config-missing', /attestation_server/);
  refused('[trusted_computing]\nattestation_server = a\n', 'config-missing', /attestation_auth_blob/);
});

test('an attestation server that is more than a host name is refused', () => {
  for (const server of ['a/b', 'a@b', 'a b', 'a?x'])
    refused(trusted.replace('attest.example', server), 'config-value', /attestation_server/);
  refused(`${trusted}attestation_api_url = x/../y?z\n`, 'config-value', /attestation_api_url/);
});
