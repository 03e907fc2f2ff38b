import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { AssayError } from '@assay/core';
import type { HashName } from '@assay/tpm/structures';
import fc from 'fast-check';
import { type ImaReplay, type ImaState, type ImaTemplate, replayIma } from '../index.ts';
import {
  buildIma,
  honestIma,
  type ImaWish,
  imaExtends,
  imaPcrValue,
  modernTemplates,
  replayImaSlowly,
} from '../testing/index.ts';

/** Sends these entries, and quotes PCR 10 as if `measured` had been. */
const replayed = (sent: readonly ImaWish[], measured = sent, banks: HashName[] = ['sha256'], padded: HashName[] = []) =>
  replayIma({ offset: 0, bytes: buildIma(sent) }, undefined, targetOf(measured, banks, padded));
const targetOf = (measured: readonly ImaWish[], banks: HashName[] = ['sha256'], padded: HashName[] = []) =>
  Object.fromEntries(
    banks.map((bank) => [bank, imaPcrValue(measured, bank, padded.includes(bank) ? 'padded' : 'recomputed')]),
  );
const codesOf = ({ findings }: ImaReplay) => findings.map(({ index, code }) => `${index} ${code}`);
const files = (count: number): ImaWish[] => honestIma('ima-ng', count);
const violated: ImaWish = { path: '/var/log/written', violation: true };
const added: ImaWish = { path: '/tmp/malware' };
/** PCR 10 of the SHA-384 bank after these digests. */
const chain = (digests: readonly Uint8Array[]) =>
  digests.reduce<Buffer>(
    (value, digest) => createHash('sha384').update(value).update(digest).digest(),
    Buffer.alloc(48),
  );
const errorOf = (run: () => unknown): string | undefined => {
  try {
    run();
    return undefined;
  } catch (error) {
    assert.ok(error instanceof AssayError);
    return error.code;
  }
};

for (const template of [...modernTemplates, 'ima'] as ImaTemplate[])
  test(`a list in ${template} reaches the quoted value in every bank, and only with every entry`, () => {
    const honest = honestIma(template, 4);
    const banks: HashName[] = ['sha1', 'sha256', 'sha384', 'sha512'];
    const { state, tail, cut } = replayed(honest, honest, banks);
    const bytes = buildIma(honest);
    const pcrs = Object.fromEntries(
      Object.entries(targetOf(honest, banks)).map(([bank, value]) => [bank, value.toString('hex')]),
    );
    assert.deepEqual(
      { state, tail, cut },
      { state: { offset: bytes.length, entries: 5, pcrs }, tail: 0, cut: undefined },
    );
    for (let i = 0; i < honest.length; i++) {
      const without = honest.filter((_, j) => j !== i);
      assert.equal(replayed(without, honest, banks).state, undefined, `without entry ${i}`);
      assert.equal(replayed([...honest.slice(0, i), added, ...honest.slice(i)], honest, banks).state, undefined);
    }
  });

test('entry 0 comes with the replay, unless an earlier round had it', () => {
  const honest = files(2);
  assert.equal(replayed(honest).first?.fields?.path, 'boot_aggregate');
  assert.equal(replayed(honest, files(1)).first?.index, 0);
  const state = replayed(honest).state as ImaState;
  assert.equal(replayIma({ offset: state.offset, bytes: new Uint8Array() }, state, targetOf(honest)).first, undefined);
});

test('I01 a violation extends all ones, is found, and cannot be passed off as an entry or left out', () => {
  const honest = [...files(2), violated, ...files(4).slice(3)];
  const replay = replayed(honest);
  assert.equal(replay.state?.entries, honest.length);
  assert.deepEqual(codesOf(replay), ['3 violation']);
  assert.deepEqual(replay.counts, { violation: 1 });
  assert.equal(
    replayed(
      honest.map((wish) => ({ ...wish, violation: false })),
      honest,
    ).state,
    undefined,
  );
  assert.equal(
    replayed(
      honest.filter((wish) => wish !== violated),
      honest,
    ).state,
    undefined,
  );
  assert.deepEqual(codesOf(replayed(files(3))), []);
});

