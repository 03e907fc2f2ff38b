// OpenAttestation 1.5 to 1.7 as the reference describes it: `True`, numbers for codes, odd names that fail a whole poll, patterns of Java.
import { type Handler, html, json, type Reply, text200 } from './old-server.ts';

const as = '/AttestationService/resources';
const wlm = '/WLMService/resources';
const odd = /[#&+:"']/;

type B = { oems: { Name: string; Description: string }[]; registered: readonly string[]; early?: boolean };

/** @param early the snapshot of 1.5: PUT PollHosts and no POST */
export function generationB({ oems, registered, early = false }: B): Handler {
  return ({ method, path, query, body }) => {
    switch (`${method} ${path}`) {
      case `${early ? 'PUT' : 'POST'} ${as}/PollHosts`:
        return pollHosts(body);
      case `GET ${wlm}/oem`:
        return json(oems);
      case `POST ${wlm}/oem`: {
        const { Name, Description } = JSON.parse(body);
        if (oems.some((one) => one.Name === Name))
          return fault(400, 1006, `Data Error - OEM ${Name} already exists in the database`);
        oems.push({ Name, Description });
        return text200('True');
      }
      case `DELETE ${wlm}/oem`: {
        const at = oems.findIndex(({ Name }) => Name === query.get('Name'));
        if (at < 0) return fault(400, 1006, `Data Error - OEM ${query.get('Name')} does not exist in the database`);
        oems.splice(at, 1);
        return text200('True');
      }
      case `GET ${wlm}/os`:
        return json([{ Name: 'Debian', Version: '6', Description: '' }]);
      case `GET ${wlm}/mles`:
        return json(mles.filter(({ Name }) => new RegExp(`.*${query.get('searchCriteria')}.*`).test(Name)));
      case `GET ${wlm}/mles/manifest`:
        return json(mles.find(({ Name }) => Name === query.get('mleName')) ?? {});
      case `GET ${as}/hosts`: {
        const found = registered.filter((name) => new RegExp(`.*${query.get('searchCriteria')}.*`).test(name));
        return json(found.map((HostName) => ({ HostName, IPAddress: '192.0.2.1', Port: 9999, Location: 'null' })));
      }
      case `GET ${wlm}/analysisTypes`:
        return json([{ name: 'ima', module: 'x', version: '1', url: '/opt/check' }]);
      default:
        return html(404, path);
    }
  };

  function pollHosts(body: string): Reply {
    const hosts = hostsIn(body);
    if (!Array.isArray(hosts) || hosts.length === 0)
      return fault(500, 500, 'Poll Hosts failed, please make sure the host information is correct');
    if (hosts.some((name) => name.length > 50 || odd.test(name)))
      return fault(
        500,
        500,
        `Poll Hosts failed, please check the length for each parameters and remove all of the unwanted characters belonged to [# & + : " ']`,
      );
    const vtime = new Date(Date.now() - 4 * 3_600_000).toISOString().replace(/\.\d+Z$/, '-04:00');
    return json({
      hosts: hosts.map((name) => ({
        ...{ host_name: name, trust_lvl: registered.includes(name) ? 'timeout' : 'unknown', vtime },
        ...{ report_is_valid: true, url: `http://portal/OAT/report.php?id=1` },
      })),
    });
  }
}

const mles = [
  {
    ...{ Name: 'fab-bios', Version: '2.7', Attestation_Type: 'PCR', MLE_Type: 'BIOS', Description: '' },
    ...{ OemName: 'Fabrikam', OsName: 'null', OsVersion: 'null' },
    MLE_Manifests: [{ Name: '0', Value: '@'.repeat(40) }],
  },
];

const fault = (status: number, error_code: number, error_message: string): Reply =>
  json({ error_code, error_message }, status);

/** Its bean has a list: bare text is none. */
function hostsIn(body: string): string[] | undefined {
  try {
    const { hosts } = JSON.parse(body);
    return Array.isArray(hosts) ? hosts : undefined;
  } catch {
    return undefined;
  }
}
