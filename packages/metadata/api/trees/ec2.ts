// What lies below /latest and the other versions of EC2's tree? Plain text, a name a line, directories with a final slash.
import { type Answer, asListing, asText, hostnameOf, type Source } from './answer.ts';

const versions = [
  '1.0',
  '2007-01-19',
  '2007-03-01',
  '2007-08-29',
  '2007-10-10',
  '2007-12-15',
  '2008-02-01',
  '2008-09-01',
  '2009-04-04',
];

/** Text; a list, served as lines; a directory; undefined: this instance has none. */
type Value = string | readonly string[] | Directory | undefined;
type Directory = {
  readonly entries: Readonly<Record<string, Value>>;
  /** How entries are listed where that is not their name. */
  readonly listed?: Readonly<Record<string, string>>;
};
type Key = { readonly name: string; readonly since: string; readonly value: (source: Source) => Value };

/** `meta-data/`, in the order of the versions that brought each key. Versions are compared by their place in the list. */
const keys: readonly Key[] = [
  { name: 'ami-id', since: '1.0', value: ({ instance }) => ec2Id('ami', instance.imageId) },
  { name: 'ami-launch-index', since: '1.0', value: ({ instance }) => String(instance.launchIndex) },
  { name: 'ami-manifest-path', since: '1.0', value: () => 'FIXME' }, // what Nova says
  { name: 'hostname', since: '1.0', value: hostnameOf },
  { name: 'instance-id', since: '1.0', value: ({ instance }) => `i-${instance.number.toString(16).padStart(8, '0')}` },
  { name: 'local-ipv4', since: '1.0', value: ({ instance }) => instance.address },
  { name: 'public-keys', since: '1.0', value: publicKeys },
  { name: 'reservation-id', since: '1.0', value: ({ instance }) => instance.reservationId },
  { name: 'security-groups', since: '1.0', value: () => ['default'] },
  { name: 'local-hostname', since: '2007-01-19', value: hostnameOf },
  { name: 'public-hostname', since: '2007-01-19', value: hostnameOf },
  { name: 'public-ipv4', since: '2007-01-19', value: () => '' },
  { name: 'instance-type', since: '2007-08-29', value: ({ instance }) => instance.flavorName },
  { name: 'kernel-id', since: '2007-12-15', value: ({ instance }) => ec2Id('aki', instance.kernelId) },
  { name: 'ramdisk-id', since: '2007-12-15', value: ({ instance }) => ec2Id('ari', instance.ramdiskId) },
  {
    name: 'placement',
    since: '2008-02-01',
    value: ({ instance }) => ({ entries: { 'availability-zone': instance.availabilityZone ?? '' } }),
  },
  { name: 'instance-action', since: '2008-09-01', value: () => 'none' },
];

/** The list of versions: what `/` answers to anybody whose certificate is good. */
export const ec2Versions: Answer = asListing([...versions, 'latest']);

/** @param names the path, without `ec2` in front */
export function ec2Tree(names: readonly string[], source: Source): Answer | undefined {
  const [wanted, branch, ...below] = names;
  if (wanted === undefined) return ec2Versions;
  const version = wanted === 'latest' ? versions.length - 1 : versions.indexOf(wanted);
  if (version < 0) return undefined;
  const { userData } = source.instance;
  if (branch === undefined) return asListing(userData ? ['meta-data/', 'user-data'] : ['meta-data/']);
  if (branch === 'user-data') return userData && below.length === 0 ? asText(userData) : undefined;
  if (branch !== 'meta-data') return undefined;
  const there = keys.filter(({ since }) => versions.indexOf(since) <= version);
  return valueAt({ entries: Object.fromEntries(there.map(({ name, value }) => [name, value(source)])) }, below);
}

function valueAt(value: Value, names: readonly string[]): Answer | undefined {
  const [name, ...below] = names;
  if (value === undefined) return undefined;
  if (typeof value === 'string') return name === undefined ? asText(value) : undefined;
  if (!isDirectory(value)) return name === undefined ? asListing(value) : undefined;
  if (name !== undefined) return valueAt(Object.hasOwn(value.entries, name) ? value.entries[name] : undefined, below);
  const { entries, listed = {} } = value;
  const there = Object.keys(entries).filter((entry) => entries[entry] !== undefined);
  return asListing(there.sort().map((entry) => listed[entry] ?? (isDirectory(entries[entry]) ? `${entry}/` : entry)));
}

function isDirectory(value: Value): value is Directory {
  return typeof value === 'object' && !Array.isArray(value);
}

function publicKeys({ instance: { keyName, publicKey } }: Source): Value {
  if (keyName === undefined || publicKey === undefined) return undefined;
  return { entries: { 0: { entries: { 'openssh-key': publicKey } } }, listed: { 0: `0=${keyName}` } };
}

/** EC2's short form of an image's id: always the same for the same image. */
function ec2Id(kind: string, uuid: string | undefined): string | undefined {
  return uuid && `${kind}-${uuid.slice(0, 8)}`;
}
