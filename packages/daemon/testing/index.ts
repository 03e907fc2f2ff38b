export { eachDatabase } from './each-database.ts';
export { freshPostgres, stopPostgres } from './postgres.ts';
