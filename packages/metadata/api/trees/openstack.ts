// What lies below /openstack? Versions by date; each file from the version on that has it.
import { pythonJson } from '../python-json.ts';
import { type Answer, asJson, asListing, asText, hostnameOf, type Source } from './answer.ts';

/** The dates at which Nova's format grew; dates compare as text. */
const versions = [
  '2012-08-10',
  '2013-04-04',
  '2013-10-17',
  '2015-10-15',
  '2016-06-30',
  '2016-10-06',
  '2017-02-22',
  '2018-08-27',
  '2020-10-14',
];

type File = {
  readonly name: string;
  readonly since: string;
  /** Listed only from a later version on. */
  readonly listedSince?: string;
  /** Undefined: this instance has no such file. */
  readonly value: (source: Source, version: string) => Answer | undefined;
};

/** In the order they are listed. */
const files: readonly File[] = [
  {
    name: 'meta_data.json',
    since: '2012-08-10',
    value: (source, version) => asJson(pythonJson(metaData(source, version))),
  },
  { name: 'user_data', since: '2012-08-10', value: ({ instance }) => instance.userData && asText(instance.userData) },
  { name: 'vendor_data.json', since: '2013-10-17', value: ({ vendorData }) => asJson(pythonJson(vendorData)) },
  {
    name: 'network_data.json',
    since: '2012-08-10',
    listedSince: '2015-10-15',
    value: (source) => asText(pythonJson(networkData(source))),
  },
  {
    name: 'vendor_data2.json',
    since: '2016-10-06',
    value: ({ vendorData }) => asJson(pythonJson({ static: vendorData })),
  },
];

/** @param names the path below `/openstack` */
export function openstackTree(names: readonly string[], source: Source): Answer | undefined {
  const [wanted, file, ...below] = names;
  if (wanted === undefined) return asListing([...versions, 'latest']);
  const version = wanted === 'latest' ? versions.at(-1) : versions.find((one) => one === wanted);
  if (version === undefined || below.length > 0) return undefined;
  if (file === undefined || file === 'version') {
    const there = files.filter(
      ({ since, listedSince = since, value }) => listedSince <= version && value(source, version),
    );
    return asListing(there.map(({ name }) => name));
  }
  const found = files.find(({ name, since }) => name === file && since <= version);
  return found?.value(source, version);
}

/** meta_data.json, keys in Nova's order. */
function metaData(source: Source, version: string): Record<string, unknown> {
  const { instance, randomBytes } = source;
  const { keyName, publicKey, metadata } = instance;
  const key = keyName !== undefined && publicKey !== undefined ? { name: keyName, data: publicKey } : undefined;
  const since = (date: string, value: () => unknown) => (version >= date ? value() : undefined);
  return {
    uuid: instance.id,
    meta: Object.keys(metadata).length > 0 ? metadata : undefined,
    public_keys: key && { [key.name]: key.data },
    keys: key && [{ name: key.name, type: 'ssh', data: key.data }],
    hostname: hostnameOf(source),
    name: instance.name,
    launch_index: instance.launchIndex,
    availability_zone: instance.availabilityZone ?? null,
    random_seed: since('2013-04-04', () => Buffer.from(randomBytes(512)).toString('base64')), // new with every read
    project_id: since('2015-10-15', () => instance.projectId),
    devices: since('2016-06-30', () => []),
    dedicated_cpus: since('2020-10-14', () => []),
  };
}

/** Each instance has a user-mode network of its own, so its id serves as that network's and its card's. */
function networkData({ instance }: Source): unknown {
  const link = 'interface0';
  return {
    links: [{ id: link, vif_id: instance.id, type: 'phy', mtu: null, ethernet_mac_address: instance.mac }],
    networks: [{ id: 'network0', type: 'ipv4_dhcp', link, network_id: instance.id }],
    services: [],
  };
}
