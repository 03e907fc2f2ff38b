// Records real measured boots into test/corpus/boots: `scripts/record-boots [NAME…]`, all of them unless named. A minute each.
// All are boots of one host. Its TPM is kept in image/.cache/host/tpm, so that a boot recorded later is of the same host.
import { execFileSync } from 'node:child_process';
import { chmod, cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type BootName, boots, otherKernel } from '../test/measured-boot/boots.ts';
import { buildParts } from '../test/measured-boot/host.ts';
import { recordBoot } from '../test/measured-boot/record.ts';

const corpus = fileURLToPath(new URL('../test/corpus/boots', import.meta.url));
const tpm = fileURLToPath(new URL('../image/.cache/host/tpm', import.meta.url));

const all = Object.keys(boots) as BootName[];
const wanted = process.argv.slice(2);
const unknown = wanted.find((name) => !(name in boots));
if (unknown !== undefined) {
  console.error(`scripts/record-boots: expected ${all.join(', ')}, got ${unknown}`);
  process.exit(2);
}
const folder = await mkdtemp(join(tmpdir(), 'assay-boots-'));
await chmod(folder, 0o755); // QEMU enters it as another user
try {
  await mkdir(tpm, { recursive: true });
  const parts = await buildParts(join(folder, 'parts'), [otherKernel]);
  for (const name of wanted.length ? (wanted as BootName[]) : all) {
    const begun = performance.now();
    const temporary = join(folder, name);
    await mkdir(temporary);
    const places = { folder: temporary, parts, tpmState: join(tpm, 'state'), tpmCa: join(tpm, 'ca') };
    const host = await recordBoot(boots[name], join(corpus, name), places);
    await writeFile(join(corpus, 'host.json'), `${JSON.stringify(host, null, 1)}\n`);
    await rm(temporary, { recursive: true });
    console.log(`${name}: recorded in ${Math.round((performance.now() - begun) / 1000)} s`);
  }
  await mkdir(join(corpus, 'tpm-ca'), { recursive: true });
  for (const [from, to] of [
    ['issuercert.pem', 'issuer.pem'],
    ['swtpm-localca-rootca-cert.pem', 'root.pem'],
  ] as const)
    await cp(join(tpm, 'ca', from), join(corpus, 'tpm-ca', to));
  const manifest = JSON.parse(await readFile(join(parts, 'manifest.json'), 'utf8'));
  const version = (name: string) => execFileSync('dpkg-query', ['-W', '-f', '${Version}', name], { encoding: 'utf8' });
  for (const name of ['ovmf', 'qemu-system-x86', 'swtpm']) manifest.packages[name] = version(name);
  await writeFile(join(corpus, 'parts.json'), `${JSON.stringify(manifest, null, 1)}\n`);
} finally {
  await rm(folder, { recursive: true });
}
process.exit(); // a test framework was loaded by what tests and we share, and would now report on no tests
