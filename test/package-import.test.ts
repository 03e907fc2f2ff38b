// The proof that packages are enough: what Debian's packages hold is imported before a host ever boots, and it is trusted as it boots, with nothing
// learnt from any host. Another command line, or a kernel with one byte changed, is not.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { chmod, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { startTestServer } from '@assay/attestation/testing';
import type { Host, LearnResult, NewReferenceValue, PolicyDocument } from '@assay/protocol';
import { manufacture } from '@assay/tpm/testing';
import { readFiles, readList, readPackage } from '../packages/cli/known-good/index.ts';
import { type Boot, buildParts, layHost } from './measured-boot/host.ts';
import type { Machine } from './measured-boot/machine.ts';

const commandLine = 'console=ttyS0 quiet';
const otherCommandLine = `${commandLine} init=/bin/sh`;
const asItShould: Boot = { chain: 'shim-grub', secureBoot: true, commandLine: '' };

/**
 * All but the firmware: its code, its variables and its disks are a machine's own and come in no package. A host's maker may publish them; else they are
 * learnt or accepted.
 */
const policy: PolicyDocument = {
  pool: 'default',
  tpm: { software: true },
  known_good: ['boot_loader', 'hypervisor', 'operating_system'],
  secure_boot: { state: 'on' },
  command_line: { allow: [commandLine] },
};

/** What Debian's GRUB does by itself before it reads a configuration, then what that one says: each measured as its words. */
const grubCommands = {
  'boot loader command': [
    '[ -z (hd0,gpt1)/EFI/debian -o ! -e (hd0,gpt1)/EFI/debian ]',
    '[ -e (hd0,gpt1)/EFI/debian/x86_64-efi/grub.cfg ]',
    '[ -e (hd0,gpt1)/EFI/debian/grub.cfg ]',
    'source (hd0,gpt1)/EFI/debian/grub.cfg',
    'source /EFI/debian/kernel.cfg',
    'boot',
  ],
  'command that loads the initrd': ['initrdefi /initrd'],
};
const grubFiles = {
  'grub.cfg': 'source /EFI/debian/kernel.cfg\n',
  'kernel.cfg': `linuxefi /kernel ${commandLine}\ninitrdefi /initrd\nboot\n`,
};

/** Packages as image/build and image/host/build took them: the newest there is. */
async function packagesOf(cache: string): Promise<string[]> {
  const newest = async (folder: string, name: RegExp) => {
    const found = (await readdir(folder)).filter((file) => name.test(file));
    const sorted = found.sort((a, b) => a.localeCompare(b, 'en', { numeric: true }));
    return join(folder, sorted.at(-1) ?? 'no package');
  };
  const ofHost = join(cache, 'host');
  return [
    await newest(cache, /^linux-image-.*-cloud-.*\.deb$/),
    await newest(ofHost, /^shim-signed_.*\.deb$/),
    await newest(ofHost, /^grub-efi-amd64-signed_.*\.deb$/),
  ];
}
const cache = process.env['ASSAY_IMAGE_CACHE'] ?? join(import.meta.dirname, '../image/.cache');

/** As an operator imports them: packages, the files the host's installation makes, and a list. */
async function importedValues(folder: string, initrd: string): Promise<NewReferenceValue[]> {
  const list = join(folder, 'grub.csv');
  const rows = Object.entries(grubCommands).flatMap(([claim, commands]) =>
    commands.map((words) => `${claim},${createHash('sha256').update(words).digest('hex')},"${words}"`),
  );
  await writeFile(list, ['claim,sha256,description', ...rows, ''].join('\n'));
  const configurations = Object.entries(grubFiles).map(([name, text]) => ({ path: join(folder, name), text }));
  for (const { path, text } of configurations) await writeFile(path, text);
  const claim = 'file of the boot loader';
  const packages = await packagesOf(cache);
  return [
    ...(await Promise.all(packages.map((path) => readPackage(path, { files: false })))).flat(),
    ...(await readFiles(
      configurations.map(({ path }) => path),
      { claim },
    )),
    ...(await readFiles([initrd])),
    ...(await readList(list)),
  ];
}

/** The same kernel but for one letter of what it calls itself, which boots as well as the other. */
function withOneByteChanged(kernel: Buffer): Buffer {
  const version = 0x200 + kernel.readUInt16LE(0x20e); // kernel_version of the boot protocol of x86
  assert.match(kernel.toString('latin1', version, version + 40), /^\d+\.\d+/);
  const changed = Buffer.from(kernel);
  changed.write('X', version, 'latin1');
  return changed;
}

