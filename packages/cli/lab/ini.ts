// Writes configuration as the services read it: oslo.config's format.

/** Section → option → value; an array repeats the option; what is undefined is left out. */
export type IniContent = Record<string, Record<string, string | number | readonly string[] | undefined>>;

/** @param about one line on top that says what the file is for */
export function ini(about: string, content: IniContent): string {
  const sections = Object.entries(content).map(([section, options]) => {
    const lines = Object.entries(options).flatMap(([name, value]) =>
      value === undefined ? [] : [value].flat().map((one) => `${name} = ${escaped(String(one))}\n`),
    );
    return `\n[${section}]\n${lines.join('')}`;
  });
  return `# ${about}\n# Written by assay up, and again at each start.\n${sections.join('')}`;
}

/** `$name` would stand for another option. */
const escaped = (value: string) => value.replaceAll('$', '$$$$');
