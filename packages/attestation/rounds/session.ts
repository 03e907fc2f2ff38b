// The conversation with one agent: hello, enrolment when its key is not known, then challenge after challenge.
import { AssayError } from '@assay/core';
import type { AgentFrame } from '@assay/protocol';
import { beginEnrolment, type EnrolmentNeeds, type PendingEnrolment } from '../enrolment/enrol.ts';
import { findEnrolment, hostUnknown } from '../storage/enrolments.ts';
import { findHost } from '../storage/hosts.ts';
import { TagDelivery } from '../tags/delivery.ts';
import { Asker, type AskerNeeds } from './asker.ts';
import type { Line, LineUser } from './line.ts';
import type { Speaker, Switchboard } from './switchboard.ts';

export type SessionNeeds = AskerNeeds & EnrolmentNeeds & { switchboard: Switchboard };

const helloMs = 10_000;
/** A TPM of flesh and blood may take a minute to make its EK and AK. */
const enrolMs = 120_000;
const activateMs = 60_000;

type State =
  | { at: 'hello' }
  | { at: 'enrol'; host: string }
  | { at: 'activation'; host: string; pending: PendingEnrolment }
  | { at: 'rounds'; speaker: Speaker; asker: Asker; tags: TagDelivery };

export function openSession(needs: SessionNeeds, line: Line): LineUser {
  const { db, switchboard } = needs;
  let state: State = { at: 'hello' };
  let patience = waitFor('hello', helloMs);
  let replaced = false;
  let writesTags = false;

  function waitFor(what: string, ms: number): NodeJS.Timeout {
    return setTimeout(
      () => line.refuse(new AssayError('agent-frame-timeout', 'agent', `${what} within ${ms / 1000} s`, 'none')),
      ms,
    );
  }

  function enter(next: State, awaited?: [what: string, ms: number]): void {
    clearTimeout(patience);
    state = next;
    if (awaited) patience = waitFor(...awaited);
  }

  function beginRounds(host: string, akName: string): void {
    const speaker: Speaker = {
      host,
      ask: () => asker.ask(),
      question: (maxAgeMs) => asker.question(maxAgeMs),
      get tookMs() {
        return asker.tookMs;
      },
      dismiss(forAnother) {
        replaced = forAnother;
        line.refuse(
          new AssayError(
            'agent-replaced',
            `host ${host}`,
            'one connection for a host',
            'a newer one, or the host was removed',
          ),
        );
      },
    };
    const counts = () => !replaced && !switchboard.provenElsewhere(speaker);
    const tags = new TagDelivery(db, { host, writesTags, counts });
    const asker = new Asker(needs, {
      host,
      akName,
      connection: line.id,
      pace: switchboard.pace,
      send: (frame) => line.send(frame),
      tags,
      counts,
      concluded({ verdict, authentic }) {
        line.log.debug({ host, trust: verdict.trust, authentic }, verdict.reason);
        if (authentic) switchboard.proved(speaker);
        else if (switchboard.provenElsewhere(speaker))
          line.refuse(new AssayError('agent-unproven', `host ${host}`, 'evidence that verifies', verdict.reason));
      },
      failed: (error) => line.refuse(error),
    });
    enter({ at: 'rounds', speaker, asker, tags });
    switchboard.join(speaker);
    asker.ask().catch(() => undefined); // what went wrong was told through `failed`
  }

  const unexpected = (frame: AgentFrame) =>
    new AssayError(
      'agent-frame',
      'agent',
      `what follows ${state.at === 'rounds' ? 'a challenge' : state.at}`,
      frame.type,
    );

  return {
    known: () => state.at === 'rounds',
    async frame(frame) {
      switch (frame.type) {
        case 'hello': {
          if (state.at !== 'hello') throw unexpected(frame);
          const { host, ak_name: claimed } = frame;
          writesTags = frame.writes_tags ?? false;
          if (!(await findHost(db, host))) throw hostUnknown(host);
          const known = (await findEnrolment(db, host))?.ak_name;
          if (claimed !== undefined && claimed === known) return beginRounds(host, known);
          enter({ at: 'enrol', host }, ['its endorsement', enrolMs]);
          return line.send({ type: 'enrol-wanted' });
        }
        case 'enrol': {
          if (state.at !== 'enrol') throw unexpected(frame);
          const { host } = state;
          const pending = await beginEnrolment(needs, host, frame);
          enter({ at: 'activation', host, pending }, ['the secret of its credential', activateMs]);
          return line.send(pending.credential);
        }
        case 'activated': {
          if (state.at !== 'activation') throw unexpected(frame);
          const { host, pending } = state;
          const akName = await pending.prove(frame.secret);
          line.log.info({ host, ak_name: akName }, 'enrolled');
          line.send({ type: 'enrolled', ak_name: akName });
          return beginRounds(host, akName);
        }
        case 'evidence': {
          if (state.at !== 'rounds') throw unexpected(frame);
          return await state.asker.answer(frame.challenge, { evidence: frame.evidence });
        }
        case 'tagged': {
          if (state.at !== 'rounds') throw unexpected(frame);
          return await state.tags.answered(frame.serial);
        }
        case 'failed': {
          const { code, message, challenge, tag } = frame;
          if (state.at === 'rounds' && tag !== undefined) return await state.tags.answered(tag, `${code}: ${message}`);
          if (state.at === 'rounds' && challenge !== undefined)
            return await state.asker.answer(challenge, { code: 'agent-failed', message: `${code}: ${message}` });
          throw new AssayError('agent-failed', 'agent', 'enrolment that succeeds', `${code}: ${message}`);
        }
      }
    },
    async ended() {
      clearTimeout(patience);
      if (state.at !== 'rounds') return;
      const { speaker, asker } = state;
      const counts = !replaced && !switchboard.provenElsewhere(speaker);
      switchboard.leave(speaker);
      await asker.end(counts);
    },
  };
}
