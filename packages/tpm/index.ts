export { type Credential, makeCredential } from './credential/make.ts';
export type { TpmDevice } from './device/device.ts';
export type { LoadedAk, SavedAk } from './keys/ak.ts';
export type { LoadedKey } from './keys/primary.ts';
export type { AkAlgorithm, EkProfile } from './keys/templates.ts';
export type { DigestsByBank } from './pcr.ts';
export type { TpmState } from './state.ts';
export { type AkChoice, openTpm, Tpm, type TpmOptions } from './tpm.ts';
