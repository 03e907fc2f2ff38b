import assert from 'node:assert/strict';
import { eachDatabase } from '@assay/daemon/testing';
import { readJournal } from '../storage/journal.ts';
import { readReferenceValues } from '../storage/reference-values.ts';
import { versionOf } from '../storage/versions.ts';
import { addValues, removeValues, retireValues } from './reference.ts';
import { changing } from './testing/needs.ts';
import { changeWhiteList, isOf, isWhiteList, type ListOwner, type PcrEntry, whiteListOf } from './white-list.ts';

const owner: ListOwner = { component: 'firmware', vendor: 'Fab', name: 'bios', version: '1' };
const entry = (pcr: number, digit: string, bank: PcrEntry['bank'] = 'sha256'): PcrEntry => ({
  ...{ bank, pcr },
  value: digit.repeat(bank === 'sha1' ? 40 : 64),
});
const by = { by: 'OAT API' };

async function world(url: string, t: Parameters<typeof changing>[1]) {
  const made = await changing(url, t, [{ name: 'node1' }]);
  const { needs, db } = made;
  const write = async (list: readonly PcrEntry[] | undefined, change: object = {}, of = owner) =>
    await changeWhiteList(needs, of, { ...by, ...change }, async () => ({ list, write: async () => undefined }));
  const lists = async () =>
    (await readReferenceValues(db))
      .filter(isWhiteList)
      .map(({ state, content }) => [
        state,
        content.form === 'pcr-values' ? content.values.map((one) => one.pcr + one.value.slice(0, 1)).join() : '',
      ]);
  const version = () => versionOf(db, 'standards');
  return { ...made, write, lists, version };
}

eachDatabase(
  'a list that grows leaves nothing behind, one that is changed or gets shorter is retired',
  async (url, t) => {
    const { write, lists } = await world(url, t);
    await write([entry(0, 'a')]);
    await write([entry(1, 'b'), entry(0, 'a')]);
    assert.deepEqual(await lists(), [['current', '0a,1b']]);
    await write([entry(0, 'c'), entry(1, 'b')]);
    assert.deepEqual((await lists()).sort(), [
      ['current', '0c,1b'],
      ['retired', '0a,1b'],
    ]);
    await write([entry(0, 'c')]);
    assert.deepEqual((await lists()).sort(), [
      ['current', '0c'],
      ['retired', '0a,1b'],
      ['retired', '0c,1b'],
    ]);
    await write([entry(0, 'a'), entry(1, 'b')]);
    assert.deepEqual(
      (await lists()).sort(),
      [
        ['current', '0a,1b'],
        ['retired', '0c'],
        ['retired', '0c,1b'],
      ],
      'back again',
    );
    await write([]);
    assert.ok((await lists()).every(([state]) => state === 'retired'));
  },
);

eachDatabase(
  'the same list again, in any order, is no change; what else there is to write is written',
  async (url, t) => {
    const { write, needs, version, db } = await world(url, t);
    await write([entry(0, 'a'), entry(3, 'b')]);
    const before = await version();
    await write([entry(3, 'b'), entry(0, 'a')]);
    let written = 0;
    await changeWhiteList(needs, owner, by, async (values) => {
      assert.deepEqual(whiteListOf(values, owner), [entry(0, 'a'), entry(3, 'b')]);
      return { list: undefined, write: async () => void written++ };
    });
    await changeWhiteList(needs, owner, by, async () => ({ list: undefined, write: async () => void written++ }));
    assert.equal(written, 2, 'with the change, and without one');
    assert.equal(await version(), before + 1);
    assert.ok(!(await readReferenceValues(db)).some((value) => isOf(owner, value)), 'nobody’s verdict named it');
  },
);

eachDatabase('a write that fails leaves list, journal and verdicts as they were', async (url, t) => {
  const { write, needs, version, db, lists } = await world(url, t);
  await write([entry(0, 'a')]);
  const before = [await version(), await lists(), (await readJournal(db, {})).length];
  const failing = async () => ({
    list: [entry(0, 'b')],
    write: () => Promise.reject(new Error('the disk')),
  });
  await assert.rejects(changeWhiteList(needs, owner, by, failing), /the disk/);
  await assert.rejects(write([entry(0, 'b')], { force: true }), { code: 'change-because-missing' });
  assert.deepEqual([await version(), await lists(), (await readJournal(db, {})).length], before);
});

