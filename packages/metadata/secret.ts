// Is the secret that proxies and API share one that cannot be guessed? Nova and Neutron go on with an empty one.
import { AssayError } from '@assay/core';

const shortest = 16;

/** @param where the option @throws AssayError `config-value`, which never shows the secret */
export function checkSecret(where: string, value: string): void {
  if (value.length >= shortest) return;
  throw new AssayError('config-value', where, `at least ${shortest} characters`, `${value.length}`, {
    hint: 'make one with: openssl rand -hex 32',
  });
}
