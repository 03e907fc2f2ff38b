import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLog } from '@assay/daemon';
import { createHttpsServer, renderPlain } from '@assay/daemon/https';
import { testPki } from '@assay/daemon/testing';
import { rightCheck } from '../auth-blob.ts';
import { isOat, renderOat } from '../oat/errors.ts';
import { oatRoutes } from '../oat/routes.ts';
import { guardRoutes } from './access.ts';
import { resources } from './catalogue.ts';

const { certFile, keyFile } = testPki().issue('attestation-server', 'IP:127.0.0.1');
const secrets = { nothing: undefined, wrong: 'x'.repeat(16), asking: 'one-that-only-asks', doing: 'one-that-does-all' };
const rightOf = rightCheck({ write: [secrets.doing], read: [secrets.asking] });

function plainServer() {
  const log = createLog('test', 'silent');
  return createHttpsServer({
    ...{ certFile, keyFile, clientCertificate: 'none', log },
    renderError: (failure, reply) =>
      reply && isOat(reply.request.url) ? renderOat(failure) : renderPlain(failure, reply),
  });
}

/** Every route of the server, with who may. Nothing behind it: who gets in meets a bug, 500, or is refused its body, 400. */
async function everyRoute() {
  const server = plainServer();
  const routes: { method: string; url: string; access: string }[] = [];
  guardRoutes(server, rightOf);
  server.addHook('onRoute', ({ method, url, config }) => {
    for (const one of [method].flat()) routes.push({ method: one, url, access: String(config?.access) });
  });
  oatRoutes(server, {} as never);
  for (const addRoutes of resources) addRoutes(server, {} as never);
  await server.ready();
  const ask = async ({ method, url }: { method: string; url: string }, secret: string | undefined) => {
    const { statusCode, body } = await server.inject({
      method: method as 'GET',
      url: url.replace(/:\w+/g, 'node1').replace('*', 'x'),
      headers: secret === undefined ? {} : { 'x-auth-blob': secret },
    });
    return { status: statusCode, body };
  };
  return { routes, ask };
}

test('T02 T11 every route × no secret, a wrong one, one that only asks, one that does all', async () => {
  const { routes, ask } = await everyRoute();
  assert.ok(routes.length > 30);
  const expected: Record<string, Record<string, number | 'in'>> = {
    read: { nothing: 401, wrong: 401, asking: 'in', doing: 'in' },
    write: { nothing: 401, wrong: 401, asking: 403, doing: 'in' },
    open: { nothing: 'in', wrong: 'in', asking: 'in', doing: 'in' },
  };
  for (const route of routes)
    for (const [who, secret] of Object.entries(secrets)) {
      const { status, body } = await ask(route, secret);
      const seen = status === 401 || status === 403 ? status : 'in';
      assert.equal(seen, expected[route.access]?.[who], `${route.method} ${route.url}: ${who}`);
      if (seen === 'in' || route.method === 'HEAD') continue;
      const told = JSON.parse(body) as { error?: { code: string }; error_code?: string };
      const name = isOat(route.url) ? told.error_code : told.error?.code;
      const names = isOat(route.url)
        ? { 401: 'HTTP_UNAUTHORIZED', 403: 'HTTP_FORBIDDEN' }
        : { 401: 'access-unauthorized', 403: 'access-forbidden' };
      assert.equal(name, names[seen], `${route.method} ${route.url}: ${body}`);
      for (const one of Object.values(secrets)) if (one) assert.ok(!body.includes(one), 'no secret is told');
    }
});

test('what changes something takes the secret that does all; what is open is keys and health', async () => {
  const { routes } = await everyRoute();
  const named = (access: string) =>
    routes.filter((route) => route.access === access).map(({ method, url }) => `${method} ${url}`);
  assert.deepEqual(named('open').sort(), ['GET /v1/health', 'GET /v1/keys', 'HEAD /v1/health', 'HEAD /v1/keys']);
  for (const route of named('write')) assert.doesNotMatch(route, /^(GET|HEAD) /);
  const asking = named('read').filter((route) => !/^(GET|HEAD) /.test(route));
  for (const route of asking) assert.match(route, /PollHosts|^POST \/v1\/hosts\/:name\/attest$/);
});

test('T27 a route that does not say who may use it keeps the server from starting', () => {
  for (const config of [undefined, {}, { access: 'blob' }]) {
    const server = plainServer();
    guardRoutes(server, rightOf);
    const forgotten = { ...(config && { config: config as never }) };
    assert.throws(() => server.get('/v1/forgotten', forgotten, async () => 'secret'), { code: 'access-undeclared' });
  }
});
