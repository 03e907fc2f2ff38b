// Which files were measured in one boot and not in the other, or with other contents? By path, which is a hint, and digest, which is
// not. When and how often does not count.
import { readImaList } from '@assay/measurement';
import { type Change, counted } from './change.ts';

type Files = Map<string, { digests: Set<string>; entries: number[] }>;

/** Binary lists, from their beginning. */
export function diffImaLists(old: Uint8Array, now: Uint8Array): Change[] {
  const [was, is] = [filesOf(old), filesOf(now)];
  const added = [...is].filter(([path]) => !was.has(path));
  const removed = [...was].filter(([path]) => !is.has(path));
  const changed = [...is].filter(([path, { digests }]) => {
    const before = was.get(path)?.digests;
    return before && (digests.size !== before.size || [...digests].some((digest) => !before.has(digest)));
  });
  const parts = [
    added.length ? `${counted(added.length, 'file')} new` : '',
    changed.length ? `${changed.length} changed` : '',
    removed.length ? `${removed.length} not measured any more` : '',
  ].filter(Boolean);
  if (parts.length === 0) return [];
  const first = (files: readonly (readonly [string, { entries: number[] }])[]) =>
    files.map(([, { entries }]) => entries[0] ?? 0);
  return [
    {
      component: 'operating_system',
      what: 'IMA',
      change:
        added.length + changed.length === 0 ? 'removed' : removed.length + changed.length === 0 ? 'added' : 'changed',
      text: `IMA: ${parts.join(', ')}`,
      details: [
        ...added.map(([path]) => `new: ${path}, ${digestsOf(is.get(path))}`),
        ...changed.map(([path]) => `changed: ${path}, ${digestsOf(was.get(path))} → ${digestsOf(is.get(path))}`),
        ...removed.map(([path]) => `gone: ${path}, ${digestsOf(was.get(path))}`),
      ],
      old: first(removed),
      new: first([...added, ...changed]),
    },
  ];
}

/** Of a file that was measured with many contents, the first few. */
const digestsOf = (file: { digests: Set<string> } | undefined): string => {
  const all = [...(file?.digests ?? [])];
  return `${all.slice(0, 4).join(' and ')}${all.length > 4 ? ` and ${all.length - 4} more` : ''}`;
};

/** boot_aggregate apart: it follows from the boot PCRs, which the boot logs tell of. */
function filesOf(list: Uint8Array): Files {
  const files: Files = new Map();
  for (const { index, fields, template, templateDigest, violation } of readImaList(list)) {
    if (index === 0) continue;
    const path = fields?.path ?? `an entry of template ${template} that cannot be read`;
    const { algorithm, value } = fields?.digest ?? { algorithm: 'template digest', value: templateDigest };
    const file = files.get(path) ?? { digests: new Set(), entries: [] };
    file.digests.add(violation ? 'violation' : `${algorithm}:${value.toHex()}`);
    file.entries.push(index);
    files.set(path, file);
  }
  return files;
}
