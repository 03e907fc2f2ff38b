// What other packages' tests borrow.
export { exampleInstance, insertExample } from './instance.ts';
export { openStorage } from '../storage/open.ts';
