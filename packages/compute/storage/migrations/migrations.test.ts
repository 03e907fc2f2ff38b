import assert from 'node:assert/strict';
import { openDatabase } from '@assay/daemon/storage';
import { eachDatabase } from '@assay/daemon/testing';
import { insertExample } from '../../testing/instance.ts';
import { instanceById } from '../instances.ts';
import { openStorage } from '../open.ts';
import type { Tables } from '../tables.ts';
import { firstLight } from './0001-first-light.ts';

eachDatabase(
  'an instance that was there before pools and tags asks for none, and one of now keeps its own',
  async (url) => {
    const before = await openDatabase<Tables>(url, [firstLight]);
    const { pool: _, trust_tags: __, ...old } = await insertOld(before);
    await before.destroy();
    const db = await openStorage(url);
    try {
      assert.deepEqual(await instanceById(db, old.id), { ...old, pool: null, trust_tags: null });
      const trust_tags = { country: ['DE', 'AT'] };
      const { id } = await insertExample(db, { trust: 'trusted', pool: 'secure', trust_tags });
      const kept = await instanceById(db, id);
      assert.deepEqual([kept?.pool, kept?.trust_tags], ['secure', trust_tags]);
    } finally {
      await db.destroy();
    }
  },
);

/** As the first release did: without the columns. */
function insertOld(db: Awaited<ReturnType<typeof openDatabase<Tables>>>) {
  return insertExample(db, { trust: 'trusted', pool: undefined as never, trust_tags: undefined as never });
}
