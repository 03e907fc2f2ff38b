import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { findingCatalogue } from '@assay/appraisal';
import { makeEvidence, softwareTpm } from '@assay/appraisal/testing';
import { options } from '@assay/attestation';
import { buildIma, corpusLog } from '@assay/measurement/testing';
import { show } from '../packages/cli/evidence/show.ts';
import { testWorld } from '../packages/cli/evidence/testing/world.ts';
import { document, made } from './evidence-doc.ts';

const text = readFileSync(document, 'utf8');

test('docs/evidence.md says of findings and output what the code says; if not: node scripts/evidence-doc.ts', async () => {
  assert.equal(await made(text), text);
});

test('docs/evidence.md lists every finding once, with what to do about it', () => {
  const listed = [...text.matchAll(/^\| `([a-z0-9-]+)` \| (untrusted|unknown) \|/gm)].map(([, code]) => code);
  assert.deepEqual(listed, Object.keys(findingCatalogue));
});

test('docs/evidence.md names only options that there are, and all that decide who vouches for a TPM', () => {
  const [, endorsement = ''] = /## Who vouches for the TPM\n([\s\S]*?)\n## /.exec(text) ?? [];
  const named = [...endorsement.matchAll(/^- `(\w+)`/gm)].map(([, option]) => option);
  assert.deepEqual(
    named,
    Object.keys(options.attestation_server).filter((name) => /^ek_|_tpm_ca_dir$/.test(name)),
  );
});

test('docs/evidence.md knows every code that the evidence commands have', () => {
  const folder = new URL('../packages/cli/evidence/', import.meta.url);
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) =>
    /(?<!\.test)\.ts$/.test(file),
  );
  const codes = files.flatMap((file) => {
    const source = readFileSync(new URL(file, folder), 'utf8');
    return [...source.matchAll(/(?:code: |AssayError\(\s*)'([a-z0-9-]+)'/g)].map(([, code = '']) => code);
  });
  assert.ok(codes.length > 8);
  assert.deepEqual(
    codes.filter((code) => !text.includes(`\`${code}\``)),
    [],
  );
});

/** Every key of plain data, however deep. */
const keysOf = (value: unknown): string[] =>
  typeof value !== 'object' || value === null
    ? []
    : Object.entries(value).flatMap(([key, part]) => [...(Array.isArray(value) ? [] : [key]), ...keysOf(part)]);

test('docs/evidence.md documents every field of the JSON that evidence show writes', async () => {
  const { akKey, akPublic, ekCertificate } = softwareTpm();
  const nonce = Buffer.from('abcd', 'hex');
  const evidence = makeEvidence({ akKey, nonce, log: corpusLog('event-moklisttrusted') });
  const inputs = [
    JSON.stringify({
      ...evidence,
      ima_log: { offset: 0, data: buildIma([{ path: '/x', violation: true }]).toString('base64') },
    }),
    akPublic,
    ekCertificate,
  ];
  const [, section = ''] = /### JSON\n([\s\S]*?)\n## /.exec(text) ?? [];
  const documented = new Set([...section.matchAll(/`([\w-]+)`/g)].map(([, name]) => name));
  for (const input of inputs) {
    const world = testWorld({ stdin: Buffer.from(input) });
    assert.equal(await show(['-'], { all: true, json: true }, world), 0);
    const { evidence: things, ...rest } = JSON.parse(world.written());
    for (const key of Object.keys(rest)) assert.ok(documented.has(key), key);
    for (const { claims, pcrs, pcr10, templates, places, fields, ...thing } of things) {
      for (const key of Object.keys(claims ?? {})) assert.ok(documented.has(key), `claims.${key}`);
      const free = { pcrs, pcr10, templates, places, fields };
      const names = [
        ...keysOf(thing),
        ...Object.entries(free).flatMap(([key, value]) => (value === undefined ? [] : [key])),
      ];
      const undocumented = names.filter((key) => !documented.has(key) && !partsOfValues.includes(key));
      assert.deepEqual([...new Set(undocumented)], [], thing.kind);
    }
  }
});

/** Of digests and of a TPM's names, by which they explain themselves. */
const partsOfValues = ['algorithm', 'value', 'sha1', 'sha256', 'sha384', 'manufacturer', 'model', 'version'];
