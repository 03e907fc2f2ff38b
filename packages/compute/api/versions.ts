// Which versions of the compute API are there? Answered without a token.
import type { Resource } from './context.ts';
import { range } from './microversions.ts';

export const openPaths = new Set(['/', '/v2.1', '/v2.1/']);

export const versions: Resource = (server, { urls }) => {
  const version = () => ({
    id: 'v2.1',
    status: 'CURRENT',
    version: range.max,
    min_version: range.min,
    updated: '2013-07-23T11:33:21Z',
    links: [{ rel: 'self', href: `${urls.compute}/v2.1/` }],
  });
  server.get('/', () => ({ versions: [version()] }));
  for (const path of ['/v2.1', '/v2.1/'])
    server.get(path, () => {
      const { links, ...rest } = version();
      return {
        version: {
          ...rest,
          links: [...links, { rel: 'describedby', type: 'text/html', href: 'http://docs.openstack.org/' }],
          'media-types': [{ base: 'application/json', type: 'application/vnd.openstack.compute+json;version=2.1' }],
        },
      };
    });
};
