// The words of a command line, for who tells people what differs. What Linux makes of them is another question: see the policy's kernel-words.ts.

/** A host chooses how many words its command line has. */
const mostWords = 4096;

/** `a="b c" d` → `a="b c"`, `d`: blanks between quotes part nothing, as Linux has it. */
export const commandWords = (line: string): string[] => (line.match(/(?:"[^"]*"?|[^\s"])+/g) ?? []).slice(0, mostWords);
