// What was made under a name is removed again, whatever has become of it: of a server that breaks off in between, too.
import type { World } from './check.ts';
import { at, type Things } from './life-things.ts';

/** @returns what is left all the same, as far as that can be told: paths to DELETE */
export async function endOf(world: World, { name, keys, search }: Things): Promise<readonly string[]> {
  const made = [
    { list: `${at.hosts}${search}`, path: `${at.hosts}${keys.host}` },
    { list: `${at.mles}${search}`, path: `${at.mles}${keys.vmm}` },
    { list: `${at.mles}${search}`, path: `${at.mles}${keys.bios}` },
    { list: at.os, path: `${at.os}${keys.os}` },
    { list: at.oem, path: `${at.oem}${keys.oem}` },
  ];
  for (const { path } of made) await world.ask('DELETE', path).catch(() => undefined); // what is gone already is refused
  await forgetRetired(world, name);
  const left: string[] = [];
  for (const { list, path } of made) if (await isThere(world, list, name)) left.push(path);
  return left;
}

/** A server of ours keeps what was once good as retired, to tell it apart: of this there is nothing to tell. */
async function forgetRetired({ ask }: World, name: string): Promise<void> {
  const answer = await ask('GET', '/v1/reference').catch(() => undefined);
  const { values } = (answer?.json ?? {}) as { values?: unknown };
  const ids = (Array.isArray(values) ? (values as unknown[]) : []).flatMap((value) => {
    const { id, vendor, name: of } = (value ?? {}) as Record<string, unknown>;
    return vendor === name && of === name ? [String(id)] : [];
  });
  const body = { ids, because: 'assay compat oat has ended' };
  if (ids.length > 0) await ask('POST', '/v1/reference/remove', body).catch(() => undefined);
}

/** Who does not answer may have it still. */
async function isThere({ ask }: World, list: string, name: string): Promise<boolean> {
  const answer = await ask('GET', list).catch(() => undefined);
  return answer === undefined || answer.text.includes(name);
}
