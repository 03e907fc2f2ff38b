export { manufacture, swtpmArguments } from './swtpm.ts';
export { startTestTpm, type TestTpm } from './test-tpm.ts';
