// What other packages' tests borrow.

export { openStorage } from '../storage/open.ts';
export { startTestCloud, type TestCloud } from './cloud.ts';
export { exampleInstance, insertExample } from './instance.ts';
