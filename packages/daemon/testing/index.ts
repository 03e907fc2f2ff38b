export { type TestClock, testClock } from './clock.ts';
export { eachDatabase } from './each-database.ts';
export { type Issued, type TestPki, testPki } from './pki.ts';
export { freshPostgres, stopPostgres } from './postgres.ts';
