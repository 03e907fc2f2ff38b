// What did the metadata API answer? One answer of HTTP/1.1, read as its bytes arrive (RFC 9112, §4 to §7.1). What is not plainly
// one is refused, never guessed at: the connection ends with it.
import { AssayError } from '@assay/core';

export type HttpAnswer = {
  readonly status: number;
  /** By lower-case name; what came twice is joined by a comma. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
};

const mostHeadBytes = 16_384;
const mostBodyBytes = 1 << 20;
const empty = Buffer.alloc(0);

/** Of one answer; another for the next. */
export class AnswerReader {
  readonly #where: string;
  readonly #hasBody: boolean;
  #head: { status: number; headers: Record<string, string>; keep: boolean } | undefined;
  #framing: 'length' | 'chunked' | 'close' = 'length';
  /** Bytes that are not understood yet. */
  #rest: Buffer = empty;
  #length = 0;
  #parts: Buffer[] = [];
  #size = 0;
  #started = false;

  /** @param where for errors */
  constructor(method: string, where: string) {
    this.#where = where;
    this.#hasBody = method !== 'HEAD';
  }

  /** Has anything of it come? */
  get started(): boolean {
    return this.#started;
  }

  /** After the answer: may its connection carry another request, and for how long may it be idle? Undefined: it may not. */
  get keepMs(): number | undefined {
    if (!this.#head?.keep || this.#framing === 'close' || this.#rest.length > 0) return undefined;
    const seconds = /(?:^|[,;\s])timeout=(\d{1,6})/.exec(this.#head.headers['keep-alive'] ?? '')?.[1];
    return seconds === undefined ? 60_000 : Math.min(Number(seconds) * 1000, 60_000);
  }

  /** @returns the answer once it is whole @throws AssayError `https-protocol`, `https-too-large` */
  read(bytes: Buffer): HttpAnswer | undefined {
    this.#started = true;
    this.#rest = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes]);
    while (!this.#head) if (!this.#readHead()) return undefined;
    if (this.#framing === 'chunked') return this.#readChunks();
    const wanted = this.#framing === 'length' ? this.#length - this.#size : this.#rest.length;
    this.#take(Math.min(wanted, this.#rest.length));
    return this.#framing === 'length' && this.#size === this.#length ? this.#whole() : undefined;
  }

  /** The connection has ended. @returns the answer, when that is how it ends */
  end(): HttpAnswer | undefined {
    return this.#head && this.#framing === 'close' ? this.#whole() : undefined;
  }

  /** @returns false when there is no whole head yet */
  #readHead(): boolean {
    const end = this.#rest.indexOf('\r\n\r\n');
    if (end > mostHeadBytes || (end < 0 && this.#rest.length > mostHeadBytes))
      throw this.#wrong(`a head of at most ${mostHeadBytes} bytes`, 'more');
    if (end < 0) return false;
    const [first = '', ...lines] = this.#rest.toString('latin1', 0, end).split('\r\n');
    this.#rest = this.#rest.subarray(end + 4);
    const [, minor, code] = /^HTTP\/1\.([01]) ([1-9]\d\d)(?: [^\r\n]*)?$/.exec(first) ?? [];
    if (code === undefined) throw this.#wrong('a status line of HTTP/1.1', first.slice(0, 40));
    const status = Number(code);
    const headers = this.#headersOf(lines);
    if (status === 101) throw this.#wrong('an answer', 'another protocol');
    if (status < 200) return this.#rest.length > 0; // an interim answer: the real one follows
    this.#frame(status, headers);
    const connection = (headers['connection'] ?? '').toLowerCase();
    this.#head = {
      status,
      headers,
      keep: minor === '1' ? !/\bclose\b/.test(connection) : /\bkeep-alive\b/.test(connection),
    };
    return true;
  }

  #headersOf(lines: readonly string[]): Record<string, string> {
    const headers: Record<string, string> = Object.create(null);
    for (const line of lines) {
      const colon = line.indexOf(':');
      const name = line.slice(0, colon).toLowerCase();
      if (colon < 1 || !/^[!#$%&'*+.^_`|~0-9a-z-]+$/.test(name) || line.includes('\n') || line.includes('\r'))
        throw this.#wrong('header lines', 'another line');
      const value = line.slice(colon + 1).trim();
      headers[name] = headers[name] === undefined ? value : `${headers[name]}, ${value}`;
    }
    return headers;
  }

  #frame(status: number, headers: Readonly<Record<string, string>>): void {
    const { 'transfer-encoding': encoding, 'content-length': length } = headers;
    if (encoding !== undefined && length !== undefined)
      throw this.#wrong('one way to tell the length', 'Transfer-Encoding and Content-Length');
    if (length !== undefined && !/^\d{1,15}$/.test(length)) throw this.#wrong('a length', length.slice(0, 40));
    if (encoding !== undefined && encoding.toLowerCase() !== 'chunked')
      throw this.#wrong('Transfer-Encoding: chunked', encoding.slice(0, 40));
    if (!this.#hasBody || status === 204 || status === 304) return; // length 0, whatever the headers say
    if (encoding !== undefined) this.#framing = 'chunked';
    else if (length === undefined) this.#framing = 'close';
    else if (Number(length) > mostBodyBytes) throw this.#large();
    else this.#length = Number(length);
  }

  #readChunks(): HttpAnswer | undefined {
    for (;;) {
      if (this.#length > 0) {
        // data of a chunk, and its line end
        const data = Math.min(Math.max(this.#length - 2, 0), this.#rest.length);
        this.#take(data);
        this.#length -= data;
        if (this.#length > 2 || this.#rest.length < this.#length) return undefined;
        if (this.#rest.toString('latin1', 0, 2) !== '\r\n') throw this.#wrong('the end of a chunk', 'something else');
        this.#rest = this.#rest.subarray(2);
        this.#length = 0;
      }
      const end = this.#rest.indexOf('\r\n');
      if (end > 256 || (end < 0 && this.#rest.length > 256)) throw this.#wrong('the size of a chunk', 'a longer line');
      if (end < 0) return undefined;
      const [, hex] = /^([0-9a-fA-F]{1,8})(?:[ \t]*;[^\r\n]*)?$/.exec(this.#rest.toString('latin1', 0, end)) ?? [];
      if (hex === undefined) throw this.#wrong('the size of a chunk', 'something else');
      const size = Number.parseInt(hex, 16);
      if (size > mostBodyBytes) throw this.#large();
      if (size > 0) {
        this.#rest = this.#rest.subarray(end + 2);
        this.#length = size + 2;
        continue;
      }
      // Trailers are not ours to read: with any, the connection is not used again.
      if (this.#rest.length < end + 4) return undefined;
      const plain = this.#rest.toString('latin1', end + 2, end + 4) === '\r\n';
      if (plain) this.#rest = this.#rest.subarray(end + 4);
      return this.#whole();
    }
  }

  #take(bytes: number): void {
    if (bytes === 0) return;
    this.#size += bytes;
    if (this.#size > mostBodyBytes) throw this.#large();
    this.#parts.push(this.#rest.subarray(0, bytes));
    this.#rest = this.#rest.subarray(bytes);
  }

  #whole(): HttpAnswer {
    const { status = 0, headers = {} } = this.#head ?? {};
    const [one = empty] = this.#parts;
    return { status, headers, body: this.#parts.length < 2 ? one : Buffer.concat(this.#parts) };
  }

  #wrong(expected: string, got: string): AssayError {
    return new AssayError('https-protocol', this.#where, expected, got);
  }

  #large(): AssayError {
    return new AssayError('https-too-large', this.#where, `an answer of at most ${mostBodyBytes} bytes`, 'more');
  }
}
