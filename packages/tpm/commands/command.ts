// How is a TPM command put into bytes and its answer read back (Part 1, §18)? One declaration a command, as in Part 3.
import {
  AssayError,
  type Cursor,
  choice,
  decode,
  type Fields,
  Output,
  type Row,
  sized,
  struct,
  u16,
  u32,
} from '@assay/core';
import { responseError } from '../structures/response-codes.ts';
import { Authorization, AuthResponse } from '../structures/session.ts';

/** A command of Part 3. Fields stand in the order of its tables. */
export type Command<H extends Fields, P extends Fields, A extends Fields, R extends Fields> = {
  /** As Part 3 has it: `TPM2_Quote`. */
  readonly name: string;
  /** TPM_CC. */
  readonly code: number;
  readonly handles: H;
  /** How many of the handles, from the first, need an authorisation. */
  readonly authorized: number;
  readonly parameters: P;
  /** Handles the response begins with. */
  readonly returnsHandles: A;
  readonly returns: R;
  /** True for commands that make keys: hardware may take minutes. */
  readonly slow: boolean;
};

export type Arguments<H extends Fields, P extends Fields> = Row<H> & Row<P>;
export type Result<A extends Fields, R extends Fields> = Row<A> & Row<R>;

type None = Record<never, never>;

/** Declares a command; what is left out it does not have. */
export const command = <
  H extends Fields = None,
  P extends Fields = None,
  A extends Fields = None,
  R extends Fields = None,
>(declared: {
  name: string;
  code: number;
  handles?: H;
  authorized?: number;
  parameters?: P;
  returnsHandles?: A;
  returns?: R;
  slow?: boolean;
}): Command<H, P, A, R> => ({
  name: declared.name,
  code: declared.code,
  handles: declared.handles ?? ({} as H),
  authorized: declared.authorized ?? 0,
  parameters: declared.parameters ?? ({} as P),
  returnsHandles: declared.returnsHandles ?? ({} as A),
  returns: declared.returns ?? ({} as R),
  slow: declared.slow ?? false,
});

const tags = { noSessions: 0x8001, sessions: 0x8002 } as const;
const headerSize = 10;
/** No TPM answers with more; the kernel's own limit is 4096. */
export const longestResponse = 8192;

/** The whole command, header first. */
export function commandBytes<H extends Fields, P extends Fields>(
  declared: Command<H, P, Fields, Fields>,
  values: Arguments<H, P>,
  authorizations: readonly Authorization[],
): Uint8Array {
  if (authorizations.length < declared.authorized)
    throw new Error(`${declared.name} needs ${declared.authorized} authorisations, ${authorizations.length} given`);
  const body = new Output();
  struct(declared.handles).write(body, values);
  if (authorizations.length > 0) {
    const area = new Output();
    for (const one of authorizations) Authorization.write(area, one);
    u32.write(body, area.length);
    body.append(area.bytes());
  }
  struct(declared.parameters).write(body, values);
  const out = new Output();
  u16.write(out, authorizations.length > 0 ? tags.sessions : tags.noSessions);
  u32.write(out, headerSize + body.length);
  u32.write(out, declared.code);
  out.append(body.bytes());
  return out.bytes();
}

/** The length a response says it has. `header`: its first 6 bytes or more. @throws AssayError `tpm-response` */
export function responseLength(header: Uint8Array, where: string): number {
  const c: Cursor = { bytes: header, at: 2 };
  const length = u32.read(c, where);
  if (length < headerSize || length > longestResponse)
    throw new AssayError('tpm-response', where, `a response of ${headerSize} to ${longestResponse} bytes`, length);
  return length;
}

const ResponseTag = choice(u16, { ...tags, oldTpm: 0x00c4 });

/**
 * What the TPM answered.
 * @param sessions how many authorisations the command had
 * @throws AssayError `tpm-rc-…` when the TPM refused, `wire-…` when the answer is malformed
 */
export function readResponse<A extends Fields, R extends Fields>(
  declared: Command<Fields, Fields, A, R>,
  response: Uint8Array,
  sessions: number,
): Result<A, R> {
  const where = `${declared.name} response`;
  const c: Cursor = { bytes: response, at: 0 };
  const tag = ResponseTag.read(c, `${where}.tag`);
  const length = u32.read(c, `${where}.size`);
  if (length !== response.length)
    throw new AssayError('tpm-response', `${where}.size`, `${response.length}, the bytes that came`, length);
  const code = u32.read(c, `${where}.code`);
  if (code !== 0) throw responseError(declared.name, code);
  const handles = struct(declared.returnsHandles).read(c, where);
  if (tag !== 'sessions') return { ...handles, ...decode(struct(declared.returns), response.subarray(c.at), where) };
  const parameters = sized(longestResponse, u32).read(c, `${where}.parameters`);
  const result = { ...handles, ...decode(struct(declared.returns), parameters, where) };
  // Passwords and policies without a secret have nothing in their answer to check; it must only be there.
  for (let i = 0; i < sessions; i++) AuthResponse.read(c, `${where}.authorizations[${i}]`);
  if (c.at !== response.length)
    throw new AssayError(
      'wire-trailing',
      `${where} at byte ${c.at}`,
      'the end',
      `${response.length - c.at} more bytes`,
    );
  return result;
}
