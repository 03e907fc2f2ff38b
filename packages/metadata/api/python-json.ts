// How would Python's json.dumps write this? Guests have parsed Nova's metadata for years, some of them with `grep`.

/** A space after `,` and `:`, keys in their order, everything but ASCII as `\uXXXX`. `undefined` fields are left out. */
export function pythonJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(pythonJson).join(', ')}]`;
  if (typeof value === 'object' && value !== null) {
    const fields = Object.entries(value).filter(([, field]) => field !== undefined);
    return `{${fields.map(([key, field]) => `${pythonJson(key)}: ${pythonJson(field)}`).join(', ')}}`;
  }
  return JSON.stringify(value).replace(/[\u007f-\uffff]/g, (unit) =>
    unit === '\u007f' ? unit : `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
