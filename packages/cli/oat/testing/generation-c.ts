// OpenAttestation 2 as the reference describes it, faults and all: no secret, SHA-1, LIKE patterns, VMMs twice, nothing of a digest checked.
import { type Asked, type Handler, html, json, type Reply, text200 } from './old-server.ts';

type Row = Record<string, string | null>;
export type Manifest = { Name: string; Value: string };
export type StoredMle = Row & { MLE_Manifests?: never };
export type Stock = {
  oems: Row[];
  oses: Row[];
  mles: { row: Row; manifests: Manifest[] }[];
  hosts: (Row & { Port?: string | null })[];
  /** What PollHosts says; absent: unknown. */
  trust: Record<string, string>;
};

export const emptyStock = (): Stock => ({ oems: [], oses: [], mles: [], hosts: [], trust: {} });

const as = '/AttestationService/resources';
const wlm = '/WLMService/resources';
const columns =
  'IPAddress BIOS_Name BIOS_Version BIOS_Oem VMM_Name VMM_Version VMM_OSName VMM_OSVersion AddOn_Connection_String Description Email Location AIK_Certificate'.split(
    ' ',
  );

const fault = (error_code: string, error_message: string): Reply => json({ error_code, error_message }, 400);
const done = text200('true');
const doneJson = json(true);
/** SQL: `%` and `_` are not escaped. */
const like = (text: string | null | undefined, search: string): boolean => {
  const pattern = search
    .replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')
    .replaceAll('%', '.*')
    .replaceAll('_', '.');
  return new RegExp(pattern, 'i').test(text ?? '');
};

