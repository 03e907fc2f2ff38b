// `servers?name=web`: Nova takes a regular expression. Here `^`, `$`, `.`, `.*` and `\` mean what they mean there and every other
// character itself, so that matching takes linear memory and no pattern can make it run away.

type Part = { any: boolean; many: boolean; character: string };

/** @returns whether the pattern occurs in a name, in either case */
export function nameFilter(pattern: string): (name: string) => boolean {
  const start = pattern.startsWith('^');
  const end = pattern.endsWith('$') && !pattern.endsWith('\\$');
  const parts = partsOf(pattern.slice(start ? 1 : 0, end ? -1 : undefined).toLowerCase());
  const free: Part = { any: true, many: true, character: '' };
  const whole = [...(start ? [] : [free]), ...parts, ...(end ? [] : [free])];
  return (name) => matches(whole, [...name.toLowerCase()]);
}

function partsOf(pattern: string): Part[] {
  const parts: Part[] = [];
  for (const [character] of pattern.matchAll(/\\.|\.\*|./gsu))
    if (character === '.*') parts.push({ any: true, many: true, character: '' });
    else if (character === '.') parts.push({ any: true, many: false, character: '' });
    else parts.push({ any: false, many: false, character: character.replace(/^\\(?=.)/su, '') });
  return parts;
}

/** Greedy with one way back, as for file name patterns. */
function matches(parts: readonly Part[], text: readonly string[]): boolean {
  let [part, at, back, from] = [0, 0, -1, 0];
  while (at < text.length) {
    const wanted = parts[part];
    if (wanted?.many) [back, from, part] = [part, at, part + 1];
    else if (wanted && (wanted.any || wanted.character === text[at])) [part, at] = [part + 1, at + 1];
    else if (back >= 0) [part, at, from] = [back + 1, from + 1, from + 1];
    else return false;
  }
  return parts.slice(part).every((left) => left.many);
}
