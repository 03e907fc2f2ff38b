// A refusal in another project's words: stock clients show, and their users search for, exactly what Nova, Keystone and Glance say.
import { AssayError } from '@assay/core';

/** Its message is the sentence alone, since it is part of the API. `code` gives the HTTP status as with every AssayError. */
export class Refusal extends AssayError {
  constructor(code: string, sentence: string, options: { cause?: unknown } = {}) {
    super(code, 'request', 'one that can be answered', sentence, options);
    this.message = sentence;
  }
}
