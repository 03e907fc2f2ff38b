// Where does a command speak, and whom can it ask? The terminal it was typed at; in a script nobody can be asked.
import { once } from 'node:events';
import { createInterface } from 'node:readline/promises';
import { jsonChunks } from '../evidence/json.ts';
import { writeAll } from '../evidence/output.ts';

export type Terminal = {
  print(text: string): Promise<void>;
  printJson(value: unknown): Promise<void>;
  /** For people alone, beside what programs read. */
  note(text: string): void;
  /** Absent: there is nobody to ask. @returns what was typed; at the end of input nothing */
  ask?: (question: string) => Promise<string>;
};

export const terminal = ({ stdin, stdout, stderr } = process): Terminal => ({
  async print(text) {
    if (text !== '') await writeAll(stdout, [text], '\n');
  },
  async printJson(value) {
    await writeAll(stdout, jsonChunks(value), '');
    stdout.write('\n');
  },
  note(text) {
    stderr.write(`${text}\n`);
  },
  ...(stdin.isTTY && stderr.isTTY && { ask: (question: string) => answerTo(question) }),
});

async function answerTo(question: string): Promise<string> {
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return await Promise.race([lines.question(question), once(lines, 'close').then(() => '')]);
  } finally {
    lines.close();
  }
}
