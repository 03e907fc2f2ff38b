// Where the services are: the catalog that comes with each scoped token.
import { createHash } from 'node:crypto';

/** Addresses as clients reach them, known once the ports are taken: `https://127.0.0.1:8774`, no path, no final slash. */
export type Urls = { identity: string; image: string; compute: string };

export const region = 'RegionOne';

export function catalog(urls: Urls) {
  const services = [
    { type: 'compute', name: 'nova', url: `${urls.compute}/v2.1` },
    { type: 'identity', name: 'keystone', url: `${urls.identity}/v3` },
    { type: 'image', name: 'glance', url: urls.image },
  ];
  return services.map(({ type, name, url }) => ({
    id: idOf(type),
    type,
    name,
    endpoints: ['public', 'internal', 'admin'].map((side) => ({
      id: idOf(`${type} ${side}`),
      interface: side,
      region_id: region,
      region,
      url,
    })),
  }));
}

/** The same at every start. */
const idOf = (name: string) => createHash('sha256').update(`catalog ${name}`).digest('hex').slice(0, 32);
