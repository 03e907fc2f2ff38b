import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type ImaEntry, readImaList } from '../index.ts';
import { buildIma, honestIma, type ImaWish, imaEntry, modernTemplates, replayImaSlowly } from '../testing/index.ts';

const entriesOf = (bytes: Uint8Array): ImaEntry[] => [...readImaList(bytes)];
const codesOf = (bytes: Uint8Array): string[][] =>
  entriesOf(bytes).map(({ problems }) => problems.map(({ code }) => code));
/** One entry behind an honest first one. */
const second = (wish: ImaWish): ImaEntry => entriesOf(buildIma([...honestIma('ima-ng', 0), wish]))[1] as ImaEntry;
const codes = (wish: ImaWish) => second(wish).problems.map(({ code }) => code);
const u32 = (value: number) => Buffer.from(Uint32Array.of(value).buffer);
const sized = (bytes: Uint8Array) => Buffer.concat([u32(bytes.length), bytes]);

for (const template of modernTemplates)
  test(`I03 a list in ${template} is read into fields, and nothing about it is strange`, () => {
    const wishes = honestIma(template, 5);
    const bytes = buildIma(wishes);
    const entries = entriesOf(bytes);
    assert.deepEqual(
      entries.map(({ fields }) => fields?.path),
      wishes.map(({ path }) => path),
    );
    assert.deepEqual(
      entries.flatMap(({ problems }) => problems),
      [],
    );
    assert.deepEqual(
      entries.map(({ index }) => index),
      [0, 1, 2, 3, 4, 5],
    );
    assert.deepEqual(
      entries.map(({ offset }) => offset),
      wishes.map((_, i) => buildIma(wishes.slice(0, i)).length),
    );
    const last = entries.at(-1);
    assert.equal(last?.template, template);
    assert.equal(last?.fields?.digest.algorithm, 'sha256');
    assert.equal(last?.fields?.digest.value.length, 32);
    if (template.endsWith('v2')) assert.equal(last?.fields?.digest.type, 'ima');
    if (template === 'ima-buf') assert.deepEqual(last?.fields?.buffer, wishes.at(-1)?.buffer);
    if (template === 'ima-modsig') {
      assert.deepEqual(last?.fields?.modsig?.digest.value, wishes.at(-1)?.modsig?.digest);
      assert.deepEqual(last?.fields?.modsig?.signature, wishes.at(-1)?.modsig?.signature);
    }
  });

test('I03 the template ima is read, and marked as one that knows files by SHA-1 or MD5 only', () => {
  const entries = entriesOf(buildIma(honestIma('ima', 3)));
  assert.deepEqual(entries.map(({ fields }) => fields?.path).at(-1), '/usr/bin/program-2');
  assert.deepEqual(codesOf(buildIma(honestIma('ima', 3))), Array(4).fill(['template-legacy']));
  assert.equal(entries[0]?.fields?.digest.algorithm, 'sha1');
  // Each name is filled up with zeros, not with what is left of a longer one.
  const shorter = ['/usr/bin/long', '/sh', `/${'x'.repeat(254)}`, '/x'].map(
    (path): ImaWish => ({ template: 'ima', path }),
  );
  assert.deepEqual(codesOf(buildIma(shorter)).slice(1), Array(3).fill(['template-legacy']));
});

test('I03 a template the kernel does not have is a problem of its entry, and the list goes on', () => {
  const unknown: ImaWish = { template: 'evm-sig', data: Buffer.from('anything'), path: '/x' };
  const bytes = buildIma([...honestIma('ima-ng', 1), unknown, { path: '/usr/bin/after' }]);
  const entries = entriesOf(bytes);
  assert.deepEqual(codesOf(bytes), [[], [], ['template-unknown'], []]);
  assert.equal(entries[2]?.fields, undefined);
  assert.equal(entries[3]?.fields?.path, '/usr/bin/after');
  assert.equal(second({ template: '\x1b[2J', data: Buffer.alloc(0) }).template, '\\u{1b}[2J');
});

test('I01 an entry whose digest is all zero is a violation, of whatever length its file digest is', () => {
  const honest = second({ path: '/var/log/x' });
  assert.equal(honest.violation, false);
  const entry = second({ path: '/var/log/x', violation: true });
  assert.equal(entry.violation, true);
  assert.deepEqual(
    entry.problems.map(({ code }) => code),
    ['violation'],
  );
  assert.deepEqual(codes({ violation: true, digest: new Uint8Array(32) }), ['violation']);
  const zeros32 = Buffer.concat([
    sized(Buffer.concat([Buffer.from('sha256:\0'), Buffer.alloc(32)])),
    sized(Buffer.from('/x\0')),
  ]);
  assert.deepEqual(codes({ violation: true, data: zeros32 }), ['violation']);
});

