import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, test } from 'node:test';
import { akTemplate, type LoadedKey, openTpm, type Tpm } from '../index.ts';
import { policyA, policyB, policyC } from '../keys/ek-policy.ts';
import { FirstHandle, Permanent } from '../structures/handles.ts';
import type { Public } from '../structures/public-area.ts';
import { startTestTpm, type TestTpm } from '../testing/test-tpm.ts';

let peer: TestTpm;
let tpm: Tpm;
let key: LoadedKey;
before(async () => {
  peer = await startTestTpm();
  tpm = await openTpm(peer.spec);
  // A key that only "the endorsement hierarchy's password, or the vendor's index" may use.
  const template = akTemplate('ecc256', new Uint8Array());
  const attributes = { ...template.attributes, userWithAuth: false, adminWithPolicy: true };
  key = await tpm.createPrimary('endorsement', { ...template, attributes, authPolicy: policyB.sha256 } as Public);
});
after(async () => {
  await tpm.close();
  await peer.stop();
});

const quote = (ak: LoadedKey) =>
  tpm.quote({ ak, nonce: new Uint8Array(8), selection: [{ hash: 'sha256', pcrs: [0] }] });
const sessions = async () => (await tpm.getCapability('handles', FirstHandle.loadedSession)).handles;

test('a key with a policy is used by a session that satisfies it, once', async () => {
  await assert.rejects(quote(key), { code: 'tpm-rc-auth-unavailable' }, 'its password does not count');
  const policySession = await tpm.startAuthSession('policy', 'sha256');
  await assert.rejects(quote({ ...key, policySession }), { code: 'tpm-rc-policy-fail' });
  await tpm.policySecret(policySession, Permanent.endorsement);
  await assert.rejects(quote({ ...key, policySession }), { code: 'tpm-rc-policy-fail' }, 'one branch alone');
  await tpm.policyOr(policySession, [policyA.sha256, policyC.sha256]);
  assert.ok((await quote({ ...key, policySession })).attest.length > 0);
  assert.deepEqual(await sessions(), [], 'it is used up');
  await assert.rejects(quote({ ...key, policySession }), { code: 'tpm-rc-reference-s0' });
});

test('a session comes to no policy that is not one of those it is offered', async () => {
  const policySession = await tpm.startAuthSession('policy', 'sha256');
  await assert.rejects(tpm.policyOr(policySession, [policyA.sha256, policyC.sha256]), { code: 'tpm-rc-value' });
  await tpm.policySecret(policySession, Permanent.endorsement);
  const other = createHash('sha256').digest();
  await assert.rejects(tpm.policyOr(policySession, [other, policyC.sha256]), { code: 'tpm-rc-value' });
  await assert.rejects(tpm.policySecret(policySession, Permanent.endorsement, Buffer.from('wrong')), {
    code: 'tpm-rc-bad-auth',
  });
  await tpm.flushContext(policySession);
  assert.deepEqual(await sessions(), []);
});

test('a session nobody used is flushed when the TPM is closed', async () => {
  const other = await startTestTpm();
  const first = await openTpm(other.spec);
  await first.startAuthSession('policy', 'sha256');
  await first.startAuthSession('trial', 'sha384');
  await first.startAuthSession('hmac', 'sha256');
  await first.close();
  const second = await openTpm(other.spec);
  assert.deepEqual((await second.getCapability('handles', FirstHandle.loadedSession)).handles, []);
  await second.close();
  await other.stop();
});