test('a host is trusted by the packages it is made of, before anything was learnt from a host', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'assay-package-'));
  await chmod(folder, 0o755); // QEMU enters it as another user
  const machines: Machine[] = [];
  t.after(async () => {
    for (const machine of machines) await machine.kill();
    await rm(folder, { recursive: true });
  });
  const tpmCa = join(folder, 'tpm-ca');
  const tpmOf = (name: string) => join(folder, `tpm-${name}`);
  const manufactured = (async () => {
    for (const name of ['node1', 'node2']) await manufacture({ stateDir: tpmOf(name), caDir: tpmCa });
  })();
  const [parts] = await Promise.all([buildParts(join(folder, 'parts')), manufactured]);
  const ca = (name: string) => readFile(join(tpmCa, name), 'utf8');
  const server = await startTestServer(t, {
    policy,
    challenge_timeout: 60,
    softwareTpmCas: { 'issuer.pem': await ca('issuercert.pem'), 'root.pem': await ca('swtpm-localca-rootca-cert.pem') },
  });
  const bootAndAttest = async (name: string, how: Boot): Promise<Host> => {
    const laid = await layHost({
      ...{ folder: join(folder, name), parts, tpmState: tpmOf(name), tpmCa, name },
      server: { port: server.server.port, caFile: server.caFile },
      imaPolicy: [],
    });
    const machine = await laid.boot(how);
    machines.push(machine);
    await machine.says(/"msg":"attested"/);
    await machine.kill(); // all else is said of the evidence it gave
    return await server.host(name);
  };
  /** @returns node2 as it is judged after the change */
  const change = async (path: string, body: object): Promise<Host> => {
    const { status, body: answer } = await server.call('POST', path, {
      ...body,
      by: 'test',
      because: 'to see it judged',
    });
    assert.equal(status, 200, JSON.stringify(answer));
    return await server.host('node2');
  };
  const codes = ({ verdict }: Host) => verdict.findings.map(({ code }) => code);
  const unknown = ({ verdict }: Host) => verdict.findings.filter(({ code }) => code === 'measurement-unknown');

  await t.test('what is imported is told before, and nothing of it comes from a host', async () => {
    const values = await importedValues(await mkdtemp(join(folder, 'import-')), join(parts, 'initrd'));
    const request = { values, by: 'test', because: 'before the first boot' };
    const dry = await server.call('POST', '/v1/reference', { ...request, dry_run: true });
    assert.equal(dry.status, 200, JSON.stringify(dry.body));
    const added = await server.call('POST', '/v1/reference', request);
    assert.equal(added.status, 200, JSON.stringify(added.body));
    const [told, done] = [dry.body as LearnResult, added.body as LearnResult];
    assert.deepEqual(
      told.added.map(({ id }) => id),
      done.added.map(({ id }) => id),
    );
    assert.deepEqual([...new Set(done.added.map(({ source }) => source.kind))].sort(), ['file', 'list', 'package']);
    for (const name of ['node1', 'node2']) await server.call('POST', '/v1/hosts', { name });
  });

  await writeFile(join(parts, 'kernel-changed'), withOneByteChanged(await readFile(join(parts, 'kernel'))));
  // Side by side. Secure Boot would not start the changed kernel: an attacker has to turn that off, which is a finding of its own.
  const booted = Promise.allSettled([
    bootAndAttest('node1', asItShould),
    bootAndAttest('node2', { ...asItShould, secureBoot: false, kernel: 'changed', commandLine: 'init=/bin/sh' }),
  ]);
  const first = async (which: 0 | 1): Promise<Host> => {
    const outcome = (await booted)[which];
    if (outcome.status === 'rejected') throw outcome.reason;
    return outcome.value;
  };

  await t.test('the host is trusted at its first boot', async () => {
    const { verdict } = await first(0);
    assert.equal(verdict.trust, 'trusted', verdict.reason);
    const good = verdict.components.filter(({ demanded }) => demanded !== false);
    assert.deepEqual(
      good.map(({ component, trust }) => [component, trust]),
      (policy.known_good ?? []).map((component) => [component, 'trusted']),
    );
  });

  await t.test('with another kernel and another command line it is not', async () => {
    const host = await first(1);
    assert.equal(host.verdict.trust, 'untrusted', host.verdict.reason);
    assert.deepEqual(codes(host), ['secure-boot-off', 'measurement-unknown', 'measurement-unknown']);
    const [loader, hypervisor] = unknown(host); // of each component the first one
    assert.deepEqual(
      [loader?.component, loader?.pcr, loader?.expected],
      ['boot_loader', 9, 'a known file of the boot loader'],
    );
    assert.equal(hypervisor?.component, 'hypervisor');
    assert.match(hypervisor?.seen ?? '', /“grub_cmd: linuxefi \/kernel console=ttyS0 quiet init=\/bin\/sh”/);
  });

  // The same boot, one difference after the other declared good: each that is left is enough.
  const { secure_boot: _demanded, ...lax } = policy;
  const both = { ...lax, command_line: { allow: [commandLine, otherCommandLine] } };

  await t.test('a kernel with one byte changed is another kernel', async () => {
    const kernelCfg = join(folder, 'kernel.cfg');
    await writeFile(kernelCfg, grubFiles['kernel.cfg'].replace(commandLine, otherCommandLine));
    await change('/v1/reference', { values: await readFiles([kernelCfg], { claim: 'file of the boot loader' }) });
    const host = await change('/v1/policies', { document: both });
    assert.equal(host.verdict.trust, 'untrusted', host.verdict.reason);
    const [kernel, ...others] = host.verdict.findings;
    assert.deepEqual(others, []);
    assert.deepEqual([kernel?.component, kernel?.pcr, kernel?.expected], ['hypervisor', 9, 'a known kernel file']);
    const changed = createHash('sha256').update(await readFile(join(parts, 'kernel-changed')));
    assert.equal(kernel?.seen, `sha256 ${changed.digest('hex')}`);
    const trust = Object.fromEntries(host.verdict.components.map((one) => [one.component, one.trust]));
    assert.deepEqual([trust['boot_loader'], trust['hypervisor']], ['trusted', 'untrusted']);
  });

  await t.test('another command line is enough as well', async () => {
    await change('/v1/policies', { document: lax });
    const host = await change('/v1/reference', { values: await readFiles([join(parts, 'kernel-changed')]) });
    assert.equal(host.verdict.trust, 'untrusted', host.verdict.reason);
    assert.deepEqual(codes(host), ['measurement-unknown']);
    assert.match(unknown(host)[0]?.seen ?? '', /init=\/bin\/sh/);
  });

  await t.test('nothing else was wrong with it, and the other host was trusted all the time', async () => {
    const host = await change('/v1/policies', { document: both });
    assert.equal(host.verdict.trust, 'trusted', host.verdict.reason);
    assert.equal((await server.host('node1')).verdict.trust, 'trusted');
  });
});
