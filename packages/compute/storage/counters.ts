// Numbers that count up. The row stays locked until the transaction ends, so whoever takes one sees all that came before.
import type { Transaction } from 'kysely';
import type { Tables } from './tables.ts';

/** @returns the first of `count` fresh numbers */
export async function take(
  trx: Transaction<Tables>,
  name: 'instances' | 'compute_nodes' | 'keypairs',
  count = 1,
): Promise<number> {
  const { value } = await trx
    .updateTable('counters')
    .set((eb) => ({ value: eb('value', '+', count) }))
    .where('name', '=', name)
    .returning('value')
    .executeTakeFirstOrThrow();
  return value - count + 1;
}
