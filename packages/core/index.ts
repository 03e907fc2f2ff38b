export { AssayError, escaped, shown } from './errors.ts';
export { type Expectation, expectationOf, type SchemaFailure } from './schema-failure.ts';
export {
  bytes,
  type Codec,
  choice,
  decode,
  encode,
  type Fields,
  list,
  nested,
  type Of,
  type Row,
  sized,
  struct,
  tagged,
} from './wire/codec.ts';
export { bad, type Cursor, take, unsaid, within } from './wire/cursor.ts';
export { u8, u16, u16le, u32, u32le, u64, u64le } from './wire/numbers.ts';
export { Output } from './wire/output.ts';
