// /AttestationService/resources/hosts: OpenAttestation's register of hosts is ours. Who is registered here may enrol; nobody is contacted and no
// name resolved. Address, MLEs and the rest are kept as they were told, shown again, and decide nothing: what is good of a host, policies and
// reference values say.
import { AssayError } from '@assay/core';
import { check, HostAlias, HostName } from '@assay/protocol';
import type { TSchema } from 'typebox';
import { folded } from '../../registry/host-names.ts';
import type { RestNeeds } from '../../rest/resource.ts';
import { findOatHost, keepOatHost, type OatHostDetails, oatHosts } from '../../storage/oat-hosts.ts';
import { vendorOfOs } from '../../storage/oat-owners.ts';
import type { Db } from '../../storage/schema.ts';
import { OatError } from '../errors.ts';
import { type Told, textOf } from '../input.ts';
import { addOatRoutes, attestationService, type OatResource, type OatRoute } from '../resource.ts';
import { isMle, knownMles } from '../white-list/known-mles.ts';

export const hosts: OatResource = (server, needs) => {
  const { db, registry, registrations } = needs;

  async function register(body: Told): Promise<true> {
    const { asked, name } = nameIn(body);
    const details = detailsIn(body);
    await checkMles(needs, details);
    await told(asked, details, () =>
      registrations.register({ name, aliases: addressOf(details) }, (tx) =>
        keepOatHost(tx, { host: name, ...details }),
      ),
    );
    return true;
  }

  async function update(body: Told): Promise<true> {
    const { asked } = nameIn(body);
    const name = registered(asked);
    const details = detailsIn(body);
    await checkMles(needs, details);
    // The address of before is looked up in turn: of two updates at once the first one's goes, too.
    const renamed = async (aliases: readonly string[]) => {
      const before = addressOf(await findOatHost(db, name)).map(folded);
      return [...aliases.filter((alias) => !before.includes(alias)), ...addressOf(details)];
    };
    await told(asked, details, () =>
      registrations.rename(name, renamed, (tx) => keepOatHost(tx, { host: name, ...details })),
    );
    return true;
  }

  async function remove(query: Told): Promise<true> {
    const asked = needed(query, 'hostName');
    const name = registered(asked);
    // An address may have gone to another machine: what cannot be undone is done by a host's own name alone.
    if (name !== folded(asked)) throw new OatError('AS_HOST_NOT_FOUND', [asked], ` It is another name of ${name}.`);
    await told(asked, undefined, () => registrations.remove(name));
    return true;
  }

  function registered(asked: string): string {
    const name = registry.names.nameOf(asked);
    if (name === undefined) throw new OatError('AS_HOST_NOT_FOUND', [asked]);
    return name;
  }

  // `host` is what the oldest tools call it.
  const routes = ['hosts', 'host'].flatMap((path): OatRoute[] => {
    const at = { base: attestationService, path };
    return [
      { ...at, method: 'GET', access: 'read', answer: (query) => listed(db, textOf(query, 'searchCriteria')) },
      { ...at, method: 'POST', access: 'write', answer: (_query, body) => register(body) },
      { ...at, method: 'PUT', access: 'write', answer: (_query, body) => update(body) },
      { ...at, method: 'DELETE', access: 'write', answer: (query) => remove(query) },
    ];
  });
  addOatRoutes(server, routes);
};

/** @param criteria part of a name, in any case; no character of it means anything else */
async function listed(db: Db, criteria = ''): Promise<unknown[]> {
  const wanted = folded(criteria);
  return (await oatHosts(db)).flatMap(({ name, details }) => (name.includes(wanted) ? [shown(name, details)] : []));
}

const shown = (name: string, details: OatHostDetails | undefined) => ({
  HostName: name,
  IPAddress: details?.ip_address ?? null,
  Port: details?.port ?? null,
  BIOS_Name: details?.bios_name ?? null,
  BIOS_Version: details?.bios_version ?? null,
  BIOS_Oem: details?.bios_oem ?? null,
  VMM_Name: details?.vmm_name ?? null,
  VMM_Version: details?.vmm_version ?? null,
  VMM_OSName: details?.vmm_os_name ?? null,
  VMM_OSVersion: details?.vmm_os_version ?? null,
  AddOn_Connection_String: details?.addon_connection_string ?? null,
  Description: details?.description ?? null,
  Email: details?.email ?? null,
  Location: details?.location ?? null,
  // Told by whoever registers, an AIK would pass for one that was proven. Which key is this host's, enrolment finds out.
  AIK_Certificate: null,
  AIK_PublicKey: null,
  AIK_SHA1: null,
});

