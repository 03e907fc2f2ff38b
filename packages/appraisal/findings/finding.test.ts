import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AssayError } from '@assay/core';
import type { Finding } from '@assay/protocol';
import { allowedFindings, findingCatalogue } from './catalogue.ts';
import { counting, finding, findingOf, leavesEvidenceSound, marked, weight } from './finding.ts';

const of = (code: string, allowed?: true): Finding => ({
  ...finding('log-empty', 'x', 'y', 'z'),
  code,
  ...(allowed && { allowed }),
});

test('what a host wrote is shown up to a bound, and its length told', () => {
  const { expected, seen } = finding('command-line-forbidden', 'event 9', 'x'.repeat(1001), 'y'.repeat(1000));
  assert.equal(expected, `${'x'.repeat(1000)}… (1001 characters)`);
  assert.equal(seen, 'y'.repeat(1000));
});

test('a finding names the component it is about, where there is one', () => {
  assert.equal(finding('log-empty', 'PCR 4', 'a', 'b').message, 'PCR 4: expected a, got b');
  const { message, component, pcr } = finding('log-empty', 'PCR 4', 'a', 'b', { component: 'firmware', pcr: 4 });
  assert.match(message, /^firmware: PCR 4: expected a, got b$/i);
  assert.deepEqual([component, pcr], ['firmware', 4]);
});

test('a check that failed is a finding under its own code, or under one for all others; a fault of ours is none', () => {
  const failed = (code: string) => findingOf(new AssayError(code, 'PCR 4', 'a', Uint8Array.of(1)));
  assert.equal(failed('pcr-values').code, 'pcr-values');
  assert.equal(failed('wire-short').code, 'evidence-unreadable');
  assert.equal(failed('constructor').code, 'evidence-unreadable');
  assert.equal(failed('pcr-values').expected, 'a');
  for (const fault of [new TypeError('a fault'), undefined, 'text'])
    assert.throws(
      () => findingOf(fault),
      (thrown) => thrown === fault,
    );
});

test('a code nobody knows weighs most and leaves nothing sound', () => {
  assert.equal(weight(of('no-such-finding')), 'untrusted');
  assert.equal(weight(of('no-answer')), 'unknown');
  assert.equal(weight(of('quote-magic')), 'untrusted');
  assert.equal(leavesEvidenceSound(of('no-such-finding')), false);
  assert.equal(leavesEvidenceSound(of('quote-magic')), false);
  assert.equal(leavesEvidenceSound(of('measurement-unknown')), true);
  assert.equal(leavesEvidenceSound(of('log-data-mismatch')), false);
  assert.equal(leavesEvidenceSound(of('log-data-mismatch', true)), true);
});

test('what is allowed is marked, shown and does not count', () => {
  const both = [of('boot-call-missing'), of('quote-magic')];
  const shown = marked(both, ['boot-call-missing']);
  assert.deepEqual(shown, [of('boot-call-missing', true), of('quote-magic')]);
  assert.deepEqual(counting(shown), [of('quote-magic')]);
  assert.deepEqual(counting(marked(both, [])), both);
});

test('a code that may not be allowed is told apart from one that there is not', () => {
  const told = (code: string, got: string) => assert.throws(() => allowedFindings([code], 'x'), { got });
  told('quote-magic', 'quote-magic, which nothing can be proven with');
  told('no-such-finding', 'no-such-finding');
  const may = Object.entries(findingCatalogue).flatMap(([code, { allowable }]) => (allowable ? [code] : []));
  assert.throws(() => allowedFindings(['quote-magic'], 'x'), {
    expected: `codes of findings that may be allowed: ${may.join(', ')}`,
  });
});
