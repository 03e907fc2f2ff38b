import assert from 'node:assert/strict';
import { test } from 'node:test';
import { check, Rehearsal } from '@assay/protocol';
import { type ChangeOptions, perform } from './change.ts';
import { loss, rehearsalText } from './show-rehearsal.ts';
import { testTerminal } from './testing/terminal.ts';

const rehearsing = (losing: number, of: number): Rehearsal =>
  check(
    Rehearsal,
    { hosts: of, silent: [], changes: [], losing, losing_percent: (losing * 100) / of, brake_percent: 20 },
    'rehearsal',
  );

/** A server that rehearses so. @returns the requests it had */
async function asked(rehearsal: Rehearsal, options: ChangeOptions, answer?: string, asks?: string) {
  const sent: object[] = [];
  const terminal = testTerminal(answer);
  const outcome = perform(
    {
      send: async (change) => {
        sent.push(change);
        return { rehearsal };
      },
      rehearsalOf: (result) => result.rehearsal,
      plan: () => 'would change it',
      done: () => 'changed it',
      ...(asks !== undefined && { asks }),
    },
    options,
    terminal,
  );
  const failure = await outcome.then(
    () => undefined,
    (error: { code: string; message: string }) => error,
  );
  const applied = sent.filter((change) => !('dry_run' in change)).length;
  return { sent, terminal, failure, applied };
}

test('a dry run says what would be, and nothing is asked of the server but to say it', async () => {
  const { sent, terminal, applied } = await asked(rehearsing(3, 10), { dryRun: true });
  assert.deepEqual([sent.length, applied], [1, 0]);
  assert.match(
    terminal.printed.join('\n'),
    /^would change it\n\n.*3 of 10 trusted hosts would lose trust \(30 %\)\n.*the brake would refuse this .*--force --because "…"$/s,
  );
  const below = await asked(rehearsing(2, 10), { dryRun: true });
  assert.doesNotMatch(below.terminal.printed.join('\n'), /refuse/, 'as many as the brake lets');
  const forced = await asked(rehearsing(3, 10), { dryRun: true, force: true, because: 'revoked' });
  assert.doesNotMatch(forced.terminal.printed.join('\n'), /refuse/);
  const asJson = await asked(rehearsing(3, 10), { dryRun: true, json: true });
  assert.deepEqual([asJson.failure, asJson.terminal.json.length, asJson.terminal.notes.length], [undefined, 1, 1]);
});

test('a dry run of what nobody would mind is a dry run all the same', async () => {
  const { applied, failure } = await asked(rehearsing(0, 10), { dryRun: true });
  assert.deepEqual([applied, failure], [0, undefined]);
});

test('where nobody loses trust it is shown, done, and nobody is asked', async () => {
  const { terminal, applied } = await asked(rehearsing(0, 10), {}, 'n');
  assert.deepEqual([applied, terminal.questions], [1, []]);
  assert.equal(terminal.printed.at(-1), 'changed it');
});

test('where more than --ask-above would lose trust somebody is asked, and only yes is yes', async () => {
  for (const [answer, applied] of [
    ['y', 1],
    ['Yes', 1],
    ['', 0],
    ['n', 0],
    ['yeah', 0],
  ] as const) {
    const { terminal, failure, ...rest } = await asked(rehearsing(1, 10), {}, answer);
    assert.deepEqual([rest.applied, failure?.code], [applied, applied === 1 ? undefined : 'change-declined'], answer);
    assert.deepEqual(terminal.questions, ['apply? 1 of 10 trusted hosts would lose trust (10 %) [y/N] ']);
  }
  const below = await asked(rehearsing(1, 10), { askAbove: 10 }, 'n');
  assert.deepEqual([below.applied, below.terminal.questions], [1, []]);
});

test('in a script nobody can be asked: it is refused unless --yes', async () => {
  assert.equal((await asked(rehearsing(1, 10), {})).failure?.code, 'change-unconfirmed');
  assert.equal((await asked(rehearsing(1, 10), { yes: true })).applied, 1);
});

test('above the brake nothing is done, whoever says yes; the way to force it is told', async () => {
  const refused = await asked(rehearsing(3, 10), { yes: true }, 'y');
  assert.deepEqual([refused.applied, refused.failure?.code], [0, 'change-brake']);
  assert.match(refused.failure?.message ?? '', /3 of 10 .*--force --because "…"/);
  const { sent, applied, terminal } = await asked(rehearsing(3, 10), { force: true, because: 'revoked' }, 'n');
  assert.deepEqual([applied, terminal.questions], [1, []]);
  assert.deepEqual(
    sent.map((change) => ({ ...change, by: 'me' })),
    [
      { by: 'me', because: 'revoked', force: true, dry_run: true },
      { by: 'me', because: 'revoked', force: true },
    ],
  );
});

test('force without a reason does not even reach the server', async () => {
  const { sent, failure } = await asked(rehearsing(0, 10), { force: true });
  assert.deepEqual([sent, failure?.code], [[], 'change-because-missing']);
});

test('as JSON, what programs read is one answer; what people read stands beside it', async () => {
  const { terminal } = await asked(rehearsing(0, 10), { json: true });
  assert.deepEqual([terminal.printed, terminal.json.length, terminal.notes.length], [[], 1, 1]);
});

test('what is always asked is asked once, where there is somebody to ask', async () => {
  const asks = 'take this into known good?';
  const no = await asked(rehearsing(0, 10), {}, 'n', asks);
  assert.deepEqual([no.failure?.code, no.applied], ['change-declined', 0]);
  assert.equal((await asked(rehearsing(0, 10), {}, 'y', asks)).applied, 1);
  assert.equal((await asked(rehearsing(0, 10), { yes: true }, 'n', asks)).applied, 1);
  assert.equal((await asked(rehearsing(0, 10), {}, undefined, asks)).applied, 1, 'a script cannot be asked');
  const many = await asked(rehearsing(1, 10), {}, 'y', asks);
  assert.deepEqual([many.applied, many.terminal.questions.length], [1, 1]);
});

test('what other changes cost just now is said, and of how many', () => {
  const rehearsal = { ...rehearsing(1, 10), lost_recently: 3, losing_percent: 40 };
  assert.equal(loss(rehearsal), '1 of 10 trusted hosts would lose trust, after 3 by other changes just now (40 %)');
});

test('hosts that would lose trust when they are heard again are said, asked about, and held by the brake like others', async () => {
  const away = (count: number) => ({
    ...{ ...rehearsing(0, 10), losing_unheard: count, losing_percent: 10 * count },
    when_heard: [
      {
        host: 'node7',
        pool: 'default',
        before: 'trusted',
        after: 'untrusted',
        code: 'measurement-retired',
        reason: 'x',
      },
    ] as Rehearsal['when_heard'] & object,
  });
  const text = rehearsalText(away(1));
  assert.match(
    text,
    /^1 host whose verdict has expired would not be trusted when heard again: node7\n {2}measurement-retired: x$/m,
  );
  assert.match(text, /: 1 of 10 trusted hosts would lose trust, when heard again \(10 %\)$/m);
  assert.doesNotMatch(text, /no verdict would change|nobody/);
  assert.equal((await asked(away(1), {})).failure?.code, 'change-unconfirmed');
  assert.equal((await asked(away(3), { yes: true })).failure?.code, 'change-brake');
  assert.equal(
    loss({ ...away(3), losing: 1, losing_percent: 40 }),
    '4 of 10 trusted hosts would lose trust, 3 of them when heard again (40 %)',
  );
});
