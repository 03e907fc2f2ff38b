import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { after, before, test } from 'node:test';
import { startTestCloud, type TestCloud } from '../testing/cloud.ts';
import { traces } from '../testing/traces.ts';
import { hashPassword, passwordFits } from './passwords.ts';
import { tokens } from './tokens.ts';

let cloud: TestCloud;
before(async () => {
  cloud = await startTestCloud();
});
after(() => cloud.stop());

const asks = (name: string, password: string, project = name) => ({
  auth: {
    identity: { methods: ['password'], password: { user: { name, password, domain: { name: 'Default' } } } },
    scope: { project: { name: project, domain: { id: 'default' } } },
  },
});

test('a token is issued in the shape Keystone gives it', async () => {
  const answer = await cloud.identity.inject({
    method: 'POST',
    url: '/v3/auth/tokens',
    payload: asks('admin', 'secret'),
  });
  assert.equal(answer.statusCode, 201);
  assert.ok(answer.headers['x-subject-token']);
  const recorded = traces.bodyOf('keystone', 'POST', '/v3/auth/tokens', 201);
  const { token } = answer.json();
  assert.deepEqual(Object.keys(token).sort(), Object.keys(recorded.token).sort());
  assert.deepEqual(
    token.roles.map((role: { name: string }) => role.name),
    ['admin', 'member', 'reader'],
  );
  const compute = token.catalog.find((service: { type: string }) => service.type === 'compute');
  assert.equal(compute.endpoints[0].url, `${cloud.urls.compute}/v2.1`);
});

test('wrong password, unknown user, other project, other scope: one and the same 401', async () => {
  const refused = [
    asks('admin', 'wrong'),
    asks('nobody', 'secret'),
    asks('demo', 'demo-secret', 'admin'),
    asks('admin', 'secret', 'none'),
    { auth: { identity: asks('admin', 'secret').auth.identity, scope: { system: { all: true } } } },
    { auth: { identity: { methods: ['totp'] } } },
  ];
  for (const payload of refused) {
    const answer = await cloud.identity.inject({ method: 'POST', url: '/v3/auth/tokens', payload });
    assert.equal(answer.statusCode, 401);
    assert.deepEqual(answer.json().error, {
      code: 401,
      title: 'Unauthorized',
      message: 'The request you have made requires authentication.',
    });
  }
  const nonsense = await cloud.identity.inject({ method: 'POST', url: '/v3/auth/tokens', payload: { auth: {} } });
  assert.equal(nonsense.statusCode, 400);
});

test('a deleted token opens nothing any more, in none of the services', async () => {
  const token = await cloud.login('demo', 'demo-secret');
  const headers = { 'x-auth-token': token, 'x-subject-token': token };
  assert.equal((await cloud.identity.inject({ url: '/v3/auth/tokens', headers })).statusCode, 200);
  assert.equal((await cloud.identity.inject({ method: 'DELETE', url: '/v3/auth/tokens', headers })).statusCode, 204);
  assert.equal((await cloud.identity.inject({ url: '/v3/auth/tokens', headers })).statusCode, 401);
  assert.equal((await cloud.image.inject({ url: '/v2/images', headers })).statusCode, 401);
  assert.equal((await cloud.compute.inject({ url: '/v2.1/servers', headers })).statusCode, 401);
});

test("a subscriber cannot list users, nor look at an administrator's token", async () => {
  const [demo, admin] = [await cloud.login('demo', 'demo-secret'), await cloud.login('admin', 'secret')];
  const headers = { 'x-auth-token': demo };
  const users = await cloud.identity.inject({ url: '/v3/users', headers });
  assert.equal(users.statusCode, 403);
  assert.equal(users.json().error.title, 'Forbidden');
  const look = await cloud.identity.inject({
    url: '/v3/auth/tokens',
    headers: { ...headers, 'x-subject-token': admin },
  });
  assert.equal(look.statusCode, 403);
  assert.equal((await cloud.identity.inject({ url: '/v3/auth/projects', headers })).json().projects[0].name, 'demo');
});

test('a token made from a token lives no longer than that one, and loses nothing when the clock runs', async () => {
  const first = await cloud.login('admin', 'secret');
  cloud.clock.pass(1800_000);
  const answer = await cloud.identity.inject({
    method: 'POST',
    url: '/v3/auth/tokens',
    payload: {
      auth: {
        identity: { methods: ['token'], token: { id: first } },
        scope: { project: { name: 'admin', domain: { id: 'default' } } },
      },
    },
  });
  assert.equal(answer.statusCode, 201);
  const headers = { 'x-auth-token': String(answer.headers['x-subject-token']) };
  cloud.clock.pass(1801_000);
  assert.equal((await cloud.identity.inject({ url: '/v3/auth/projects', headers })).statusCode, 401);
});

test('a token of another key, of another type, or without signature is none', async () => {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const foreign = tokens(privateKey, 3600, cloud.clock);
  const admin = await cloud.db.selectFrom('users').selectAll().where('name', '=', 'admin').executeTakeFirstOrThrow();
  const project = await cloud.db
    .selectFrom('projects')
    .selectAll()
    .where('name', '=', 'admin')
    .executeTakeFirstOrThrow();
  const { token } = await foreign.issue({ userId: admin.id, projectId: project.id, methods: ['password'] });
  const unsigned = `${Buffer.from('{"alg":"none","typ":"assay-identity+jwt"}').toString('base64url')}.${token.split('.')[1]}.`;
  for (const forged of [token, unsigned, 'x', ''])
    assert.equal(
      (await cloud.compute.inject({ url: '/v2.1/servers', headers: { 'x-auth-token': forged } })).statusCode,
      401,
    );
});

test('a password is checked at the same cost whether or not there is such a user', async () => {
  const hash = await hashPassword('pässword');
  assert.match(hash, /^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
  assert.equal(await passwordFits('pässword', hash), true);
  assert.equal(await passwordFits('password', hash), false);
  assert.equal(await passwordFits('pässword', undefined), false);
  assert.equal(await passwordFits('', 'no hash'), false);
  await assert.rejects(Promise.all(Array.from({ length: 40 }, () => passwordFits('x', hash))), {
    code: 'password-limit',
  });
});