test('I02 data that is not what was measured leads elsewhere, and a false template digest is found', () => {
  const honest = files(4);
  assert.deepEqual(codesOf(replayed(honest)), []);
  // The right data under a wrong SHA-1 digest: the SHA-256 bank is reached, and the entry is named.
  const digest = honest.map((wish, i) => (i === 2 ? { ...wish, templateDigest: Buffer.alloc(20, 9) } : wish));
  const wrong = replayed(digest, honest);
  assert.equal(wrong.state?.entries, 5);
  assert.deepEqual(codesOf(wrong), ['2 template-digest']);
  // Other data under the digest that was measured: the SHA-1 bank alone is reached, and the entry is named.
  const measured = imaExtends(honest[2] as ImaWish, 'sha1');
  const data = honest.map((wish, i) =>
    i === 2 ? { ...wish, path: '/usr/bin/other', templateDigest: measured } : wish,
  );
  assert.equal(replayed(data, honest).state, undefined);
  const sha1 = replayed(data, honest, ['sha1']);
  assert.equal(sha1.state?.entries, 5);
  assert.deepEqual(codesOf(sha1), ['2 template-digest']);
  assert.equal(replayed(data, honest, ['sha1', 'sha256']).state, undefined);
});

test('I03 an unknown template is found, a legacy one too, and both are extended', () => {
  const unknown: ImaWish = { template: 'evm-sig', data: Buffer.from('x') };
  assert.deepEqual(codesOf(replayed([...files(1), unknown, added])), ['2 template-unknown']);
  const legacy = replayed(honestIma('ima', 1));
  assert.equal(legacy.state?.entries, 2);
  assert.deepEqual(codesOf(legacy), ['0 template-legacy', '1 template-legacy']);
});

test('I09 an entry for another PCR is found, and proves and spoils nothing', () => {
  const honest = files(3);
  const replay = replayed([...honest.slice(0, 2), { ...added, pcr: 11 }, ...honest.slice(2)], honest);
  assert.equal(replay.state?.entries, 5);
  assert.deepEqual(codesOf(replay), ['2 other-pcr']);
  assert.equal(
    replayed(
      honest.map((wish, i) => (i === 2 ? { ...wish, pcr: 11 } : wish)),
      honest,
    ).state,
    undefined,
  );
  const old = replayed(
    [...honest.slice(0, 2), { ...added, pcr: 11 }, ...honest.slice(2)],
    honest,
    ['sha256'],
    ['sha256'],
  );
  assert.deepEqual(old.state?.padded, ['sha256']);
});

test('I10 what was appended after the quote is counted, not proven, and looked at in the next round', () => {
  const all = [...files(6), { ...added, template: 'unheard-of', data: Buffer.alloc(0) }];
  const first = replayed(all, all.slice(0, 4));
  assert.equal(first.state?.entries, 4);
  assert.equal(first.state?.offset, buildIma(all.slice(0, 4)).length);
  assert.equal(first.tail, 4);
  assert.deepEqual(first.findings, []);
  const state = first.state as ImaState;
  const next = replayIma({ offset: state.offset, bytes: buildIma(all.slice(4)) }, state, targetOf(all));
  assert.equal(next.state?.entries, 8);
  assert.deepEqual(codesOf(next), ['7 template-unknown']);
});

test('I10 an entry cut off behind the quote is no matter, before it the list proves nothing', () => {
  const all = files(4);
  const bytes = buildIma(all);
  const behind = replayIma({ offset: 0, bytes: bytes.subarray(0, -3) }, undefined, targetOf(all.slice(0, 3)));
  assert.equal(behind.state?.entries, 3);
  assert.equal(behind.cut?.offset, buildIma(all.slice(0, 4)).length);
  assert.equal(replayIma({ offset: 0, bytes: bytes.subarray(0, -3) }, undefined, targetOf(all)).state, undefined);
});

test('I11 a list that ends before the quote proves nothing; read again it does', () => {
  const all = files(5);
  const early = replayed(all.slice(0, 4), all);
  assert.equal(early.state, undefined);
  assert.equal(early.tail, 4);
  assert.equal(replayed(all).state?.entries, 6);
});

test('I12 the newest entry held back is missed in the very round it is quoted in', () => {
  const all = [...files(3), added];
  assert.equal(replayed(all).state?.entries, 5);
  assert.equal(replayed(all.slice(0, -1), all).state, undefined);
});

test('I13 a part of the list begins at 0 or where the last round ended, and nowhere else', () => {
  const all = files(5);
  const bytes = buildIma(all);
  const state = replayed(all, all.slice(0, 3)).state as ImaState;
  const from = (offset: number, previous: ImaState | undefined = state) =>
    errorOf(() => replayIma({ offset, bytes: bytes.subarray(Math.max(0, offset)) }, previous, targetOf(all)));
  assert.equal(from(0), undefined);
  assert.equal(from(state.offset), undefined);
  for (const offset of [
    1,
    -1,
    state.offset - 1,
    state.offset + 1,
    bytes.length,
    bytes.length + 1,
    0.5,
    Number.NaN,
    2 ** 53,
  ])
    assert.equal(from(offset), 'ima-offset', `${offset}`);
  assert.equal(
    errorOf(() => replayIma({ offset: state.offset, bytes: bytes.subarray(state.offset) }, undefined, targetOf(all))),
    'ima-offset',
  );
});

