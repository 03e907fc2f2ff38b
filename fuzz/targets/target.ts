// What is fuzzed: something that reads what another side sent. A new one is one of these in targets/ and a line in targets/catalogue.ts.

export type Target = {
  name: string;
  /** Honest inputs, from which mutants are made. */
  seeds(): readonly Uint8Array[];
  /** Words of the format. */
  words?: readonly Uint8Array[];
  /** CPU time that a mebibyte of input may take; 50 ms unless told. */
  msPerMiB?: number;
  /**
   * Reads the input and checks what came out. What it returns is what a caller would hold in memory.
   * @throws Fault, or anything that nobody foresaw
   */
  run(input: Uint8Array): unknown;
};

export const words = (...texts: readonly (string | Uint8Array)[]): Uint8Array[] =>
  texts.map((text) => (typeof text === 'string' ? Buffer.from(text, 'latin1') : text));
