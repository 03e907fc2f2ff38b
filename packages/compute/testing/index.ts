// What other packages' tests borrow.
export { exampleInstance, insertExample } from './instance.ts';