test('I14 after a reboot the old state leads nowhere, and the new list is read from its beginning', () => {
  const before = files(5);
  const state = replayed(before).state as ImaState;
  const after = [...honestIma('ima-ng', 9, Buffer.alloc(32, 3))];
  const target = targetOf(after);
  const bytes = buildIma(after);
  assert.equal(replayIma({ offset: 0, bytes }, state, target).state?.entries, 10);
  assert.equal(
    replayIma({ offset: state.offset, bytes: bytes.subarray(state.offset) }, state, target).state,
    undefined,
  );
});

test('I14 a state that lacks a quoted bank is refused, as is one that was spoilt', () => {
  const all = files(3);
  const state = replayed(all).state as ImaState;
  const part = { offset: state.offset, bytes: new Uint8Array() };
  assert.equal(
    errorOf(() => replayIma(part, state, targetOf(all, ['sha256', 'sha384']))),
    'ima-state',
  );
  for (const sha256 of ['', 'zz', state.pcrs.sha256?.slice(2) as string])
    assert.equal(
      errorOf(() => replayIma(part, { ...state, pcrs: { sha256 } }, targetOf(all))),
      'ima-state',
    );
  assert.equal(replayIma(part, state, targetOf(all)).state?.entries, 4);
});

test('I16 what is strange is counted in full and kept in part, however long the list', () => {
  const many = [
    ...files(1),
    ...Array.from({ length: 3000 }, (_, i): ImaWish => (i % 2 ? violated : { ...added, pcr: 12 })),
  ];
  const { counts, findings } = replayed(many);
  assert.deepEqual(counts, { violation: 1500, 'other-pcr': 1500 });
  assert.equal(findings.length, 200);
  assert.equal(findings.at(-1)?.index, 201);
});

test('I17 every proven entry is looked at, also after a violation', () => {
  const all = [
    ...files(1),
    violated,
    { ...added, template: 'x', data: Buffer.alloc(1) },
    violated,
    { ...added, path: '' },
  ];
  assert.deepEqual(codesOf(replayed(all)), ['2 violation', '3 template-unknown', '4 violation', '5 fields']);
});

test('I20 SHA-1 digests padded with zeros are told from recomputed ones, bank by bank', () => {
  const all = [...files(3), violated, added];
  const banks: HashName[] = ['sha1', 'sha256', 'sha384'];
  const recomputed = replayed(all, all, banks);
  assert.equal(recomputed.state?.padded, undefined);
  const old = replayed(all, all, banks, ['sha256', 'sha384']);
  assert.equal(old.state?.entries, 6);
  assert.deepEqual(old.state?.padded, ['sha256', 'sha384']);
  assert.deepEqual(codesOf(old), ['4 violation']);
  // A kernel that had no SHA-384 when IMA started: padded digests, but all ones for a violation.
  const lacking = (wish: ImaWish) => imaExtends(wish, 'sha384', wish.violation ? 'recomputed' : 'padded');
  const target = { ...targetOf(all, ['sha256']), sha384: chain(all.map(lacking)) };
  const mixed = replayIma({ offset: 0, bytes: buildIma(all) }, undefined, target);
  assert.deepEqual(mixed.state?.padded, ['sha384']);
  // Data no longer counts in a padded bank, so the template digest has to hold.
  const lied = all.map((wish, i) =>
    i === 2 ? { ...wish, path: '/other', templateDigest: imaExtends(wish, 'sha1') } : wish,
  );
  assert.deepEqual(codesOf(replayed(lied, all, ['sha256'], ['sha256'])), ['2 template-digest', '4 violation']);
});

test('I20 a list read in one way goes on in it', () => {
  const [before, after] = [files(3), [violated, added]];
  const all = [...before, ...after];
  for (const [first, next] of [
    [[], ['sha256']],
    [['sha256'], []],
  ] as HashName[][][]) {
    const state = replayed(before, before, ['sha256'], first).state as ImaState;
    const start = imaPcrValue(before, 'sha256', first?.length ? 'padded' : 'recomputed');
    const value = (padded: HashName[] = []) =>
      imaPcrValue(after, 'sha256', padded.length ? 'padded' : 'recomputed', start);
    const part = { offset: state.offset, bytes: buildIma(after) };
    assert.equal(replayIma(part, state, { sha256: value(first) }).state?.entries, all.length);
    assert.deepEqual(replayIma(part, state, { sha256: value(first) }).state?.padded ?? [], first);
    assert.equal(replayIma(part, state, { sha256: value(next) }).state, undefined);
  }
});

