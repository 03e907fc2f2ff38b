import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { HashName } from '@assay/tpm/structures';
import fc from 'fast-check';
import { type ImaState, KnownImaLines, replayIma } from '../index.ts';
import { buildIma, honestIma, type ImaWish, imaEntry, imaPcrValue, modernTemplates } from '../testing/index.ts';

const replayed = (sent: readonly ImaWish[], known: KnownImaLines, measured = sent, bank: HashName = 'sha256') =>
  replayIma({ offset: 0, bytes: buildIma(sent) }, undefined, { [bank]: imaPcrValue(measured, bank) }, known);
const all = modernTemplates.flatMap((template, i) => honestIma(template, 3).slice(i ? 1 : 0));
const odd: ImaWish[] = [
  { path: '/var/log/x', violation: true },
  { path: '/x', pcr: 11 },
  { template: 'unheard-of', data: Buffer.from('x') },
  { path: 'boot_aggregate' },
  ...honestIma('ima', 1).slice(1),
];

test('a list of known entries is replayed as one that is new', () => {
  const known = new KnownImaLines(1e6);
  for (const bank of ['sha256', 'sha384', 'sha256', 'sha1'] as const) {
    const list = [...all, ...odd];
    assert.deepEqual(replayed(list, known, list, bank), replayed(list, new KnownImaLines(0), list, bank));
  }
});

test('an entry is known by all of its bytes: no host makes another host’s entry mean something else', () => {
  const known = new KnownImaLines(1e6);
  const first = honestIma('ima-ng', 0);
  const good: ImaWish = { path: '/usr/bin/good' };
  const digest = imaEntry(good).subarray(4, 24);
  // Another host sends other data under the digest of the good entry, before and after that is known.
  const forged: ImaWish = { path: '/usr/bin/evil', templateDigest: digest };
  const renamed: ImaWish = { ...good, pcr: 11 };
  for (let round = 0; round < 2; round++) {
    for (const lie of [forged, renamed]) {
      const { state, findings } = replayed([...first, lie], known, [...first, good]);
      assert.equal(state, undefined);
      assert.equal(findings.length, 1);
    }
    const honest = replayed([...first, good], known);
    assert.equal(honest.state?.entries, 2);
    assert.deepEqual(honest.findings, []);
  }
});

test('what is strange about an entry is found each time anew', () => {
  const known = new KnownImaLines(1e6);
  const list = [...all, ...odd];
  const codes = () => replayed(list, known).findings.map(({ code }) => code);
  const once = codes();
  assert.deepEqual(codes(), once);
  assert.deepEqual(once, ['violation', 'other-pcr', 'template-unknown', 'boot-aggregate-again', 'template-legacy']);
});

test('I15 an entry that is known elsewhere is not taken for boot_aggregate, nor that for an entry', () => {
  const known = new KnownImaLines(1e6);
  replayed(all, known);
  assert.deepEqual(
    replayed(all.slice(1), known).findings.map(({ code }) => code),
    ['boot-aggregate'],
  );
  const twice = [...all, all[0] as ImaWish];
  assert.deepEqual(
    replayed(twice, known).findings.map(({ index, code }) => [index, code]),
    [[all.length, 'boot-aggregate-again']],
  );
});

test('a padded list is not mixed with what is known of recomputed ones', () => {
  const known = new KnownImaLines(1e6);
  const bytes = buildIma(all);
  const replay = (how: 'recomputed' | 'padded') =>
    replayIma({ offset: 0, bytes }, undefined, { sha256: imaPcrValue(all, 'sha256', how) }, known).state as ImaState;
  for (let round = 0; round < 2; round++) {
    assert.deepEqual(replay('padded').padded, ['sha256']);
    assert.equal(replay('recomputed').padded, undefined);
  }
});

test('it forgets what is old, and takes no more memory than it was given', () => {
  const filled = (maxBytes: number, pathLength: number, count: number) => {
    const known = new KnownImaLines(maxBytes);
    const entryOf = (i: number) => imaEntry({ path: `/${i}-`.padEnd(pathLength, 'x') });
    const digest = Buffer.alloc(32);
    for (let i = 0; i < count; i++) {
      const entry = entryOf(i);
      known.remember('sha256', entry, 0, entry.length, digest.fill(i & 0xff));
    }
    const held: number[] = [];
    let bytes = 0;
    // Looked at from the newest on: what is recalled from the older half moves to the younger one.
    for (let i = count - 1; i >= 0; i--) {
      const entry = entryOf(i);
      if (!known.recall('sha256', entry, 0, entry.length, digest)) continue;
      assert.equal(digest[0], i & 0xff);
      held.push(i);
      bytes += entry.length + 32;
    }
    return { held, bytes };
  };
  assert.deepEqual(filled(0, 20, 100).held, []);
  for (const [pathLength, count] of [
    [20, 20_000],
    [3000, 1000],
  ] as const) {
    const { held, bytes } = filled(400_000, pathLength, count);
    assert.ok(bytes > 50_000 && bytes <= 400_000, `${bytes} bytes`);
    assert.ok(count - (held[0] as number) < 10, 'the newest are held'); // one that found its place crowded is not
    assert.ok(!held.includes(0));
  }
  assert.ok(filled(64e6, 20, 20_000).held.length > 19_900); // a few may find their place crowded
});

test('the beginning of a known entry is not known', () => {
  const known = new KnownImaLines(1e6);
  const entry = imaEntry({ path: '/usr/bin/program' });
  const digest = Buffer.alloc(32);
  known.remember('sha256', entry, 0, entry.length, digest);
  assert.equal(known.recall('sha256', entry, 0, entry.length, digest), true);
  assert.equal(known.recall('sha256', entry, 0, entry.length - 1, digest), false);
});

test('what was remembered is recalled byte for byte, and nothing else is', () => {
  const entry = fc.uint8Array({ minLength: 28, maxLength: 200 });
  fc.assert(
    fc.property(
      fc.array(fc.tuple(entry, fc.uint8Array({ minLength: 32, maxLength: 32 })), { maxLength: 40 }),
      entry,
      (pairs, other) => {
        const known = new KnownImaLines(1e6);
        const model = new Map<string, string>();
        const digest = Buffer.alloc(32);
        for (const [bytes, value] of pairs) {
          const key = bytes.toHex();
          if (model.has(key)) continue;
          known.remember('sha256', Buffer.from(bytes), 0, bytes.length, Buffer.from(value));
          model.set(key, value.toHex());
        }
        for (const [bytes] of [...pairs, [other]] as [Uint8Array][]) {
          const padded = Buffer.concat([Buffer.alloc(5), bytes, Buffer.alloc(5)]);
          const found = known.recall('sha256', padded, 5, 5 + bytes.length, digest)
            ? digest.toString('hex')
            : undefined;
          assert.equal(found, model.get(bytes.toHex()));
          assert.equal(known.recall('sha384', padded, 5, 5 + bytes.length, digest), false);
        }
      },
    ),
    { numRuns: 100 },
  );
});
