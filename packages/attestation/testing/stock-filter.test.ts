// The test client itself: does it do what was observed of the stock filter?
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { oldTime, pikeTime, type StockAnswer, StockCrash, StockFilter } from './stock-filter.ts';

const noon = Date.parse('2016-01-14T12:20:50Z');
const json = (body: unknown, status = 200): StockAnswer => ({ status, text: JSON.stringify(body) });
const entry = (host_name: string, vtime: unknown, trust_lvl: unknown = 'trusted') => ({ host_name, trust_lvl, vtime });

function filter(answer: (hosts: string | string[]) => StockAnswer, nodes = ['cn1', 'cn2']) {
  let now = noon;
  const asked: (string | string[])[] = [];
  const ask = async ({ hosts }: { hosts: string | string[] }) => {
    asked.push(hosts);
    return answer(hosts);
  };
  const stock = new StockFilter({ generation: 'pike', ask, now: () => now, nodes });
  return { stock, asked, pass: (s: number) => (now += s * 1000) };
}

test('five looks at a fresh answer are one poll, three at a stale one are three', async () => {
  const fresh = filter(() =>
    json({ hosts: [entry('cn1', '2016-01-14T12:20:50Z'), entry('cn2', '2016-01-14T12:20:50Z')] }),
  );
  for (let i = 0; i < 5; i++) assert.ok(await fresh.stock.passes('cn1', 'trusted'));
  assert.deepEqual(fresh.asked, [['cn1', 'cn2']]);
  const stale = filter(() => json({ hosts: [entry('cn1', '2016-01-14T12:18:50Z')] }));
  for (let i = 0; i < 3; i++) assert.ok(await stale.stock.passes('cn1', 'trusted'));
  assert.equal(stale.stock.polls, 3);
  const future = filter(() => json({ hosts: [entry('cn1', '2016-01-14T13:20:50Z')] }));
  await future.stock.passes('cn1', 'trusted');
  future.pass(3660);
  await future.stock.passes('cn1', 'trusted');
  assert.equal(future.stock.polls, 1, 'an hour and a minute');
});

test('a host that is missing is unknown and asked for at each look; an unasked one is asked for from then on', async () => {
  const { stock, asked } = filter(() => json({ hosts: [entry('cn9', '2016-01-14T12:20:50Z')] }));
  for (let i = 0; i < 3; i++) assert.equal(await stock.passes('cn1', 'trusted'), false);
  assert.deepEqual(asked, [
    ['cn1', 'cn2'],
    ['cn1', 'cn2', 'cn9'],
    ['cn1', 'cn2', 'cn9'],
  ]);
  assert.ok(await stock.passes('cn1', 'unknown'));
});

test('statuses, bodies and fields do to it what was observed', async () => {
  const once = (answer: StockAnswer) => filter(() => answer).stock.passes('cn1', 'trusted');
  for (const status of [301, 401, 404, 500]) assert.equal(await once(json({ hosts: [] }, status)), false);
  for (const body of [{}, { hosts: null }, { hosts: [] }]) assert.equal(await once(json(body)), false);
  for (const text of ['', '<html>', '[]']) await assert.rejects(once({ status: 200, text }), StockCrash);
  for (const broken of [
    { hosts: {} },
    { hosts: [{ trust_lvl: 'trusted', vtime: '' }] },
    { hosts: [{ host_name: 'cn1', vtime: '' }] },
    { hosts: [{ host_name: 'cn1', trust_lvl: 'trusted' }] },
    { hosts: [entry('cn1', 1452774050679)] },
    { hosts: [entry('cn1', null)] },
  ])
    await assert.rejects(once(json(broken)), StockCrash, JSON.stringify(broken));
  for (const vtime of ['Thu Jan 14 12:20:50 UTC 2016', '01/14/16', '1452774050679', ''])
    assert.equal(await once(json({ hosts: [entry('cn1', vtime)] })), false, vtime);
  assert.equal(await once(json({ hosts: [entry('cn1', '2016-01-14T12:20:50Z', 'Trusted')] })), false);
});

test('times are read as the two generations of parsers read them', () => {
  for (const text of [
    '2016-01-14T12:20:50.679+0000',
    '2016-01-14T12:20:50.679Z',
    '2016-01-14T12:20:50.679+00:00',
    '2016-01-14 12:20:50.679',
    '2016-01-14T12:20:50.679000000Z',
    '20160114T122050.679Z',
  ])
    assert.equal(pikeTime(text), noon + 679, text);
  assert.equal(pikeTime('2016-01-14T13:20:50+01:00'), noon);
  assert.equal(oldTime('2016-01-14T13:20:50+01:00'), noon);
  assert.equal(oldTime('2016-01-14T12:20:50+0100'), noon, 'an hour wrong: it drops what it does not know');
  assert.equal(pikeTime('2016-01-14T13:20:50+0100'), noon);
  assert.equal(pikeTime('Thu Jan 14 12:20:50 2016'), noon);
  assert.equal(pikeTime('2016-01-14'), Date.parse('2016-01-14'));
});
