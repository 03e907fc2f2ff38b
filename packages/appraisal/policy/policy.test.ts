// What a policy document comes to, and that no document makes anybody trusted of whom nothing is known.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AssayError } from '@assay/core';
import { components, type PolicyDocument, PolicyDocument as schema, validatorOf } from '@assay/protocol';
import fc from 'fast-check';
import { judge } from '../appraise.ts';
import { KnownGood } from '../reference/known-good.ts';
import { bootLog } from '../testing/boots.ts';
import { knownGoodOf, scene, testPolicy } from '../testing/index.ts';
import { policyDocuments } from '../testing/policy-documents.ts';
import { verifyEvidence } from '../verify-evidence.ts';
import { defaultPcrs, labDocument, policyFrom } from './policy.ts';

const of = (document: Partial<PolicyDocument>) =>
  policyFrom({ ...labDocument, ...document }, { version: 3, lifetimeS: 90 });
const refused = (document: Partial<PolicyDocument>, field: string) =>
  assert.throws(() => of(document), { code: 'policy-value', where: `policy default: ${field}` });

test('what a document leaves unsaid is filled in', () => {
  const { pool, version, pcrs, verdictLifetimeS, softwareTpmAccepted } = policyFrom(
    { pool: 'a' },
    { version: 3, lifetimeS: 90 },
  );
  assert.deepEqual(
    { pool, version, pcrs, verdictLifetimeS, softwareTpmAccepted },
    { pool: 'a', version: 3, pcrs: defaultPcrs, verdictLifetimeS: 90, softwareTpmAccepted: false },
  );
  assert.equal(of({ evidence: { max_age: 5 } }).verdictLifetimeS, 5);
});

test('PCRs that an extra or a rule needs are asked for as well', () => {
  const pcrs = (document: Partial<PolicyDocument>) =>
    of({ evidence: { pcrs: { sha256: [4] } }, known_good: ['boot_loader'], ...document }).pcrs;
  assert.deepEqual(pcrs({}), [{ bank: 'sha256', pcrs: [4] }]);
  assert.deepEqual(pcrs({ extras: [{ name: 'x', pcrs: [14, 4] }] }), [{ bank: 'sha256', pcrs: [4, 14] }]);
  assert.deepEqual(pcrs({ secure_boot: { state: 'on' } }), [{ bank: 'sha256', pcrs: [4, 7] }]);
  assert.deepEqual(pcrs({ command_line: { forbid: ['init=*'] } }), [{ bank: 'sha256', pcrs: [4, 8, 9] }]);
  assert.deepEqual(pcrs({ ima: { required: true } }), [{ bank: 'sha256', pcrs: [4, 10] }]);
  assert.deepEqual(of({ evidence: { pcrs: {} }, ima: {} }).pcrs, [], 'an operator who asks for none gets none');
});

test('a component of which no PCR is asked for is not to be known good', () => {
  const pcrs = (...all: number[]) => ({ evidence: { pcrs: { sha256: all } } });
  refused(pcrs(0, 7), 'evidence.pcrs');
  refused(pcrs(0, 1, 2, 3, 4, 5, 6, 7), 'evidence.pcrs');
  refused({ ...pcrs(0, 7), known_good: ['hypervisor'] }, 'evidence.pcrs');
  refused({ ...pcrs(8, 9), known_good: ['firmware'] }, 'evidence.pcrs');
  refused({ ...pcrs(4), known_good: ['boot_loader', 'operating_system'] }, 'evidence.pcrs');
  assert.ok(of({ ...pcrs(0, 1, 2, 3, 4, 5, 6, 7), known_good: ['firmware', 'boot_loader', 'hypervisor'] }));
  assert.ok(of({ ...pcrs(0, 7), known_good: ['firmware'] }));
  assert.ok(of({ ...pcrs(0, 1, 2, 3, 4, 5, 6, 7, 8, 9) }));
  assert.ok(of({ ...pcrs(0, 7), command_line: { forbid: ['init=*'] } }), 'a rule asks for PCR 8 and 9');
  const extras = [{ name: 'keys', pcrs: [14] }];
  assert.ok(of({ ...pcrs(14), extras, known_good: ['keys'] }));
});

