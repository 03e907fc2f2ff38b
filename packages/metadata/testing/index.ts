// What other packages' tests borrow.

export { exchange, type RawAnswer } from './exchange.ts';
export { exampleRecord, recordsOf } from './records.ts';
export { type IniChange, type Site, startSite } from './site.ts';