test('banks that reach their values at different entries prove nothing, nor does no bank', () => {
  const all = files(4);
  const bytes = buildIma(all);
  const target = { ...targetOf(all, ['sha256']), ...targetOf(all.slice(0, 3), ['sha384']) };
  assert.equal(replayIma({ offset: 0, bytes }, undefined, target).state, undefined);
  assert.equal(replayIma({ offset: 0, bytes }, undefined, {}).state, undefined);
  assert.equal(replayIma({ offset: 0, bytes }, undefined, { sha256: new Uint8Array(20) }).state, undefined);
});

test('nothing new since the last round is proven by the state itself', () => {
  const all = files(3);
  const state = replayed(all).state as ImaState;
  const again = replayIma({ offset: state.offset, bytes: new Uint8Array() }, state, targetOf(all));
  assert.deepEqual(again.state, state);
  assert.equal(
    replayIma({ offset: 0, bytes: new Uint8Array() }, undefined, { sha256: new Uint8Array(32) }).state?.entries,
    0,
  );
});

const everything = [...modernTemplates.flatMap((template, i) => honestIma(template, 3).slice(i ? 1 : 0))];

test('a list read in any number of rounds ends where a list read at once does', () => {
  const all = [...everything, violated, added];
  const whole = replayed(all).state;
  fc.assert(
    fc.property(fc.uniqueArray(fc.nat(all.length), { maxLength: 5 }), (cuts) => {
      let state: ImaState | undefined;
      for (const cut of [...cuts.sort((a, b) => a - b), all.length]) {
        const offset: number = state?.offset ?? 0;
        const part = { offset, bytes: buildIma(all).subarray(offset, buildIma(all.slice(0, cut)).length) };
        state = replayIma(part, state, targetOf(all.slice(0, cut))).state;
        assert.equal(state?.entries, cut);
      }
      assert.deepEqual(state, whole);
    }),
    { numRuns: 50 },
  );
});

test('a list that comes in pieces goes on from the end of each, and is proven with the last', () => {
  const all = everything;
  const bytes = buildIma(all);
  let end: ImaState | undefined;
  for (let at = 0; at < bytes.length; at += 700) {
    const offset: number = end?.offset ?? 0;
    const replay = replayIma({ offset, bytes: bytes.subarray(offset, at + 700) }, end, targetOf(all));
    assert.equal(replay.state === undefined, at + 700 < bytes.length);
    end = replay.end;
  }
  assert.deepEqual(end, replayed(all).state);
});

test('any byte of a proven entry that is changed is noticed', () => {
  const bytes = buildIma(everything);
  const target = targetOf(everything);
  assert.deepEqual(replayIma({ offset: 0, bytes }, undefined, target).findings, []);
  for (let at = 0; at < bytes.length; at++)
    for (const flip of [1, 0x80, 0xff]) {
      const list = Buffer.from(bytes);
      list[at] = (list[at] as number) ^ flip;
      const { state, findings } = replayIma({ offset: 0, bytes: list }, undefined, target);
      assert.ok(!state || findings.length > 0, `byte ${at} ^ ${flip}`);
    }
});

test('a slow second replayer ends at the same values, on honest and on mangled lists', () => {
  const bytes = buildIma([...everything, violated, ...honestIma('ima', 2).slice(1), { ...added, pcr: 11 }]);
  const same = (list: Uint8Array) => {
    const unreachable = { sha256: Buffer.alloc(32, 1), sha1: Buffer.alloc(20, 1) };
    const { end, tail } = replayIma({ offset: 0, bytes: list }, undefined, unreachable);
    const slow = { sha256: replayImaSlowly(list, 'sha256'), sha1: replayImaSlowly(list, 'sha1') };
    assert.equal(end.entries, slow.sha256.length);
    assert.equal(tail, slow.sha256.length);
    assert.equal(end.pcrs.sha256, slow.sha256.at(-1)?.value ?? '00'.repeat(32));
    assert.equal(end.pcrs.sha1, slow.sha1.at(-1)?.value ?? '00'.repeat(20));
    // And each value on the way is reached at that entry.
    const step = slow.sha256[Math.floor(slow.sha256.length / 2)];
    if (!step) return;
    const reached = replayIma({ offset: 0, bytes: list }, undefined, { sha256: Buffer.from(step.value, 'hex') });
    assert.equal(reached.state?.pcrs.sha256, step.value);
  };
  same(bytes);
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat(bytes.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 }),
      (changes) => {
        const list = Buffer.from(bytes);
        for (const [at, value] of changes) list[at] = value;
        same(list);
      },
    ),
    { numRuns: 200 },
  );
  fc.assert(
    fc.property(fc.nat(bytes.length), (length) => same(bytes.subarray(0, length))),
    { numRuns: 100 },
  );
  fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), same), { numRuns: 300 });
});
