// One write of a life, and what an OpenAttestation 2 answers to it: `true`, or status 400 with the name of an error.
import type { Answer } from '../peer.ts';
import { breaks, brief, type Check, errorOf, fine, lessSafe, type Outcome, type World } from './check.ts';

export type Step = { method: 'POST' | 'PUT' | 'DELETE'; path: string; body?: unknown };

const programs = 'programs written for OAT 2: they wait for exactly true, and look errors up by their name';
const tools = 'the tools print it and exit 0: scripts take it as they are used to';

export const post = (path: string, body: unknown): Step => ({ method: 'POST', path, body });
export const put = (path: string, body: unknown): Step => ({ method: 'PUT', path, body });
export const del = (path: string): Step => ({ method: 'DELETE', path });

export const send = ({ ask }: World, { method, path, body }: Step): Promise<Answer> => ask(method, path, body);

export const done = (check: string, what: string, step: Step): Check => ({
  name: `life-${check}`,
  expected: `${what}: 200 true`,
  run: async (world) => doneOutcome(await send(world, step)),
});

export const refused = (check: string, what: string, code: string, step: Step): Check => ({
  name: `life-${check}`,
  expected: `${what}: 400 ${code}`,
  run: async (world) => refusedOutcome(await send(world, step), code),
});

export const shown = (check: string, expected: string, path: string, look: (answer: Answer) => boolean): Check => ({
  name: `life-${check}`,
  expected,
  async run({ ask }) {
    const answer = await ask('GET', path);
    return look(answer) ? fine('so it is') : breaks(brief(answer), programs);
  },
});

/** What is no digest. */
export const junk = (check: string, what: string, step: Step): Check => ({
  name: `life-${check}`,
  expected: `${what} is refused`,
  async run(world) {
    const answer = await send(world, step);
    if (answer.status >= 300) return fine(brief(answer));
    return lessSafe(brief(answer), 'a white list that cannot mean anything is taken for one');
  },
});

export function doneOutcome(answer: Answer): Outcome {
  const said = answer.text.trim();
  if (answer.status === 200 && said === 'true') return fine('true');
  if (answer.status < 300 && said.toLowerCase() === 'true') return breaks(brief(answer), programs);
  return breaks(brief(answer), tools);
}

function refusedOutcome(answer: Answer, code: string): Outcome {
  const error = errorOf(answer);
  if (answer.status === 400 && error?.code === code) return fine(code);
  if (answer.status < 300) return breaks(brief(answer), 'scripts that count on being refused');
  return error ? breaks(brief(answer), programs) : breaks(brief(answer), tools);
}
