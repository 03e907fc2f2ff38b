import assert from 'node:assert/strict';
import { test } from 'node:test';
import { testClock } from '@assay/daemon/testing';
import fc from 'fast-check';
import { QuestionPace, questionsApartMs, type Sending, type Timer, Wishes } from './wishes.ts';

/** When the challenge of an answer was sent; the answer of a question or demand here. */
type Answer = number;

/** Connections of one host whose challenges go out when they should and are answered when a test says so. */
function world(connections = 1) {
  const clock = testClock();
  /** When challenges went out that nothing but questions wanted. */
  const asked: number[] = [];
  const pace = new (class extends QuestionPace {
    override asked(host: string) {
      asked.push(clock.uptimeMs());
      super.asked(host);
    }
  })(clock);
  const timers = new Set<{ atMs: number; work: () => void }>();
  const timer: Timer = (work, ms) => {
    const one = { atMs: clock.uptimeMs() + ms, work };
    timers.add(one);
    return () => timers.delete(one);
  };
  const lines = Array.from({ length: connections }, () => {
    let sent: Sending<Answer> | undefined;
    const begin = () => {
      if (!sent && wishes.isDue) sent = wishes.send();
    };
    const wishes = new Wishes<Answer>({ host: 'node1', clock, pace, due: begin }, timer);
    const finish = (end: (sent: Sending<Answer>) => void) => {
      if (!sent) return;
      end(sent);
      sent = undefined;
      wishes.over();
      begin();
    };
    return {
      wishes,
      isSent: () => sent !== undefined,
      answer: () => finish((one) => one.resolve(one.sentAtMs)),
      break: () => finish((one) => one.reject(new Error('no answer'))),
    };
  });
  const pass = (ms: number) => {
    const endMs = clock.uptimeMs() + ms;
    for (;;) {
      const [next] = [...timers].filter(({ atMs }) => atMs <= endMs).sort((a, b) => a.atMs - b.atMs);
      if (!next) break;
      timers.delete(next);
      clock.pass(Math.max(0, next.atMs - clock.uptimeMs()));
      next.work();
    }
    clock.pass(endMs - clock.uptimeMs());
  };
  return { clock, lines, line: lines[0] as (typeof lines)[0], asked, pass };
}

const within = (promise: Promise<unknown>) =>
  Promise.race([promise.then(() => 'answered'), new Promise((resolve) => setImmediate(resolve, 'waits'))]);

test('questions that come together share one challenge, and its answer', async () => {
  const { line, asked } = world();
  const questions = [0, 5_000, 0].map((maxAgeMs) => line.wishes.question(maxAgeMs));
  // The first sent it; those that take what is under way join, the last wants one sent after it asked.
  assert.equal(asked.length, 1);
  line.answer();
  assert.equal(await questions[0], await questions[1]);
  assert.equal(await within(questions[2] as Promise<Answer>), 'waits');
});

test('a question takes the challenge under way when that was sent within its age, and no older one', async () => {
  const { line, asked, pass } = world();
  const first = line.wishes.question(0);
  pass(400);
  const young = line.wishes.question(401);
  const old = line.wishes.question(400);
  line.answer();
  assert.equal(await young, await first);
  assert.equal(await within(old), 'waits');
  pass(2 * questionsApartMs);
  line.answer();
  assert.equal(asked.length, 2);
  assert.ok((await old) > (await first));
});

test('a flood of questions costs one challenge a second', async () => {
  const { line, asked, pass } = world();
  for (let ms = 0; ms < 10_000; ms += 10) {
    line.wishes.question(0);
    line.answer();
    pass(10);
  }
  assert.equal(asked.length, 10);
});

test('a demand waits for no question, and the questions that waited share it', async () => {
  const { line, asked, pass, clock } = world();
  line.wishes.question(0);
  line.answer();
  pass(100);
  const waiting = line.wishes.question(0);
  pass(100);
  const demanded = line.wishes.demand();
  assert.ok(line.isSent());
  line.answer();
  assert.equal(await waiting, await demanded);
  assert.equal(await demanded, clock.uptimeMs());
  assert.equal(asked.length, 1, 'it was not sent for a question');
});

test('a host that is connected twice is asked no more often', async () => {
  const { lines, asked, pass } = world(2);
  const [first, second] = lines as [(typeof lines)[0], (typeof lines)[0]];
  first.wishes.question(0);
  const waiting = first.wishes.question(0);
  pass(1_500);
  second.wishes.question(0); // the first is still busy, its turn has come
  first.answer();
  assert.equal(asked.length, 2);
  pass(1_500);
  first.answer();
  await waiting;
  assert.equal(asked.length, 3);
});

test('who waits when the connection ends is told', async () => {
  const { line } = world();
  line.wishes.question(0);
  line.answer();
  const waiting = line.wishes.question(0);
  line.wishes.fail(new Error('ended'));
  await assert.rejects(waiting, /ended/);
});

test('whatever happens: never two challenges by questions within a second, and nobody gets older evidence than asked for', async () => {
  const happening = fc.oneof(
    fc.record({ what: fc.constant('question' as const), line: fc.nat(1), maxAgeMs: fc.nat(3_000) }),
    fc.record({ what: fc.constantFrom('demand' as const, 'break' as const, 'fail' as const), line: fc.nat(1) }),
    fc.record({ what: fc.constant('answer' as const), line: fc.nat(1) }),
    fc.record({ what: fc.constant('pass' as const), ms: fc.nat(150).map((tens) => tens * 10) }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(happening, { maxLength: 60 }), async (story) => {
      const { lines, clock, asked, pass } = world(2);
      const got: Promise<void>[] = [];
      const expect = (promise: Promise<Answer>, notBeforeMs: number) =>
        got.push(
          promise.then(
            (sentAtMs) => assert.ok(sentAtMs >= notBeforeMs, `${sentAtMs} is before ${notBeforeMs}`),
            (error) => assert.match(error.message, /no answer|ended/),
          ),
        );
      for (const one of story) {
        if (one.what === 'pass') pass(one.ms);
        else {
          const line = lines[one.line] as (typeof lines)[0];
          const nowMs = clock.uptimeMs();
          if (one.what === 'question') expect(line.wishes.question(one.maxAgeMs), nowMs - one.maxAgeMs);
          else if (one.what === 'demand') expect(line.wishes.demand(), nowMs);
          else if (one.what === 'fail') line.wishes.fail(new Error('ended'));
          else line[one.what]();
        }
      }
      // Nobody is forgotten: with the host answering, everybody has something in the end.
      for (let times = 0; times < 4; times++) {
        pass(3 * questionsApartMs);
        for (const line of lines) line.answer();
      }
      await Promise.all(got);
      for (const [index, atMs] of asked.entries())
        if (index > 0) assert.ok(atMs - (asked[index - 1] as number) >= questionsApartMs);
    }),
    { numRuns: 300 },
  );
});
