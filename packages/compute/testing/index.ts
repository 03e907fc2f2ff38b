// What other packages' tests borrow.
export { startTestCloud, type TestCloud } from './cloud.ts';
export { exampleInstance, insertExample } from './instance.ts';
export { openStorage } from '../storage/open.ts';