test('I02 a template digest that is not the hash of the data is a problem of exactly that entry', () => {
  const wishes = honestIma('ima-ng', 4);
  assert.deepEqual(codesOf(buildIma(wishes)), [[], [], [], [], []]);
  const lied = wishes.map((wish, i) => (i === 2 ? { ...wish, templateDigest: Buffer.alloc(20, 7) } : wish));
  assert.deepEqual(codesOf(buildIma(lied)), [[], [], ['template-digest'], [], []]);
});

test('I04 lengths beyond what is there end a list or an entry, and say so', () => {
  const honest = buildIma(honestIma('ima-sig', 2));
  assert.equal(cutOf(honest), undefined);
  for (const length of [0x7fffffff, 0x80000000, 0xffffffff]) {
    const name = Buffer.from(honest);
    name.writeUInt32LE(length, 24);
    assert.deepEqual(entriesOf(name), []);
    assert.deepEqual(cutOf(name)?.offset, 0);
    const data = Buffer.from(honest);
    data.writeUInt32LE(length, 24 + 4 + 'ima-sig'.length);
    assert.equal(cutOf(data)?.offset, 0);
    // Inside an entry the frame still holds.
    const fields = Buffer.concat([u32(length), Buffer.from('sha256:\0')]);
    assert.deepEqual(codes({ data: fields }), ['fields']);
    const legacy = imaEntry({ template: 'ima', path: '/x' });
    legacy.writeUInt32LE(length, 4 + 20 + 4 + 3 + 20);
    assert.equal(cutOf(legacy)?.offset, 0);
  }
});

test('I04 fields that are not what the template says are named', () => {
  const digest = Buffer.concat([Buffer.from('sha256:\0'), Buffer.alloc(32, 1)]);
  const path = Buffer.from('/x\0');
  const data = (...fields: Uint8Array[]) => ({ data: Buffer.concat(fields.map(sized)) });
  assert.deepEqual(codes(data(digest, path)), []);
  const wrong: Record<string, Partial<ImaWish>> = {
    'a byte too many': { data: Buffer.concat([sized(digest), sized(path), Buffer.alloc(1)]) },
    'a field too many': data(digest, path, path),
    'a field too few': data(digest),
    'nothing at all': { data: Buffer.alloc(0) },
    'an algorithm that does not exist': data(Buffer.concat([Buffer.from('sha257:\0'), Buffer.alloc(32)]), path),
    'no algorithm': data(Buffer.alloc(32, 1), path),
    'a short digest': data(digest.subarray(0, -1), path),
    'a long digest': data(Buffer.concat([digest, Buffer.alloc(1)]), path),
    'twenty bytes of SHA-256': data(digest.subarray(0, 28), path),
    'a colon too few': data(Buffer.concat([Buffer.from('sha256\0'), Buffer.alloc(32)]), path),
    'no colon': data(Buffer.concat([Buffer.from('sha256;\0'), Buffer.alloc(32)]), path),
    'a name in ima with an end in it': { template: 'ima', path: '/x\0/y' },
    'a path that does not end': data(digest, Buffer.from('/x')),
    'a path that ends twice': data(digest, Buffer.from('/x\0/y\0')),
    'an empty path': data(digest, Buffer.from('\0')),
    'no path': data(digest, Buffer.alloc(0)),
    'a type in ima-ng': data(Buffer.concat([Buffer.from('ima:sha256:\0'), Buffer.alloc(32)]), path),
    'no type in ima-ngv2': { template: 'ima-ngv2', ...data(digest, path) },
    'an unknown type': {
      template: 'ima-ngv2',
      ...data(Buffer.concat([Buffer.from('evm:sha256:\0'), Buffer.alloc(32)]), path),
    },
    'a buffer with another digest': { template: 'ima-buf', ...data(digest, path, Buffer.from('key')) },
    'a name in ima of 256 bytes': { template: 'ima', path: 'x'.repeat(256) },
  };
  for (const [what, wish] of Object.entries(wrong)) {
    const found = codes(wish);
    assert.ok(found.includes('fields'), `${what}: ${found}`);
  }
});

