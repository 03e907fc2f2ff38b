import assert from 'node:assert/strict';
import { openDatabase } from '@assay/daemon/storage';
import { eachDatabase } from '@assay/daemon/testing';
import { readJournal, writeJournal } from './journal.ts';
import { migrations } from './migrations/catalogue.ts';
import type { Schema } from './schema.ts';

const at = '2026-11-23T10:00:00.000Z';

eachDatabase('lines of the journal are numbered in order, and found by action and subject', async (url, t) => {
  const db = await openDatabase<Schema>(url, migrations);
  t.after(() => db.destroy());
  const write = (action: string, subject: string, because?: string) =>
    db
      .transaction()
      .execute((tx) => writeJournal(tx, { at, by: 'ann', action, subject, text: `${action} ${subject}`, because }));
  assert.deepEqual(await readJournal(db), []);
  await Promise.all([
    write('reference-add', 'a'),
    write('reference-retire', 'a', 'old'),
    write('policy-apply', 'gold'),
  ]);
  assert.deepEqual(
    (await readJournal(db)).map(({ id, action }) => [id, action]),
    [
      ['3', 'policy-apply'],
      ['2', 'reference-retire'],
      ['1', 'reference-add'],
    ],
  );
  const of = async (wish: Parameters<typeof readJournal>[1]) => (await readJournal(db, wish)).map(({ id }) => id);
  assert.deepEqual(await of({ action: 'reference-' }), ['2', '1']);
  assert.deepEqual(await of({ action: '%' }), [], 'no wildcards');
  assert.deepEqual(await of({ subject: 'a', limit: 1 }), ['2']);
  assert.deepEqual(await of({ action: 'reference-add', subject: 'a' }), ['1']);
  assert.deepEqual(await of({ subjectBegins: 'g' }), ['3']);
  assert.deepEqual(await of({ subjectBegins: 'gold%' }), []);
  assert.deepEqual(await of({ subjectBegins: 'a', action: 'reference-r' }), ['2']);
  const [retired] = await readJournal(db, { action: 'reference-retire' });
  assert.deepEqual(retired, {
    id: '2',
    at,
    by: 'ann',
    action: 'reference-retire',
    subject: 'a',
    text: 'reference-retire a',
    because: 'old',
  });
});

eachDatabase('what was not done is not in the journal', async (url, t) => {
  const db = await openDatabase<Schema>(url, migrations);
  t.after(() => db.destroy());
  const line = { at, by: 'ann', action: 'x', subject: 'y', text: 'z' };
  const refused = db.transaction().execute(async (tx) => {
    await writeJournal(tx, line);
    throw new Error('refused');
  });
  await assert.rejects(refused, /refused/);
  assert.deepEqual(await readJournal(db), []);
  assert.equal((await db.transaction().execute((tx) => writeJournal(tx, line))).id, '1');
});
