// A terminal of a test: what was printed and noted, and somebody who answers, or nobody.
import type { Terminal } from '../terminal.ts';

export type TestTerminal = Terminal & {
  readonly printed: string[];
  readonly json: unknown[];
  readonly notes: string[];
  readonly questions: string[];
};

/** @param answer to every question; absent: nobody can be asked */
export function testTerminal(answer?: string): TestTerminal {
  const [printed, json, notes, questions]: [string[], unknown[], string[], string[]] = [[], [], [], []];
  return {
    printed,
    json,
    notes,
    questions,
    async print(text) {
      printed.push(text);
    },
    async printJson(value) {
      json.push(value);
    },
    note(text) {
      notes.push(text);
    },
    ...(answer !== undefined && {
      ask: async (question: string) => {
        questions.push(question);
        return answer;
      },
    }),
  };
}
