// What `assay reference export` wrote, read back. Values that were retired are not: an import makes things good, and those no longer are.
import { AssayError } from '@assay/core';
import { check, NewReferenceValue } from '@assay/protocol';
import { isObject } from './json.ts';

type Source = NewReferenceValue['source'];

/** Undefined: no export. @throws AssayError `list-line`, `list-empty`, and what the schema throws */
export function exportedValues(json: unknown, where: string, source: Source): NewReferenceValue[] | undefined {
  const list = isObject(json) ? json['values'] : json;
  if (!Array.isArray(list) || !(isObject(json) || list.some((one) => isObject(one) && 'content' in one)))
    return undefined;
  const values = list.flatMap((one: unknown, i) => {
    const place = `${where} values[${i}]`;
    if (!isObject(one)) throw new AssayError('list-line', place, 'a reference value', one);
    if (one['content'] === undefined)
      throw new AssayError('list-line', place, 'a value with its content', 'one without', {
        hint: 'assay reference export writes them',
      });
    if (one['state'] === 'retired') return [];
    const { component, vendor, name, version, content } = one;
    const from = isObject(one['source']) ? ` (${one['source']['kind']} ${one['source']['name']})` : '';
    const said = Object.fromEntries(
      Object.entries({ component, vendor, name, version, content }).filter(([, value]) => value !== undefined),
    );
    return [
      check(NewReferenceValue, { ...said, source: { ...source, name: `${source.name}${from}`.slice(0, 1000) } }, place),
    ];
  });
  if (values.length === 0) throw new AssayError('list-empty', where, 'values that are not retired', 'none');
  return values;
}
