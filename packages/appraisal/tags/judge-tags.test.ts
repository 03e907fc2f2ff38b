// Which tags does a verdict tell, and when do they decide? By an honest host with a real certificate in its evidence.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encode } from '@assay/core';
import { type TagDemands, tagIndex, tagIndexAttributes, tagRecord, tagRecordBytes, toBase64 } from '@assay/protocol';
import { Attest, nvAreaOf, nvNameOf } from '@assay/tpm/structures';
import { labDocument, policyFrom } from '../policy/policy.ts';
import { checkAk, endorsementPrimaryName } from '../quote/ak.ts';
import { signatureOf } from '../testing/evidence.ts';
import { scene } from '../testing/scene.ts';
import { judgeTags } from './judge-tags.ts';
import { readTagIndex } from './nv-proof.ts';

const ekName = '000b'.padEnd(68, '7');
const tags = { country: 'DE', zone: 'fra1' };
const expected = { tags, serial: 3, wasCertified: true };
const contents = (serial: number) => tagRecord({ serial, ekName: Buffer.from(ekName, 'hex'), tags });
const policy = (demands?: TagDemands) =>
  policyFrom({ ...labDocument, ...(demands && { tags: demands }) }, { version: 1, lifetimeS: 60 });
const told = (demands: TagDemands | undefined, serial: number, of: typeof expected | null = expected) =>
  judgeTags(policy(demands), { tagIndex: { contents: contents(serial) } }, { ekName, expected: of ?? undefined });

test('where the policy asks for no tags, certified ones are told, and findings do not count', () => {
  assert.deepEqual(told(undefined, 3), { tags, findings: [] });
  const stale = told(undefined, 2);
  assert.deepEqual([stale.tags, stale.findings.length, stale.findings[0]?.allowed], [undefined, 1, true]);
});

test('a policy is content with one of its values for each tag it asks for', () => {
  assert.deepEqual(told({ country: ['AT', 'DE'], zone: ['fra1'] }, 3), { tags, findings: [] });
});

test('another value than the policy asks for is a mismatch, a tag that is not there is missing', () => {
  const { findings, tags: certified } = told({ country: ['AT', 'CH'], rack: ['7'] }, 3);
  assert.deepEqual(certified, tags);
  assert.deepEqual(
    findings.map(({ code, allowed }) => [code, allowed]),
    [
      ['tag-mismatch', undefined],
      ['tag-missing', undefined],
    ],
  );
  assert.match(findings[0]?.message ?? '', /country=AT or CH, got country=DE/);
  assert.match(findings[1]?.message ?? '', /rack=7, got no tag rack/);
});

test('what is not certified is told of nobody, and counts where the policy asks for tags', () => {
  const stale = told({ country: ['DE'] }, 2);
  assert.deepEqual(
    [stale.tags, stale.findings.map(({ code, allowed }) => [code, allowed])],
    [undefined, [['tag-stale', undefined]]],
  );
  const none = told({ country: ['DE'] }, 3, null);
  assert.deepEqual([none.tags, none.findings[0]?.code], [undefined, 'tag-missing']);
});

test('a policy that asks for no value of a tag, or for what is no tag, is refused', async () => {
  const { check, PolicyDocument } = await import('@assay/protocol');
  for (const tags of [
    {},
    { country: [] },
    { country: 'DE' },
    { 'a b': ['c'] },
    { country: ['DE', 'DE'] },
    { country: [' '] },
  ])
    assert.throws(() => check(PolicyDocument, { ...labDocument, tags }, 'policy'), { code: 'message-schema' });
  assert.throws(() => policy({ country: ['ü'.repeat(128)] }), {
    code: 'policy-value',
    where: 'policy default: tags.country.0',
  });
});

test('as many bytes from another place of the index prove nothing, even from a TPM that would certify them', () => {
  const { tpm, nonce } = scene();
  const read = (offset: number) => {
    const attest = encode(Attest, {
      magic: 'generated',
      type: 'nv',
      qualifiedSigner: endorsementPrimaryName(tpm.akName, 'sha256'),
      extraData: nonce,
      clockInfo: { clock: 1n, resetCount: 1, restartCount: 0, safe: true },
      firmwareVersion: 1n,
      indexName: nvNameOf(
        nvAreaOf({ index: tagIndex, size: tagRecordBytes, attributes: { ...tagIndexAttributes, written: true } }),
      ),
      offset,
      nvContents: contents(3),
    });
    const signature = signatureOf(tpm.akKey, 'sha256', attest);
    return readTagIndex({ attest: toBase64(attest), signature: toBase64(signature) }, checkAk(tpm.akPublic), nonce);
  };
  assert.ok('contents' in read(0));
  const moved = read(1);
  assert.ok('finding' in moved && moved.finding.code === 'tag-unproven');
});
