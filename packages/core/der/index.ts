export {
  boolean,
  type Der,
  expectTag,
  octetsOfBits,
  oidText,
  positiveInteger,
  readDer,
  sequenceIn,
  tags,
  time,
} from './der.ts';
export { isStrong, type SignatureAlgorithm, type Signed, signedBy, signedPart } from './signed.ts';
