// What tpm2_eventlog says of a log, as data: the little of YAML it writes. Scalars stay text, as they stand there.
export type Yaml = string | readonly Yaml[] | { readonly [key: string]: Yaml };

/** One event: number by place, PCR, type, digests as hex by algorithm, size of its data, and what is said of the data. */
export type ToolsEvent = {
  pcr: number;
  type: string;
  digests: { [algorithm: string]: string };
  size: number;
  event: Yaml | undefined;
};

/** @param text of a whole log, a character a byte */
export function toolsEvents(text: string): ToolsEvent[] {
  const folded = text.replace(/\\\n[ \t]*/g, '');
  const [events = ''] = folded.split('\npcrs:\n');
  const blocks = events.split(/\n(?:- EventNum: \d+\n)?(?= {2}PCRIndex:)/).slice(1);
  return blocks.map((block) => {
    const fields = read(block.split('\n')) as { [key: string]: Yaml };
    const legacy = typeof fields['Digest'] === 'string' ? { sha1: unquoted(fields['Digest']) } : {};
    const digests = ((fields['Digests'] ?? []) as { AlgorithmId: string; Digest: string }[]).map(
      ({ AlgorithmId, Digest }) => [AlgorithmId, unquoted(Digest)],
    );
    return {
      pcr: Number(fields['PCRIndex']),
      type: String(fields['EventType']),
      digests: { ...legacy, ...Object.fromEntries(digests) },
      size: Number(fields['EventSize']),
      event: fields['SpecID'] ?? fields['Event'],
    };
  });
}

/** PCR values by bank, hex. */
export function toolsPcrs(text: string): { [bank: string]: Map<number, string> } {
  const banks: { [bank: string]: Map<number, string> } = {};
  let bank = new Map<number, string>();
  for (const line of text.split('\npcrs:\n')[1]?.split('\n') ?? []) {
    const [, name, pcr, value] = /^ {2}(\w+):$|^ {4}(\d+) *: 0x([0-9a-f]+)$/.exec(line) ?? [];
    if (name) banks[name] = bank = new Map();
    else if (pcr && value) bank.set(Number(pcr), value);
  }
  return banks;
}

/** A scalar as the text it stands for. */
export function unquoted(scalar: string): string {
  if (scalar.startsWith("'")) return scalar.slice(1, -1).replaceAll("''", "'");
  if (!scalar.startsWith('"')) return scalar;
  const escapes: { [letter: string]: string } = {
    n: '\n',
    t: '\t',
    r: '\r',
    '0': '\0',
    a: '\x07',
    b: '\b',
    e: '\x1b',
    f: '\f',
    v: '\v',
  };
  return scalar
    .slice(1, scalar.endsWith('"') ? -1 : undefined)
    .replace(/\\(?:x([0-9a-fA-F]{2})|(.))/gs, (_all, hex, one) =>
      hex ? String.fromCharCode(Number.parseInt(hex, 16)) : (escapes[one] ?? one),
    );
}

const indentOf = (line: string) => /^ */.exec(line)?.[0].length ?? 0;

/** Lines of one level and what is below them. */
function read(lines: readonly string[]): Yaml {
  const own = lines.filter((line) => line.trim() !== '');
  const [first] = own;
  if (first === undefined) return '';
  const indent = indentOf(first);
  if (first.trimStart().startsWith('- ')) {
    const items = grouped(own, (line) => indentOf(line) === indent && line.trimStart().startsWith('- '));
    return items.map(([head = '', ...rest]) => {
      const inside = head.slice(indent + 2);
      return /^[\w[\]]+:( |$)/.test(inside) ? read([' '.repeat(indent + 2) + inside, ...rest]) : unquoted(inside);
    });
  }
  const entries = grouped(own, (line) => indentOf(line) === indent && !line.trimStart().startsWith('- '));
  return Object.fromEntries(
    entries.map(([head = '', ...rest]): [string, Yaml] => {
      const [, key = '', value = ''] = /^ *([^:]+): ?(.*)$/s.exec(head) ?? [];
      if (value === '|-') return [key, rest.map((line) => line.trimStart()).join('\n')];
      return [key, value === '' ? read(rest) : value];
    }),
  );
}

function grouped(lines: readonly string[], begins: (line: string) => boolean): string[][] {
  const groups: string[][] = [];
  for (const line of lines)
    if (begins(line)) groups.push([line]);
    else groups.at(-1)?.push(line);
  return groups;
}
