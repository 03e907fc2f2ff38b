// what attestation adds to one boot: from the request to ACTIVE, trusted flavor against plain, in turns
import { readFileSync } from 'node:fs';
import { Agent } from 'node:https';
import { setTimeout as delay } from 'node:timers/promises';
import { httpsRequest } from '@assay/daemon';
import { startLab } from '../test/lab.ts';
import { median, sayMachine, spread } from './figures.ts';

const times = 10;

sayMachine();
const lab = await startLab();
try {
  const env = (name: string) => String(lab.env[name]);
  const ca = readFileSync(env('OS_CACERT'), 'utf8');
  const agent = new Agent({ keepAlive: true, ca });
  const ask = async (url: string, method: string, token: string, body?: unknown) => {
    const answer = await httpsRequest({
      url,
      method,
      headers: { 'x-auth-token': token },
      ...(body === undefined ? {} : { body }),
      ca,
      agent,
      timeoutMs: 30_000,
      maxBytes: 1 << 20,
    });
    if (answer.status >= 400 && answer.status !== 404) throw new Error(`${method} ${url}: ${answer.body}`);
    return answer;
  };
  const user = { name: env('OS_USERNAME'), password: env('OS_PASSWORD'), domain: { id: 'default' } };
  const session = await ask(`${env('OS_AUTH_URL')}/auth/tokens`, 'POST', '', {
    auth: {
      identity: { methods: ['password'], password: { user } },
      scope: { project: { name: env('OS_PROJECT_NAME'), domain: { id: 'default' } } },
    },
  });
  const token = String(session.headers['x-subject-token']);
  type Catalog = { token: { catalog: { type: string; endpoints: { url: string }[] }[] } };
  const { token: scope } = JSON.parse(session.body.toString()) as Catalog;
  const urlOf = (type: string) => scope.catalog.find((service) => service.type === type)?.endpoints[0]?.url ?? '';
  const nova = urlOf('compute');
  const images = JSON.parse((await ask(`${urlOf('image')}/v2/images?name=assay-mini`, 'GET', token)).body.toString());
  const imageRef = images.images[0].id as string;
  const alike = { flavor: { id: 'bench', name: 'bench.trusted', ram: 256, vcpus: 1, disk: 0 } };
  await ask(`${nova}/flavors`, 'POST', token, alike);
  await ask(`${nova}/flavors/bench/os-extra_specs`, 'POST', token, {
    extra_specs: { 'trust:trusted_host': 'trusted' },
  });

  const boot = async (flavorRef: string): Promise<number> => {
    const server = { name: 'bench', imageRef, flavorRef };
    const began = performance.now();
    const accepted = await ask(`${nova}/servers`, 'POST', token, { server });
    const { id } = JSON.parse(accepted.body.toString()).server as { id: string };
    let status = 'BUILD';
    while (status === 'BUILD') {
      await delay(5);
      status = JSON.parse((await ask(`${nova}/servers/${id}`, 'GET', token)).body.toString()).server.status;
    }
    const ms = performance.now() - began;
    if (status !== 'ACTIVE') throw new Error(`the instance became ${status}`);
    await ask(`${nova}/servers/${id}`, 'DELETE', token);
    while ((await ask(`${nova}/servers/${id}`, 'GET', token)).status !== 404) await delay(20);
    return ms;
  };
  const plain: number[] = [];
  const trusted: number[] = [];
  await boot('1'); // the image comes to each host once
  await boot('bench');
  for (let i = 0; i < times; i++) {
    plain.push(await boot('1'));
    trusted.push(await boot('bench'));
  }
  agent.destroy();
  console.log(`| from request to ACTIVE | seen |
| --- | --- |
| plain flavor | ${spread(plain, 'ms', 0)} |
| trusted flavor: PollHosts, a fresh challenge, the ticket and its checks | ${spread(trusted, 'ms', 0)} |
| difference of the medians | ${(median(trusted) - median(plain)).toFixed(0)} ms |
| ratio | ${(median(trusted) / median(plain)).toFixed(2)} |`);
} finally {
  await lab.stop();
}