/** @param agents whether hosts answer when they are registered */
export function generationC(stock: Stock, { agents = true }: { agents?: boolean } = {}): Handler {
  return (asked) => {
    const { method, path, query, body } = asked;
    const call = `${method} ${path}`;
    const given = body === '' ? {} : parsed(body);
    if (given === undefined) return html(500, 'org.codehaus.jackson.JsonParseException: Unexpected character');
    switch (call) {
      case `POST ${as}/PollHosts`:
        return pollHosts(given);
      case `GET ${wlm}/oem`:
        return json(stock.oems);
      case `POST ${wlm}/oem`:
        return oemAt(given['Name'])
          ? fault('WS_OEM_ALREADY_EXISTS', `OEM '${given['Name']}' is already configured in the system.`)
          : add(stock.oems, { Name: given['Name'] ?? null, Description: given['Description'] ?? null });
      case `PUT ${wlm}/oem`:
        return change(oemAt(given['Name']), { Description: given['Description'] ?? null }, noOem(given['Name']));
      case `DELETE ${wlm}/oem`:
        return removeOem(query.get('Name'));
      case `GET ${wlm}/os`:
        return json(stock.oses);
      case `POST ${wlm}/os`:
        return osAt(given['Name'], given['Version'])
          ? fault(
              'WS_OS_ALREADY_EXISTS',
              `OS '${given['Name']}' of version '${given['Version']}' is already configured in the system.`,
            )
          : add(stock.oses, {
              Name: given['Name'] ?? null,
              Version: given['Version'] ?? null,
              Description: given['Description'] ?? null,
            });
      case `PUT ${wlm}/os`:
        return change(
          osAt(given['Name'], given['Version']),
          { Description: given['Description'] ?? null },
          noOs(given['Name'], given['Version']),
        );
      case `DELETE ${wlm}/os`:
        return removeOs(query.get('Name'), query.get('Version'));
      case `GET ${wlm}/mles`:
        return json(searched(query.get('searchCriteria') ?? '').map(({ row }) => ({ ...row, MLE_Manifests: null })));
      case `POST ${wlm}/mles`:
        return addMle(given);
      case `PUT ${wlm}/mles`:
        return changeMle(given);
      case `DELETE ${wlm}/mles`:
        return removeMle(query);
      case `GET ${wlm}/mles/manifest`: {
        const found = mleAt(query);
        return found ? json({ ...found.row, MLE_Manifests: found.manifests }) : noMle(query);
      }
      case `POST ${wlm}/mles/whitelist/pcr`:
      case `PUT ${wlm}/mles/whitelist/pcr`:
        return pcr(method, given);
      case `DELETE ${wlm}/mles/whitelist/pcr`: {
        const found = mleAt(query);
        if (!found) return fault('WS_MLE_OEM_DOES_NOT_EXIST', 'MLE is not configured in the system.');
        found.manifests = found.manifests.filter(({ Name }) => Name !== query.get('pcrName'));
        return done;
      }
      case `GET ${as}/hosts`:
        return json(stock.hosts.filter(({ HostName }) => like(HostName, query.get('searchCriteria') ?? '')).map(shown));
      case `POST ${as}/hosts`:
        return addHost(given);
      case `PUT ${as}/hosts`:
        return change(hostAt(given['HostName']), given, noHost(given['HostName'] ?? null), doneJson);
      case `DELETE ${as}/hosts`:
        return remove(stock.hosts, hostAt(query.get('hostName')), noHost(query.get('hostName')), doneJson);
      case `GET ${as}/hosts/trust`:
        return trust(query.get('hostName'));
      case `GET ${as}/hosts/reports/trust`:
        return xml(
          query.get('hostNames'),
          (name) =>
            `<hosts_trust_report><Host Host_Name="${name}" MLE_Info="BIOS:b-1,VMM:k:1" Trust_Status="0" Verified_On="2026-11-23T10:00:05.000Z"/></hosts_trust_report>`,
        );
      case `GET ${as}/hosts/reports/manifest`:
        return xml(
          query.get('hostName'),
          (name) => `<host_manifest_report><Host Name="${name}"/></host_manifest_report>`,
        );
      case `GET ${as}/hosts/reports/attestation`:
        return xml(
          query.get('hostName'),
          (name) => `<Host_Attestation_Report Host_Name="${name}" TXT_Support="true"/>`,
        );
      case `GET ${as}/hosts/reports/attestationreport`:
        return hostAt(query.get('hostName')) ? json({ PcrLogReport: [] }) : noHost(query.get('hostName'));
      default:
        return html(404, path);
    }
  };

  function pollHosts(given: Row): Reply {
    const { hosts, count, pcrmask, ...more } = given as Record<string, unknown>;
    const [unknown] = Object.keys(more);
    if (unknown !== undefined)
      return html(400, `org.codehaus.jackson.map.exc.UnrecognizedPropertyException: Unrecognized field "${unknown}"`);
    const names = typeof hosts === 'string' ? [hosts] : hosts;
    if (!Array.isArray(names)) return html(500, 'java.lang.NullPointerException');
    const vtime = new Date().toISOString().replace('Z', '+0000');
    return json({
      hosts: names.map((name: string) => ({ host_name: name, trust_lvl: stock.trust[name] ?? 'unknown', vtime })),
    });
  }

  function addMle(given: Row): Reply {
    const { MLE_Manifests: manifests, ...row } = given as Row & { MLE_Manifests?: unknown };
    if (row['OemName'] && row['OsName'])
      return fault('WS_OEM_OS_DATA_CANNOT_COEXIST', 'Both OEM and OS information cannot be provided together.');
    if (row['OemName'] && !oemAt(row['OemName'])) return noOem(row['OemName']);
    if (!row['OemName'] && !osAt(row['OsName'], row['OsVersion'])) return noOs(row['OsName'], row['OsVersion']);
    if (
      mleAt(
        new URLSearchParams({
          mleName: row['Name'] ?? '',
          mleVersion: row['Version'] ?? '',
          oemName: row['OemName'] ?? '',
          osName: row['OsName'] ?? '',
          osVersion: row['OsVersion'] ?? '',
        }),
      )
    )
      return fault('WS_MLE_ALREADY_EXISTS', `MLE '${row['Name']}' is already configured in the system.`);
    stock.mles.push({
      row: { OemName: null, OsName: null, OsVersion: null, ...row },
      manifests: (manifests as Manifest[] | undefined) ?? [],
    });
    return done;
  }

  /** Replaces the whole white list; without one there is none afterwards. */
  function changeMle(given: Row): Reply {
    const key = { mleName: given['Name'] ?? '', mleVersion: given['Version'] ?? '', oemName: given['OemName'] ?? '' };
    const query = new URLSearchParams({ ...key, osName: given['OsName'] ?? '', osVersion: given['OsVersion'] ?? '' });
    const found = mleAt(query);
    if (!found) return noMle(query);
    found.manifests = ((given as { MLE_Manifests?: unknown }).MLE_Manifests as Manifest[] | undefined) ?? [];
    return done;
  }

  function removeMle(query: URLSearchParams): Reply {
    const found = mleAt(query);
    if (!found) return noMle(query);
    const { Name, Version } = found.row;
    const users = stock.hosts.filter(
      (host) =>
        (host['BIOS_Name'] === Name && host['BIOS_Version'] === Version) ||
        (host['VMM_Name'] === Name && host['VMM_Version'] === Version),
    );
    if (users.length > 0)
      return fault(
        'WS_MLE_ASSOCIATION_EXISTS',
        `MLE '${Name}' of version '${Version}' cannot be deleted as it is associated with '${users.length}' hosts.`,
      );
    stock.mles.splice(stock.mles.indexOf(found), 1);
    return doneJson;
  }

  function pcr(method: string, given: Row): Reply {
    const found = mleAt(new URLSearchParams(Object.entries(given).map(([name, value]) => [name, value ?? ''])));
    if (!found) return fault('WS_MLE_OEM_DOES_NOT_EXIST', 'MLE is not configured in the system.');
    const [name, value] = [given['pcrName'] ?? '', given['pcrDigest'] ?? ''];
    const there = found.manifests.find((one) => one.Name === name);
    if (method === 'PUT') {
      if (!there)
        return fault(
          'WS_PCR_WHITELIST_DOES_NOT_EXIST',
          `White list for the PCR '${name}' is not configured in the system.`,
        );
      there.Value = value;
      return done;
    }
    if (there)
      return fault(
        'WS_PCR_WHITELIST_ALREADY_EXISTS',
        `White list for the PCR '${name}' is already configured in the system.`,
      );
    if (Number(name) > 5) return fault('WS_MLE_PCR_NOT_VALID', `White list for the PCR '${name}' is not a valid value`);
    found.manifests.push({ Name: name, Value: value });
    return done;
  }

  function addHost(given: Row): Reply {
    const name = given['HostName'];
    if (hostAt(name)) return fault('AS_HOST_EXISTS', `Host '${name}' already exists.`);
    if (
      !mleAt(
        new URLSearchParams({
          mleName: given['BIOS_Name'] ?? '',
          mleVersion: given['BIOS_Version'] ?? '',
          oemName: given['BIOS_Oem'] ?? '',
        }),
      )
    )
      return fault(
        'AS_BIOS_INCORRECT',
        `Bios '${given['BIOS_Name']}', version '${given['BIOS_Version']}' or oem '${given['BIOS_Oem']}' is incorrect.`,
      );
    if (!agents) return fault('AS_HOST_COMMUNICATION_ERROR', `Unable to communicate with host: ${name}`);
    stock.hosts.push(given);
    return doneJson;
  }

  function trust(name: string | null): Reply {
    if (name === null) return fault('SYSTEM_ERROR', 'System error: java.lang.NullPointerException');
    if (!hostAt(name)) return fault('SYSTEM_ERROR', `System error: ${name}: Name or service not known`);
    const isGood = stock.trust[name] === 'trusted';
    return json({ hostname: name, trust: { bios: isGood, vmm: isGood, location: false } });
  }

  function xml(name: string | null, body: (name: string) => string): Reply {
    return name !== null && hostAt(name) ? { status: 200, type: 'application/xml', body: body(name) } : noHost(name);
  }

  function searched(search: string) {
    const found = stock.mles.filter(({ row }) =>
      ['Name', 'OemName', 'OsName'].some((field) => like(row[field], search)),
    );
    return [...found, ...found.filter(({ row }) => row['MLE_Type'] === 'VMM')]; // as its query joins them
  }

  function removeOs(name: string | null, version: string | null): Reply {
    const users = stock.mles.filter(({ row }) => row['OsName'] === name && row['OsVersion'] === version).length;
    if (osAt(name, version) && users > 0)
      return fault(
        'WS_OS_ASSOCIATION_EXISTS',
        `OS '${name}' of version '${version}' cannot be deleted as it is associated with ${users} MLEs.`,
      );
    return remove(stock.oses, osAt(name, version), noOs(name, version), done);
  }

  function removeOem(name: string | null): Reply {
    const users = stock.mles.filter(({ row }) => row['OemName'] === name).length;
    if (oemAt(name) && users > 0)
      return fault(
        'WS_OEM_ASSOCIATION_EXISTS',
        `OEM '${name}' cannot be deleted as it is associated with ${users} MLEs.`,
      );
    return remove(stock.oems, oemAt(name), noOem(name), done);
  }

  function mleAt(query: URLSearchParams) {
    return stock.mles.find(
      ({ row }) =>
        row['Name'] === query.get('mleName') &&
        row['Version'] === query.get('mleVersion') &&
        (query.get('oemName')
          ? row['OemName'] === query.get('oemName')
          : row['OsName'] === query.get('osName') && row['OsVersion'] === query.get('osVersion')),
    );
  }
  function oemAt(name: string | null | undefined) {
    return stock.oems.find((one) => one['Name'] === name);
  }
  function osAt(name: string | null | undefined, version: string | null | undefined) {
    return stock.oses.find((one) => one['Name'] === name && one['Version'] === version);
  }
  function hostAt(name: string | null | undefined) {
    return stock.hosts.find((one) => one['HostName'] === name);
  }
}

