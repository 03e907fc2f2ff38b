// What does Ctrl-C leave behind? Processes of the lab outlive the command that started them, so whoever interrupts it is told how to go on.

const codes = { SIGINT: 130, SIGTERM: 143 } as const;
const showCursor = '\u001b[?25h';

/**
 * Ends this process at once when it is asked to.
 * @param words what is left as it is, and how to go on @param before first of all
 * @returns stops listening
 */
export function onInterrupt(words: () => string, before: () => void): () => void {
  const end = (signal: NodeJS.Signals) => {
    before();
    if (process.stdout.isTTY) process.stdout.write(`${showCursor}\n`); // a list that fills in has hidden it
    process.stderr.write(`assay: ${words()}\n`, () => process.exit(codes[signal as keyof typeof codes]));
  };
  for (const signal of Object.keys(codes)) process.once(signal, end);
  return () => {
    for (const signal of Object.keys(codes)) process.off(signal, end);
  };
}

/** @param isRunning whether something was started @param more options that name the same lab */
export const interruptedText = (isRunning: boolean, more: string): string =>
  isRunning
    ? `interrupted: what was started runs on; assay up${more} goes on from here, assay down${more} ends it`
    : `interrupted: nothing was started; assay up${more} begins again, with what is made already`;
