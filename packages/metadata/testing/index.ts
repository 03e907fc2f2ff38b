// What other packages' tests borrow.

export { exchange, type RawAnswer } from './exchange.ts';
export { exampleRecord, recordsOf } from './records.ts';