const noOem = (name: string | null | undefined) =>
  fault('WS_OEM_DOES_NOT_EXIST', `OEM '${name}' is not configured in the system.`);
const noOs = (name: string | null | undefined, version: string | null | undefined) =>
  fault('WS_OS_DOES_NOT_EXIST', `OS '${name}' of version '${version}' is not configured in the system.`);
const noMle = (query: Asked['query']) =>
  fault(
    'WS_MLE_DOES_NOT_EXIST',
    `MLE '${query.get('mleName')}' of version '${query.get('mleVersion')}' is not configured in the system.`,
  );
const noHost = (name: string | null) => fault('AS_HOST_NOT_FOUND', `Host '${name}' not found.`);

function add(rows: Row[], row: Row): Reply {
  rows.push(row);
  return done;
}

function change(row: Row | undefined, fields: Row, otherwise: Reply, success = done): Reply {
  if (!row) return otherwise;
  Object.assign(row, fields);
  return success;
}

function remove<R>(rows: R[], row: R | undefined, otherwise: Reply, success: Reply): Reply {
  if (row === undefined) return otherwise;
  rows.splice(rows.indexOf(row), 1);
  return success;
}

const shown = (host: Row) => ({
  HostName: host['HostName'],
  Port: Number(host['Port'] ?? 9999),
  ...Object.fromEntries(columns.map((column) => [column, host[column] ?? null])),
});

function parsed(body: string): Row | undefined {
  try {
    return JSON.parse(body) as Row;
  } catch {
    return undefined;
  }
}
