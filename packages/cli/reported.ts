// A failure that another process has told us of: shown in its own words, made fit for a terminal.
import { AssayError, escaped } from '@assay/core';

export class Reported extends AssayError {
  /** @param message a whole line, as the other process would print it */
  constructor(code: string, where: string, message: string) {
    super(code, where, 'what was asked for', message);
    this.message = escaped(message);
  }
}
