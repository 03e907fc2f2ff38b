import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, test } from 'node:test';
import { testPki } from '@assay/daemon/testing';
import type { InstanceSpec } from '../link/index.ts';
import { bootFiles } from './boot-files.ts';
import { exampleSpec } from './testing/spec.ts';

const folder = mkdtempSync(join(tmpdir(), 'assay-boot-files-'));
const pki = testPki();
const [api, node1] = [pki.issue('api', 'DNS:localhost,IP:127.0.0.1'), pki.issue('node1', 'DNS:node1')];
let server: Server;
let requests: string[] = [];
let serve: (path: string, response: ServerResponse, authorization: string | undefined) => unknown;
before(async () => {
  server = createServer(
    { cert: api.cert, key: api.key, ca: pki.ca, requestCert: true, rejectUnauthorized: true },
    (request, response) => {
      requests.push(request.url ?? '');
      serve(request.url ?? '', response, request.headers.authorization);
    },
  );
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
});
after(() => {
  server.close();
  server.closeAllConnections();
  rmSync(folder, { recursive: true });
});

const [kernel, ramdisk] = [randomBytes(300_000), randomBytes(1_000)];
const fileOf = (bytes: Buffer) => ({ sha256: createHash('sha256').update(bytes).digest('hex'), size: bytes.length });
const spec = (change: Partial<InstanceSpec> = {}) =>
  exampleSpec({ kernel: fileOf(kernel), ramdisk: fileOf(ramdisk), ...change });
const never = new AbortController().signal;

let cache: string;
let files: ReturnType<typeof bootFiles>;
const again = (keepBytes = 1 << 30, url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`) => {
  files = bootFiles({ url, ca: pki.ca, cert: node1.cert, key: node1.key }, cache, keepBytes);
};
beforeEach(() => {
  cache = join(mkdtempSync(join(folder, 'cache-')), 'made-when-needed');
  requests = [];
  serve = (path, response) => response.end(path.endsWith('/kernel') ? kernel : ramdisk);
  again();
});

/** Opens both, reads them, closes them. */
async function contents(of: InstanceSpec, ticket?: string): Promise<Buffer[]> {
  const { kernel, ramdisk } = await files.open(of, ticket, never);
  const read = async (handle: FileHandle) => {
    const bytes = await handle.readFile();
    await handle.close();
    return bytes;
  };
  return [await read(kernel), await read(ramdisk)];
}
const rejected = (code: string, of = spec()) =>
  assert.rejects(files.open(of, undefined, never), { name: 'AssayError', code });
const nothingLeft = () => assert.deepEqual(existsSync(cache) ? readdirSync(cache) : [], []);

test('kernel and ramdisk are fetched once, and are what was ordered', async () => {
  assert.deepEqual(await contents(spec()), [kernel, ramdisk]);
  assert.deepEqual(await contents(spec()), [kernel, ramdisk]);
  assert.deepEqual(
    requests.map((path) => path.split('/').at(-1)),
    ['kernel', 'ramdisk'],
  );
  assert.deepEqual(readdirSync(cache).sort(), [fileOf(kernel).sha256, fileOf(ramdisk).sha256].sort());
  assert.equal(statSync(cache).mode & 0o777, 0o700);
});

test('several instances at once fetch one file once', async () => {
  const all = await Promise.all(Array.from({ length: 6 }, () => contents(spec())));
  for (const one of all) assert.deepEqual(one, [kernel, ramdisk]);
  assert.equal(requests.length, 2);
});

test('a ticket is presented to the compute API, and to nobody when there is none', async () => {
  const seen: (string | undefined)[] = [];
  serve = (path, response, authorization) => {
    seen.push(authorization);
    response.end(path.endsWith('/kernel') ? kernel : ramdisk);
  };
  await contents(spec(), 'a.b.c');
  assert.deepEqual(seen, ['Bearer a.b.c', 'Bearer a.b.c']);
  rmSync(cache, { recursive: true });
  await contents(spec());
  assert.deepEqual(seen.slice(2), [undefined, undefined]);
});

test('a kept file that changed is not used: it is fetched again', async () => {
  await contents(spec());
  const kept = join(cache, fileOf(kernel).sha256);
  writeFileSync(kept, Buffer.concat([kernel.subarray(1), Buffer.of(0)]));
  assert.deepEqual(await contents(spec()), [kernel, ramdisk]);
  truncateSync(kept, 5);
  assert.deepEqual(await contents(spec()), [kernel, ramdisk]);
  assert.equal(requests.length, 4);
});

test('what does not come as it was ordered is not kept: other bytes, fewer, more, a refusal, a broken connection', async () => {
  const answers: ((response: ServerResponse) => unknown)[] = [
    (response) => response.end(randomBytes(kernel.length)),
    (response) => response.end(kernel.subarray(1)),
    (response) => response.end(Buffer.concat([kernel, kernel])),
    (response) => response.end(),
  ];
  for (const answer of answers) {
    serve = (_, response) => answer(response);
    await rejected('file-corrupt');
    nothingLeft();
  }
  const failures: ((response: ServerResponse) => unknown)[] = [
    (response) => response.writeHead(403).end(),
    (response) => response.writeHead(302, { location: '/elsewhere' }).end(),
    (response) => {
      response.writeHead(200, { 'content-length': kernel.length }).write(kernel.subarray(0, 100));
      setImmediate(() => response.destroy());
    },
    (response) => response.destroy(),
  ];
  for (const fail of failures) {
    serve = (_, response) => fail(response);
    await rejected('file-unavailable');
    nothingLeft();
  }
  serve = (_, response) => response.end(kernel);
  await rejected('file-corrupt'); // the kernel in the ramdisk's place; the kernel itself is kept
  assert.deepEqual(readdirSync(cache), [fileOf(kernel).sha256]);
});

test('a server that our CA does not vouch for gives nothing', async () => {
  const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  files = bootFiles({ url, ca: testPki().ca, cert: node1.cert, key: node1.key }, cache, 0);
  await rejected('file-unavailable');
  assert.equal(requests.length, 0);
});

test('an order that is broken off stops the fetching', async () => {
  const stop = new AbortController();
  serve = (_, response) => {
    response.writeHead(200).write(kernel.subarray(0, 1000));
    stop.abort();
  };
  await assert.rejects(files.open(spec(), undefined, stop.signal), { code: 'file-unavailable' });
  nothingLeft();
});

test('of what no instance uses only so much is kept, the longest unused going first', async () => {
  await contents(spec());
  const others = [randomBytes(400), randomBytes(500), randomBytes(600)].map((bytes, index) => {
    const { sha256 } = fileOf(bytes);
    writeFileSync(join(cache, sha256), bytes);
    utimesSync(join(cache, sha256), 1000 + index, 1000 + index);
    return sha256;
  });
  const half = join(cache, `.${'c'.repeat(64)}.part`);
  writeFileSync(half, 'x');
  utimesSync(half, 1000, 1000);
  again(1_200);
  await files.tidy(new Set([fileOf(kernel).sha256, fileOf(ramdisk).sha256]));
  assert.deepEqual(
    readdirSync(cache).sort(),
    [...others.slice(1), fileOf(kernel).sha256, fileOf(ramdisk).sha256].sort(),
  );
  again(0);
  await files.tidy(new Set());
  nothingLeft();
});