test('what cannot be meant is refused with the field', () => {
  refused({ known_good: ['firmware', 'kernel'] }, 'known_good');
  refused({ extras: [{ name: 'firmware', pcrs: [1] }] }, 'extras');
  refused(
    {
      extras: [
        { name: 'x', pcrs: [1] },
        { name: 'x', pcrs: [2] },
      ],
    },
    'extras',
  );
  refused({ allowed_findings: ['quote-signature'] }, 'allowed_findings');
  refused({ allowed_findings: ['measurement-unknown'] }, 'allowed_findings');
  refused({ tpm: { vendors: [''] } }, 'tpm.vendors');
  const [a, b] = ['0a'.repeat(32), '0b'.repeat(32)] as [string, string];
  refused({ secure_boot: { keys: { db: { require: [a], forbid: [a] } } } }, 'secure_boot.keys.db');
  refused({ secure_boot: { keys: { db: { require: [a], only: [b] } } } }, 'secure_boot.keys.db');
  for (const word of ['', 'a b', '*', '**', 'a\n', '--', ' ', 'a -- b']) {
    refused({ command_line: { forbid: ['x', word] } }, 'command_line.forbid.1');
    refused({ command_line: { require: [word] } }, 'command_line.require.0');
  }
  refused({ command_line: { allow: ['a\u0000'] } }, 'command_line.allow.0');
  for (const pattern of ['', '*', '**', '/**', '/*/**', 'var/log/**'])
    refused({ ima: { files: 'known-good', exclude: [pattern] } }, 'ima.exclude.0');
  refused({ ima: { exclude: ['/var/**'] } }, 'ima.files');
  refused({ ima: { signed_by: [] } }, 'ima.files');
  refused({ ima: { files: 'known-good', signed_by: ['x'] } }, 'ima.signed_by.0');
});

test('what is refused comes with a hint where there is one to give', () => {
  assert.throws(() => of({ known_good: ['kernel'] }), { hint: 'other components are defined in extras' });
  assert.throws(() => of({ tpm: { vendors: [''] } }), { hint: undefined });
});

test('what can be meant is taken', () => {
  of({ secure_boot: { keys: { db: { require: ['0a'.repeat(32)] } } } });
  of({ tpm: { vendors: ['INTC'] } });
  of({ known_good: [...components, 'x'], extras: [{ name: 'x', pcrs: [14] }] });
  of({ command_line: { allow: ['', 'a b *'], require: ['x="a b"', 'lockdown=*'], forbid: ['init=*', '*.x=1'] } });
  of({ ima: { files: 'known-good', exclude: ['/var/**', '**/cache/*', 'boot_aggregate'] } });
  of({ allowed_findings: [] });
});

/** A host that measures with GRUB and with Secure Boot, one whose firmware starts the kernel, one with a unified kernel image. */
const hosts = ['secure-boot', 'direct', 'unified-kernel'].map((boot) => {
  const host = scene(bootLog(boot), defaultPcrs);
  const input = host.input();
  return { host, input, verification: verifyEvidence(input) };
});
const likely = {
  pool: ['default'],
  'command_line.allow': [
    'console=ttyS0 quiet',
    'console=* quiet',
    '*',
    'console=ttyS0 quiet ima_template=ima-ng initrd=initrd',
  ],
  'command_line.require': ['quiet'],
  'command_line.forbid': ['init=*'],
  'ima.exclude': ['/usr/**'],
  'ima.signed_by': ['x'],
  'tpm.vendors': ['INTC'],
  allowed_findings: ['boot-direct-kernel', 'ima-violation', 'boot-call-missing'],
};

/** Undefined for a document that is refused. */
function policyOf(document: PolicyDocument) {
  try {
    return policyFrom(document, { version: 1, lifetimeS: 90 });
  } catch (error) {
    assert.ok(error instanceof AssayError && error.code === 'policy-value', String(error));
    return undefined;
  }
}

test('Q33 no policy makes an honest host trusted of which nothing is known to be good', () => {
  const validator = validatorOf(schema);
  let judged = 0;
  fc.assert(
    fc.property(policyDocuments(likely), fc.constantFrom(...hosts), (document, { input, verification }) => {
      assert.ok(validator.Check(document));
      const policy = policyOf(document);
      if (!policy) return;
      judged += 1;
      const { verdict } = judge({ ...input, verification, policy, knownGood: new KnownGood([]) });
      assert.notEqual(verdict.trust, 'trusted');
    }),
    { numRuns: 400 },
  );
  assert.ok(judged > 50, `${judged}`);
});

test('Q33 a policy that asks for nothing to be known good makes nobody trusted, whatever is known', () => {
  fc.assert(
    fc.property(policyDocuments(likely), fc.constantFrom(...hosts), (document, { input, verification }) => {
      const policy = policyOf({ ...document, known_good: [] });
      if (!policy) return;
      const { verdict } = judge({ ...input, verification, policy });
      assert.deepEqual([verdict.trust, verdict.findings[0]?.code], ['unknown', 'policy-empty']);
    }),
    { numRuns: 100 },
  );
  const [{ host }] = hosts as [(typeof hosts)[number]];
  const verdict = (document: Partial<PolicyDocument>) => host.appraise({}, { policy: testPolicy(document) }).verdict;
  assert.equal(verdict({}).trust, 'trusted');
  for (const document of [{ known_good: [] }, { evidence: { pcrs: {} } }]) {
    const { trust, findings } = verdict(document);
    assert.deepEqual([trust, findings[0]?.code], ['unknown', 'policy-empty']);
  }
  assert.equal(host.appraise({}, { policy: undefined as never }).verdict.findings[0]?.code, 'policy-missing');
  assert.equal(host.appraise({}, { knownGood: knownGoodOf([]) }).verdict.trust, 'unknown');
});
