// OpenAttestation before 1.5 as the reference describes it: one base path, `count` as the bound of a loop, faults with what Java threw.
import { type Handler, html, json, type Reply, text200 } from './old-server.ts';

const base = '/OpenAttestationWebServices/V1.0';

export function generationA(trust: Record<string, string>): Handler {
  return ({ method, path, body }) => {
    switch (`${method} ${path}`) {
      case `POST ${base}/PollHosts`:
        return pollHosts(body);
      case `GET ${base}/Version`:
        return text200('SDKversion : v1.0');
      default:
        return html(404, path);
    }
  };

  function pollHosts(body: string): Reply {
    try {
      const { hosts, count } = JSON.parse(body) as { hosts: string[]; count: number };
      if (!Array.isArray(hosts)) return fault('org.codehaus.jackson.map.JsonMappingException: Can not deserialize');
      const names = Array.from({ length: count }, (_, at) => {
        const name = hosts[at];
        if (name === undefined) throw new RangeError();
        return name;
      });
      const vtime = new Date(Date.now() - 4 * 3_600_000).toISOString().replace(/\.\d+Z$/, '-04:00');
      if (count === undefined) return fault('java.lang.NullPointerException');
      return json({
        hosts: names.map((host_name) => ({ host_name, trust_lvl: trust[host_name] ?? 'unknown', vtime })),
      });
    } catch {
      return fault('java.lang.IndexOutOfBoundsException: Index');
    }
  }
}

const fault = (what: string): Reply =>
  json({ code: 500, name: 'AttestationServersFault', message: 'poll hosts failed.', detail: `Exception:${what}` }, 500);
