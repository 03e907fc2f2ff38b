// A promise that does not wait for ever.
import { AssayError } from '@assay/core';

/** @throws what `late` makes, when `work` has not settled after `timeoutMs`; `work` itself goes on unheard */
export function within<T>(work: Promise<T>, timeoutMs: number, late: () => Error): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(late()), timeoutMs);
    work.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

/** The TPM did not answer: whether the command took effect is unknown. */
export const late = (where: string, timeoutMs: number): AssayError =>
  new AssayError('tpm-timeout', `TPM ${where}`, `a response within ${Math.round(timeoutMs) / 1000} s`, 'none');
