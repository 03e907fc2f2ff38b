export { manufacture } from './manufacture.ts';
export { samples } from './samples.ts';
export { startTestTpm, type TestTpm } from './test-tpm.ts';
export { tpm2 } from './tpm2-tools.ts';