test('I04 a field that reaches into the next entry is none, though what stands there would fit', () => {
  const digest = Buffer.concat([Buffer.from('sha256:\0'), Buffer.alloc(32, 1)]);
  const whole = Buffer.concat([sized(digest), sized(Buffer.from('/x\0'))]);
  const reaching = Buffer.concat([sized(digest), u32(4), Buffer.from('/x')]); // and the next entry begins with 0a 00
  const read = (data: Buffer) => codesOf(buildIma([...honestIma('ima-ng', 0), { data }, { path: '/y' }]));
  assert.deepEqual(read(whole), [[], [], []]);
  assert.deepEqual(read(reaching), [[], ['fields'], []]);
});

test('ima-buf for a file, as an IMA policy may ask for it, has no buffer', () => {
  assert.deepEqual(codes({ template: 'ima-buf', buffer: Buffer.alloc(0), digest: Buffer.alloc(32, 7) }), []);
  assert.deepEqual(codes({ template: 'ima-buf', buffer: Buffer.alloc(1), digest: Buffer.alloc(32, 7) }), ['fields']);
});

test('a path may hold anything: it is kept, and never ends an entry', () => {
  for (const path of ['/a b', '/line\nbreak', '/\x1b[2J', '/ünï', '/10 00 ima-ng sha256:00 /x'])
    assert.equal(second({ path }).fields?.path, path);
});

test('I15 boot_aggregate is first, and nowhere else', () => {
  const honest = honestIma('ima-ng', 2);
  assert.deepEqual(codesOf(buildIma(honest)), [[], [], []]);
  assert.deepEqual(codesOf(buildIma(honest.slice(1)))[0], ['boot-aggregate']);
  assert.deepEqual(codesOf(buildIma([...honest, honest[0] as ImaWish]))[3], ['boot-aggregate-again']);
  assert.deepEqual(codesOf(buildIma([{ template: 'unheard-of', data: Buffer.alloc(3) }]))[0], [
    'template-unknown',
    'boot-aggregate',
  ]);
});

test('I09 an entry for another PCR is marked', () => {
  assert.deepEqual(codes({ pcr: 10 }), []);
  assert.deepEqual(codes({ pcr: 11 }), ['other-pcr']);
  assert.deepEqual(codes({ pcr: 0xffffffff }), ['other-pcr']);
});

const mixed = buildIma([
  ...modernTemplates.flatMap((template, i) => honestIma(template, 2).slice(i ? 1 : 0)),
  { path: '/var/log/changed', violation: true },
  ...honestIma('ima', 1).slice(1),
  { path: '/elsewhere', pcr: 11 },
]);

test('a list cut anywhere keeps the whole entries before and says where it broke', () => {
  const whole = entriesOf(mixed);
  const ends = whole
    .map(({ offset }) => offset)
    .slice(1)
    .concat(mixed.length);
  for (let length = 0; length < mixed.length; length++) {
    const entries = entriesOf(mixed.subarray(0, length));
    const expected = ends.filter((end) => end <= length).length;
    assert.equal(entries.length, expected);
    const at = expected ? (ends[expected - 1] as number) : 0;
    assert.equal(cutOf(mixed.subarray(0, length))?.offset, at === length ? undefined : at);
  }
});

/** Of these two at most one: of an unknown template the digest is not looked at. */
const isOfDigest = (code: string) => code === 'template-digest' || code === 'template-unknown';
const expected = (template: string, violation: boolean, digestHolds: boolean): string[] => {
  if (!/^ima(-(ng|sig)(v2)?|-buf|-modsig)?$/.test(template)) return ['template-unknown'];
  return violation || digestHolds ? [] : ['template-digest'];
};

test('a slow second reader sees the same entries, on honest and on mangled lists', () => {
  const same = (list: Uint8Array) => {
    const slow = replayImaSlowly(list, 'sha256');
    const fast = entriesOf(list);
    assert.deepEqual(
      fast.map(({ pcr, violation, problems }) => ({
        pcr,
        violation,
        codes: problems.map(({ code }) => code).filter(isOfDigest),
      })),
      slow.map(({ pcr, violation, template, digestHolds }) => ({
        pcr,
        violation,
        codes: expected(template, violation, digestHolds),
      })),
    );
  };
  same(mixed);
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat(mixed.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 }),
      (changes) => {
        const list = Buffer.from(mixed);
        for (const [at, value] of changes) list[at] = value;
        same(list);
      },
    ),
    { numRuns: 300 },
  );
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), same), { numRuns: 300 });
});

function cutOf(bytes: Uint8Array) {
  const list = readImaList(bytes);
  for (;;) {
    const { done, value } = list.next();
    if (done) return value;
  }
}
