// A host boots for real: OVMF with Secure Boot, Debian's shim, GRUB and kernel, the agent of this repository on the machine's own
// TPM, over a network to a real attestation server. Golden as it first boots, told apart as it boots otherwise.
import assert from 'node:assert/strict';
import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { startTestServer } from '@assay/attestation/testing';
import { components, type Host, type LearnResult } from '@assay/protocol';
import { manufacture } from '@assay/tpm/testing';
import { type Boot, buildParts, layHost } from './measured-boot/host.ts';
import type { Machine } from './measured-boot/machine.ts';

const asItShould: Boot = { chain: 'shim-grub', secureBoot: true, commandLine: '' };

test('a real host that boots as its golden boot is trusted, and with another command line it is not', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'assay-boot-'));
  await chmod(folder, 0o755); // QEMU enters it as another user
  const machines: Machine[] = []; // all of them: one that still runs keeps the test from ending
  t.after(async () => {
    for (const machine of machines) await machine.kill();
    await rm(folder, { recursive: true });
  });
  const [tpmState, tpmCa] = [join(folder, 'tpm'), join(folder, 'tpm-ca')];
  const [parts] = await Promise.all([
    buildParts(join(folder, 'parts')),
    manufacture({ stateDir: tpmState, caDir: tpmCa }),
  ]);
  const ca = (name: string) => readFile(join(tpmCa, name), 'utf8');
  const server = await startTestServer(t, {
    challenge_timeout: 60,
    softwareTpmCas: { 'issuer.pem': await ca('issuercert.pem'), 'root.pem': await ca('swtpm-localca-rootca-cert.pem') },
  });
  await server.call('POST', '/v1/hosts', { name: 'node1' });
  const host = await layHost({
    ...{ folder: join(folder, 'host'), parts, tpmState, tpmCa, name: 'node1' },
    server: { port: server.server.port, caFile: server.caFile },
    imaPolicy: ['measure func=BPRM_CHECK', 'measure func=FILE_MMAP mask=MAY_EXEC'],
  });
  /** What the server made of it, once its agent heard so. */
  const bootAndAttest = async (how: Boot): Promise<{ machine: Machine; verdict: Host['verdict'] }> => {
    await machines.at(-1)?.kill();
    const machine = await host.boot(how);
    machines.push(machine);
    await machine.says(/"msg":"attested"/);
    return { machine, verdict: (await server.host('node1')).verdict };
  };

  await t.test('its evidence verifies, and a golden host teaches the server what is good', async () => {
    const { machine, verdict } = await bootAndAttest(asItShould);
    assert.deepEqual(
      verdict.findings.filter(({ allowed }) => !allowed).map(({ code }) => code),
      Array(4).fill('reference-missing'),
      verdict.reason,
    );
    const { status, body } = await server.call('POST', '/v1/reference/learn', { host: 'node1' });
    assert.equal(status, 200, JSON.stringify(body));
    assert.deepEqual(
      (body as LearnResult).added.map(({ component, content }) => [component, content.form]),
      [...components.map((component) => [component, 'sequence']), ['operating_system', 'files']],
    );
    const trusted = (await server.host('node1')).verdict; // by the evidence it has already sent
    assert.equal(trusted.trust, 'trusted', trusted.reason);
    assert.equal(trusted.software_tpm, true);
    const again = await server.call('POST', '/v1/hosts/node1/attest');
    assert.equal((again.body as Host).verdict.trust, 'trusted', JSON.stringify(again.body));
    await machine.says(/"trust":"trusted"/);
    await machine.stop();
  });

  await t.test('another kernel command line is told apart from everything else, and named', async () => {
    const { verdict } = await bootAndAttest({ ...asItShould, commandLine: 'init=/bin/sh' });
    assert.equal(verdict.trust, 'untrusted', verdict.reason);
    const trust = Object.fromEntries(verdict.components.map(({ component, trust }) => [component, trust]));
    assert.deepEqual(trust, {
      firmware: 'trusted',
      boot_loader: 'untrusted',
      hypervisor: 'untrusted',
      operating_system: 'trusted',
    });
    // The boot loader differs by the file it has the words from.
    const finding = verdict.findings.find(({ component }) => component === 'hypervisor');
    assert.equal(finding?.code, 'measurement-unknown');
    assert.match(finding?.expected ?? '', /linuxefi \/kernel console=ttyS0 quiet”/);
    assert.match(finding?.seen ?? '', /linuxefi \/kernel console=ttyS0 quiet init=\/bin\/sh”/);
  });
});
