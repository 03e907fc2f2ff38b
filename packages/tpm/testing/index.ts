export { manufacture } from './manufacture.ts';
export { sampleCodecs, samples } from './samples.ts';
export { type RunningSwtpm, startSwtpm, swtpmArguments } from './swtpm.ts';
export { startTestTpm, type TestTpm } from './test-tpm.ts';
export { tpm2 } from './tpm2-tools.ts';
