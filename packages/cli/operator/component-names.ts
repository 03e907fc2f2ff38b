// Which component does an operator mean? One of the four, or an extra that a policy defines; written as lists show it, or as policies have it.
import { AssayError } from '@assay/core';
import { components, type PolicyVersion } from '@assay/protocol';

/** @param policies those in force */
export const componentNames = (policies: readonly Pick<PolicyVersion, 'document'>[]): string[] => {
  const extras = policies.flatMap(({ document }) => document?.extras?.map(({ name }) => name) ?? []);
  return [...new Set([...components, ...extras.sort()])];
};

/**
 * @param known names there are
 * @param where the option, or the place in a list
 * @throws AssayError `cli-component`
 */
export function componentNamed(given: string, known: readonly string[], where = '--component'): string {
  const found = known.find((name) => name === given) ?? known.find((name) => plain(name) === plain(given));
  if (found !== undefined) return found;
  throw new AssayError('cli-component', where, `one of ${known.join(', ')}`, given, {
    hint: 'a policy may define more, under extras: assay policy apply',
  });
}

/** `Boot loader`, `boot-loader`, `boot_loader` */
const plain = (name: string): string => name.trim().toLowerCase().replaceAll(/[ -]/g, '_');
