import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createHostNames } from './host-names.ts';

function names(hosts: Record<string, string[]>) {
  const made = createHostNames();
  for (const [host, aliases] of Object.entries(hosts)) {
    made.add(host);
    made.setAliases(host, made.freeAliases(host, aliases));
  }
  return made;
}

test('a name is matched exactly, then without regard to case, then by alias', () => {
  const { nameOf } = names({ 'kvm01.lab': ['kvm01', '192.0.2.11'], kvm02: ['KVM02.lab'] });
  for (const [asked, host] of [
    ['kvm01.lab', 'kvm01.lab'],
    ['KVM01.Lab', 'kvm01.lab'],
    ['Kvm01', 'kvm01.lab'],
    ['192.0.2.11', 'kvm01.lab'],
    ['kvm02.LAB', 'kvm02'],
    ['kvm0', undefined],
    ['kvm01.lab.', undefined],
    ['kvm%', undefined],
    ['', undefined],
    ['\ud800', undefined],
    ['constructor', undefined],
  ] as const)
    assert.equal(nameOf(asked), host, asked);
});

test('S04 letters of other scripts that fold to ours name nobody', () => {
  const { nameOf } = names({ kvm: ['mk.lab'] });
  for (const asked of ['\u212avm', 'm\u212a.lab', 'KVM\u0130', '\uff4bvm'])
    assert.equal(nameOf(asked), undefined, asked);
});

test('S04 a name of one host is never given to another, in whatever case', () => {
  const made = names({ kvm01: ['a.lab'], kvm02: [] });
  for (const taken of ['kvm01', 'KVM01', 'A.LAB'])
    assert.throws(() => made.freeAliases('kvm02', ['b', taken]), {
      code: 'alias-in-use',
      where: `alias ${taken.toLowerCase()}`,
    });
  assert.deepEqual(made.freeAliases('kvm01', ['a.lab', 'A.lab', 'KVM01', 'B']), ['a.lab', 'b']);
  made.remove('kvm01');
  assert.equal(made.nameOf('a.lab'), undefined);
  assert.deepEqual(made.freeAliases('kvm02', ['a.lab', 'kvm01']), ['a.lab', 'kvm01']);
});

test('S04 whatever is registered, renamed and removed, a name means one host at most, and a host’s own name means that host', () => {
  const name = fc.constantFrom('a', 'b', 'c', 'A', 'B', 'x.lab', 'X.lab', '10.0.0.1');
  const host = fc.constantFrom('a', 'b', 'c');
  const step = fc.oneof(
    fc.record({ does: fc.constant('set' as const), host, aliases: fc.array(name, { maxLength: 3 }) }),
    fc.record({ does: fc.constant('remove' as const), host }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
      const made = createHostNames();
      const model = new Map<string, string[]>();
      for (const one of steps) {
        if (one.does === 'remove') {
          made.remove(one.host);
          model.delete(one.host);
          continue;
        }
        if (!made.has(one.host) && made.nameOf(one.host) !== undefined) continue; // as registering refuses it
        made.add(one.host);
        if (!model.has(one.host)) model.set(one.host, []);
        try {
          const free = made.freeAliases(one.host, one.aliases);
          made.setAliases(one.host, free);
          model.set(one.host, free);
        } catch (error) {
          assert.equal((error as { code?: string }).code, 'alias-in-use');
        }
        const all = [...model].flatMap(([of, aliases]) => [of, ...aliases].map((alias) => [alias, of] as const));
        assert.equal(new Set(all.map(([alias]) => alias)).size, all.length);
        for (const [alias, of] of all) {
          assert.equal(made.nameOf(alias), of);
          assert.equal(made.nameOf(alias.toUpperCase()), of);
        }
      }
    }),
  );
});

test('10,000 names are looked up in a moment', () => {
  const hosts = Object.fromEntries(Array.from({ length: 10_000 }, (_, at) => [`kvm${at}.lab`, [`kvm${at}`]]));
  const { nameOf } = names(hosts);
  const asked = Array.from({ length: 10_000 }, (_, at) => `KVM${at}`);
  const before = process.cpuUsage();
  assert.equal(asked.filter((one) => nameOf(one) !== undefined).length, 10_000);
  assert.ok(process.cpuUsage(before).user < 200_000, 'microseconds');
});