/** As it was told, and as hosts are called here: in lower case. */
function nameIn(body: Told): { asked: string; name: string } {
  const asked = needed(body, 'HostName');
  const name = folded(asked);
  mustBe(HostName, name, 'HostName');
  return { asked, name };
}

function detailsIn(body: Told): OatHostDetails {
  const ip_address = textOf(body, 'IPAddress') ?? null;
  if (ip_address !== null) mustBe(HostAlias, ip_address, 'IPAddress');
  const port = portIn(body);
  const connection = ip_address !== null && port !== null ? `intel:https://${ip_address}:${port}` : null;
  return {
    ip_address,
    port,
    bios_name: needed(body, 'BIOS_Name'),
    bios_version: needed(body, 'BIOS_Version'),
    bios_oem: needed(body, 'BIOS_Oem'),
    vmm_name: needed(body, 'VMM_Name'),
    vmm_version: needed(body, 'VMM_Version'),
    vmm_os_name: needed(body, 'VMM_OSName'),
    vmm_os_version: needed(body, 'VMM_OSVersion'),
    addon_connection_string: kept(body, 'AddOn_Connection_String') ?? connection,
    description: kept(body, 'Description'),
    email: kept(body, 'Email'),
    location: kept(body, 'Location'),
    aik_certificate: null,
  };
}

/** An empty text is shown as one again. */
const kept = (body: Told, name: string): string | null => textOf(body, name) ?? (body[name] === '' ? '' : null);

/** Tools send it as text. */
function portIn(body: Told): number | null {
  const text = textOf(body, 'Port');
  if (text === undefined) return null;
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (port < 1 || port > 65_535)
    throw new OatError('AS_MISSING_INPUT', ['Port'], ' Expected a number from 1 to 65535.');
  return port;
}

function needed(told: Told, name: string): string {
  const text = textOf(told, name);
  if (text === undefined) throw new OatError('AS_MISSING_INPUT', [name]);
  return text;
}

function mustBe(schema: TSchema & { title?: string }, value: string, name: string): void {
  try {
    check(schema, value, name);
  } catch (error) {
    if (!(error instanceof AssayError)) throw error;
    throw new OatError('AS_MISSING_INPUT', [name], ` Expected ${schema.title}.`);
  }
}

/** Both have to be there, though neither decides. */
async function checkMles({ db, standards }: RestNeeds, details: OatHostDetails): Promise<void> {
  const text = (name: keyof OatHostDetails) => String(details[name] ?? '');
  const known = await knownMles(db, (await standards(db)).knownGood.values);
  const [bios, oem] = [{ name: text('bios_name'), version: text('bios_version') }, text('bios_oem')];
  if (!known.some(isMle({ type: 'BIOS', ...bios, vendor: oem })))
    throw new OatError('AS_BIOS_INCORRECT', [bios.name, bios.version, oem]);
  const vmm = { name: text('vmm_name'), version: text('vmm_version') };
  const os = { name: text('vmm_os_name'), version: text('vmm_os_version') };
  if (!known.some(isMle({ type: 'VMM', ...vmm, vendor: vendorOfOs(os) })))
    throw new OatError('AS_VMM_INCORRECT', [vmm.name, vmm.version, os.name, os.version]);
}

/** Another name it is asked for by. */
const addressOf = (details: OatHostDetails | undefined): string[] => (details?.ip_address ? [details.ip_address] : []);

/** What our registry refuses, in OpenAttestation's words. */
async function told<T>(asked: string, details: OatHostDetails | undefined, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof AssayError)) throw error;
    if (error.code === 'host-exists') throw new OatError('AS_HOST_EXISTS', [asked]);
    if (error.code === 'host-not-found') throw new OatError('AS_HOST_NOT_FOUND', [asked]);
    if (error.code === 'alias-in-use') throw new OatError('AS_IPADDRESS_EXISTS', [details?.ip_address ?? '']);
    throw error;
  }
}