eachDatabase(
  'lists of two MLEs are two values; an MLE that goes takes what else is good under its name with it',
  async (url, t) => {
    const { write, needs, db } = await world(url, t);
    const other = { ...owner, version: '2' };
    await write([entry(0, 'a')]);
    await write([entry(0, 'a')], {}, other);
    const learnt = { form: 'pcr-values' as const, values: [entry(5, 'd')] };
    await addValues(needs, [{ ...owner, content: learnt, source: { kind: 'list', name: 'x' } }], {});
    await write(undefined);
    const left = (await readReferenceValues(db)).filter(({ vendor }) => vendor === 'Fab');
    assert.deepEqual(
      left.map(({ version, state, retired_because }) => [version, state, retired_because]),
      [
        ['2', 'current', undefined],
        ['1', 'retired', 'OAT API: no longer on its white list'],
      ],
    );
  },
);

eachDatabase('what one MLE has no longer another one may have', async (url, t) => {
  const { write, lists } = await world(url, t);
  await write([entry(0, 'a')]);
  await write([entry(0, 'b')]);
  await write([entry(0, 'a')], {}, { ...owner, version: '2' });
  assert.deepEqual((await lists()).sort(), [
    ['current', '0a'],
    ['current', '0b'],
    ['retired', '0a'],
  ]);
});

eachDatabase('what somebody retired comes back by nobody’s white list unless it is forced', async (url, t) => {
  const { write, needs, db, lists } = await world(url, t);
  await write([entry(0, 'a')]);
  const [value] = (await readReferenceValues(db)).filter(isWhiteList);
  await retireValues(needs, [value?.id ?? ''], { because: 'CVE-1' });
  await assert.rejects(write([entry(0, 'a')]), { code: 'reference-retired' });
  await assert.rejects(write([entry(0, 'a')], {}, { ...owner, name: 'renamed' }), { code: 'reference-retired' });
  await assert.rejects(write([entry(0, 'a'), entry(1, 'b')]), { code: 'reference-retired' });
  await write([entry(0, 'a'), entry(1, 'b')], { force: true, because: 'x' });
  await write([entry(0, 'a')], { force: true, because: 'x'.repeat(1000) });
  assert.deepEqual((await lists()).sort(), [
    ['current', '0a'],
    ['retired', '0a,1b'],
  ]);
});

eachDatabase('a retired list comes back in no parts; one that differs in a PCR is another', async (url, t) => {
  const { write, needs, db } = await world(url, t);
  const version = (version: string) => ({ ...owner, version });
  await write([entry(0, 'a'), entry(1, 'b'), entry(2, 'c')]);
  const [value] = (await readReferenceValues(db)).filter(isWhiteList);
  await retireValues(needs, [value?.id ?? ''], { because: 'CVE-1' });
  await write([entry(0, 'a'), entry(1, 'b'), entry(2, 'd')], {}, version('2'));
  await write([entry(0, 'a'), entry(1, 'c')], {}, version('3'));
  await write([entry(0, 'a'), entry(5, 'f')], {}, version('4'));
  const rest = [entry(1, 'b'), entry(2, 'c')];
  await assert.rejects(write(rest, {}, version('5')), { code: 'reference-retired' });
  await write(rest, {}, { ...version('5'), component: 'hypervisor' });
  await write(rest, { force: true, because: 'x' }, version('5'));
  await write([entry(0, 'a'), entry(6, 'f')], {}, version('6'));
});

eachDatabase('a list that was replaced can be retired by hand as well, and stays away then', async (url, t) => {
  const { write, needs, db, lists } = await world(url, t);
  for (const because of ['CVE-1', 'no longer on its white list', undefined]) {
    const of = { ...owner, version: `${because}` };
    await write([entry(0, 'a'), entry(1, 'b')], {}, of);
    await write([entry(0, 'c')], {}, of);
    const ids = (await readReferenceValues(db)).flatMap((one) =>
      isOf(of, one) && one.state === 'retired' ? [one.id] : [],
    );
    assert.equal(ids.length, 1);
    await retireValues(needs, ids, { by: 'eve', ...(because !== undefined && { because }) });
    await assert.rejects(write([entry(0, 'a'), entry(1, 'b')], {}, of), { code: 'reference-retired' });
    const [line] = await readJournal(db, {});
    assert.deepEqual([line?.action, line?.by, line?.because], ['reference-retire', 'eve', because]);
    await retireValues(needs, ids, { because: 'again' });
    await write(undefined, {}, of);
    for (const { id } of (await readReferenceValues(db)).filter((one) => isOf(of, one)))
      await removeValues(needs, [id], {});
  }
  assert.deepEqual(await lists(), []);
});
