// Requests to a test cloud's compute API, as an administrator unless another token is given.
import type { TestCloud } from './cloud.ts';

export type Asked = {
  method?: 'GET' | 'POST' | 'PUT' | 'DELETE';
  payload?: object | string;
  /** `2.92`; without it no version header is sent, which means 2.1 */
  version?: string;
  token?: string;
};
/** `body`: JSON where the answer is JSON, else text. */
// biome-ignore lint/suspicious/noExplicitAny: JSON of every shape
export type Answered = { status: number; headers: Record<string, unknown>; body: any };

export async function computeClient(cloud: TestCloud) {
  const [admin, demo] = [await cloud.login('admin', 'secret'), await cloud.login('demo', 'demo-secret')];

  async function ask(path: string, { method = 'GET', payload, version, token = admin }: Asked = {}): Promise<Answered> {
    const answer = await cloud.compute.inject({
      method,
      url: `/v2.1${path}`,
      headers: {
        'x-auth-token': token,
        ...(version && { 'openstack-api-version': `compute ${version}`, 'x-openstack-nova-api-version': version }),
        ...(payload !== undefined && { 'content-type': 'application/json' }),
      },
      ...(payload !== undefined && { payload }),
    });
    const json = answer.headers['content-type']?.startsWith('application/json');
    const body = json && answer.body ? answer.json() : answer.body;
    return { status: answer.statusCode, headers: answer.headers, body };
  }

  const post = (path: string, payload: object, more: Asked = {}) => ask(path, { method: 'POST', payload, ...more });
  return {
    admin,
    demo,
    ask,
    post,
    boot: (name: string, more: object = {}, asked: Asked = {}) =>
      post(
        '/servers',
        { server: { name, imageRef: cloud.mini.id, flavorRef: '1', networks: 'auto', ...more } },
        { version: '2.92', ...asked },
      ),
    async discard(...ids: string[]) {
      for (const id of ids) await ask(`/servers/${id}`, { method: 'DELETE' });
      await cloud.conductor.settled();
    },
  };
}
