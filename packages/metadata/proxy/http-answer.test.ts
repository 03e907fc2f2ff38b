import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { test } from 'node:test';
import { AssayError } from '@assay/core';
import fc from 'fast-check';
import { AnswerReader, type HttpAnswer } from './http-answer.ts';

/** What comes of these bytes, cut at these places; `keepMs` with it. */
function read(text: string | Buffer, { method = 'GET', cuts = [] as number[], ended = false } = {}) {
  const bytes = Buffer.from(text as string, 'latin1');
  const reader = new AnswerReader(method, 'GET /');
  let answer: HttpAnswer | undefined;
  const places = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).toSorted((a, b) => a - b), bytes.length];
  for (let i = 1; i < places.length; i++) {
    const part = bytes.subarray(places[i - 1], places[i]);
    if (part.length > 0 && !answer) answer = reader.read(part);
  }
  if (ended) answer ??= reader.end();
  return (
    answer && {
      status: answer.status,
      type: answer.headers['content-type'],
      body: `${answer.body}`,
      keepMs: reader.keepMs,
    }
  );
}

const forms: [string, { method?: string; ended?: boolean }, ReturnType<typeof read>][] = [
  [
    'HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\nKeep-Alive: timeout=5\r\n\r\nhello',
    {},
    { status: 200, type: 'text/plain', body: 'hello', keepMs: 5000 },
  ],
  [
    'HTTP/1.1 404 Not Found\r\ncontent-length:0\r\n\r\n',
    {},
    { status: 404, type: undefined, body: '', keepMs: 60_000 },
  ],
  [
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n02;x=y\r\nlo\r\n0\r\n\r\n',
    {},
    { status: 200, type: undefined, body: 'hello', keepMs: 60_000 },
  ],
  [
    'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 \r\nContent-Length: 1\r\nConnection: Close\r\n\r\nx',
    {},
    { status: 200, type: undefined, body: 'x', keepMs: undefined },
  ],
  [
    'HTTP/1.0 200 OK\r\n\r\nto the end',
    { ended: true },
    { status: 200, type: undefined, body: 'to the end', keepMs: undefined },
  ],
  [
    'HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n',
    { method: 'HEAD' },
    { status: 200, type: undefined, body: '', keepMs: 60_000 },
  ],
];

test('an answer is the same however its bytes arrive', () => {
  for (const [text, given, expected] of forms)
    fc.assert(
      fc.property(fc.array(fc.nat(500), { maxLength: 6 }), (cuts) => {
        assert.deepEqual(read(text, { ...given, cuts }), expected);
      }),
    );
});

test('cut short anywhere it is no answer yet', () => {
  for (const [text, given] of forms.filter(([, { ended }]) => !ended))
    for (let length = 0; length < text.length; length++)
      assert.equal(read(text.slice(0, length), { ...given, ended: true }), undefined, text.slice(0, length));
});

test('what is not plainly an answer is refused', () => {
  const head = 'HTTP/1.1 200 OK\r\n';
  const refused: [string, string][] = [
    ['SSH-2.0-OpenSSH_9\r\n\r\n', 'https-protocol'],
    ['HTTP/2 200\r\n\r\n', 'https-protocol'],
    ['HTTP/1.1 200 OK\n\n\r\n\r\n', 'https-protocol'],
    ['HTTP/1.1 101 Switching Protocols\r\n\r\n', 'https-protocol'],
    [`${head}Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello`, 'https-protocol'],
    [`${head}Content-Length: +5\r\n\r\nhello`, 'https-protocol'],
    [`${head}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\nhello`, 'https-protocol'],
    [`${head}Transfer-Encoding: gzip\r\n\r\nhello`, 'https-protocol'],
    [`${head}Transfer-Encoding: chunked\r\n\r\nxyz\r\n`, 'https-protocol'],
    [`${head}Transfer-Encoding: chunked\r\n\r\n1\r\nab\r\n`, 'https-protocol'],
    [`${head}Transfer-Encoding: chunked\r\n\r\n${'0'.repeat(300)}`, 'https-protocol'],
    [`${head}no colon\r\n\r\n`, 'https-protocol'],
    [`${head} folded: x\r\n\r\n`, 'https-protocol'],
    [`${head}X: ${'y'.repeat(20_000)}`, 'https-protocol'],
    [`${head}Content-Length: 99999999\r\n\r\n`, 'https-too-large'],
    [`${head}Transfer-Encoding: chunked\r\n\r\nFFFFFFFF\r\n`, 'https-too-large'],
    [`${head}\r\n${'x'.repeat((1 << 20) + 1)}`, 'https-too-large'],
  ];
  for (const [text, code] of refused) assert.throws(() => read(text), { code }, text.slice(0, 80));
});

test('a connection with bytes left over carries no other request', () => {
  const { keepMs, body } = read('HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nxHTTP/1.1 200 OK\r\n') ?? {};
  assert.deepEqual([keepMs, body], [undefined, 'x']);
  assert.equal(read('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nTrailer: x\r\n\r\n')?.keepMs, undefined);
});

test('any bytes at all give an answer, none, or a refusal', () => {
  const line = fc.constantFrom(
    'HTTP/1.1 200 OK\r\n',
    'Content-Length: 3\r\n',
    'Transfer-Encoding: chunked\r\n',
    '\r\n',
    '3\r\nabc\r\n',
    '0\r\n',
  );
  fc.assert(
    fc.property(
      fc.array(fc.oneof(line, fc.string()), { maxLength: 8 }),
      fc.array(fc.nat(200), { maxLength: 4 }),
      (parts, cuts) => {
        try {
          read(parts.join(''), { cuts, ended: true });
        } catch (error) {
          assert.ok(error instanceof AssayError, `${error}`);
        }
      },
    ),
  );
});

test('what Node’s server writes is read as it was meant, in one piece or in chunks', async (t) => {
  const server = createServer((request, response) => {
    if (request.url === '/chunks') {
      response.write('one');
      response.write('two');
      return response.end('three');
    }
    response.writeHead(200, { 'content-length': 5 });
    response.end('whole');
  }).listen(0, '127.0.0.1');
  t.after(() => server.close());
  await once(server, 'listening');
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  for (const [path, body] of [
    ['/chunks', 'onetwothree'],
    ['/whole', 'whole'],
    ['/chunks', 'onetwothree'],
  ]) {
    const reader = new AnswerReader('GET', '/');
    const got = new Promise<HttpAnswer>((done) => {
      socket.on('data', (bytes) => {
        const answer = reader.read(bytes as Buffer);
        if (!answer) return;
        socket.removeAllListeners('data');
        done(answer);
      });
    });
    socket.write(`GET ${path} HTTP/1.1\r\nHost: h\r\n\r\n`);
    assert.equal(`${(await got).body}`, body);
    assert.equal(reader.keepMs, 5000);
  }
  socket.destroy();
});
