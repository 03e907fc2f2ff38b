// The life of an OEM, an OS, two MLEs, PCR entries and a host on that server, under a name nobody else has. Whatever happens, all of it is removed again.
import { randomBytes } from 'node:crypto';
import { hostOf, mleOf, oemOf } from '../objects.ts';
import { type Answer, query } from '../peer.ts';
import {
  breaks,
  brief,
  type Check,
  errorOf,
  fine,
  lessSafe,
  newBase,
  noMatter,
  type Outcome,
  poll,
  type World,
  wlm,
} from './check.ts';
import { read } from './lists.ts';
import { novaMakes } from './nova.ts';

const programs = 'programs written for OAT 2: they wait for exactly true, and look errors up by their name';
const tools = 'the tools print it and exit 0: scripts take it as they are used to';

type Step = { method: string; path: string; body?: unknown };

/** @param name of everything that is made */
export function lifeOf(name: string): { checks: readonly Check[]; cleanUp(world: World): Promise<readonly string[]> } {
  const digest = (hex = 64) =>
    randomBytes(hex / 2)
      .toString('hex')
      .toUpperCase();
  const [first, second] = [digest(), digest()];
  const host = `${name}.example`;
  const bios = { mleName: name, mleVersion: '1', oemName: name };
  const vmm = { mleName: name, mleVersion: '2', osName: name, osVersion: '1' };
  const biosBody = (more = {}) => ({
    ...{ Name: name, Version: '1', OemName: name, Attestation_Type: 'PCR', MLE_Type: 'BIOS', Description: '' },
    ...more,
  });
  const vmmBody = {
    Name: name,
    Version: '2',
    OsName: name,
    OsVersion: '1',
    Attestation_Type: 'PCR',
    MLE_Type: 'VMM',
    Description: '',
  };
  const hostBody = (more = {}) => ({
    ...{ HostName: host, IPAddress: '192.0.2.77', Port: '9999', BIOS_Name: name, BIOS_Version: '1', BIOS_Oem: name },
    ...{ VMM_Name: name, VMM_Version: '2', VMM_OSName: name, VMM_OSVersion: '1', Email: '', Description: '' },
    ...{ AddOn_Connection_String: '', ...more },
  });
  const oem = `${wlm}/oem`;
  const os = `${wlm}/os`;
  const mles = `${wlm}/mles`;
  const pcr = `${wlm}/mles/whitelist/pcr`;
  const hosts = `${newBase}/hosts`;
  const entry = (pcrName: string, pcrDigest: string) => ({ pcrName, pcrDigest, ...bios });

  const send = ({ ask }: World, { method, path, body }: Step): Promise<Answer> => ask(method, path, body);
  const done = (check: string, what: string, step: Step): Check => ({
    name: `life-${check}`,
    expected: `${what}: 200 true`,
    run: async (world) => doneOutcome(await send(world, step)),
  });
  const refused = (check: string, what: string, code: string, step: Step): Check => ({
    name: `life-${check}`,
    expected: `${what}: 400 ${code}`,
    run: async (world) => refusedOutcome(await send(world, step), code),
  });
  const shown = (check: string, expected: string, path: string, look: (answer: Answer) => boolean): Check => ({
    name: `life-${check}`,
    expected,
    async run({ ask }) {
      const answer = await ask('GET', path);
      return look(answer) ? fine('so it is') : breaks(brief(answer), programs);
    },
  });
  const manifest = (answer: Answer, value: string) =>
    (read({ ...answer, json: [answer.json] }, mleOf)?.[0]?.entries ?? []).some(
      (one) => one.pcr === '0' && one.digest.toUpperCase() === value,
    );
  const junk = (check: string, what: string, pcrName: string, pcrDigest: string): Check => ({
    name: `life-${check}`,
    expected: `${what} is refused`,
    async run({ ask }) {
      const answer = await ask('POST', pcr, entry(pcrName, pcrDigest));
      return answer.status < 300
        ? lessSafe(brief(answer), 'a white list that cannot mean anything is taken for one')
        : fine(brief(answer));
    },
  });

  const checks: Check[] = [
    {
      name: 'life-secret',
      expected: 'without the secret nothing can be written: 401',
      async run({ peer }) {
        const answer = await peer.askAs({})('POST', oem, { Name: name, Description: 'assay compat' });
        if (answer.status >= 300) return fine(brief(answer));
        await peer.askAs({})('DELETE', `${oem}${query({ Name: name })}`);
        return lessSafe(brief(answer), 'whoever reaches the port makes known good what he likes');
      },
    },
    done('oem', 'an OEM is made', { method: 'POST', path: oem, body: { Name: name, Description: 'assay compat' } }),
    refused('oem-again', 'made again', 'WS_OEM_ALREADY_EXISTS', {
      method: 'POST',
      path: oem,
      body: { Name: name, Description: '' },
    }),
    done('oem-change', 'its description is changed', {
      method: 'PUT',
      path: oem,
      body: { Name: name, Description: 'changed' },
    }),
    shown('oem-shown', 'and shown', oem, (answer) =>
      (read(answer, oemOf) ?? []).some((one) => one.name === name && one.description === 'changed'),
    ),
    refused('mle-no-os', 'a VMM of an OS that is not there', 'WS_OS_DOES_NOT_EXIST', {
      method: 'POST',
      path: mles,
      body: vmmBody,
    }),
    done('os', 'an OS is made', { method: 'POST', path: os, body: { Name: name, Version: '1', Description: '' } }),
    refused('mle-both', 'an MLE of an OEM and an OS', 'WS_OEM_OS_DATA_CANNOT_COEXIST', {
      method: 'POST',
      path: mles,
      body: { ...vmmBody, OemName: name },
    }),
    done('mle', 'a BIOS with PCR 0 is made', {
      method: 'POST',
      path: mles,
      body: biosBody({ MLE_Manifests: [{ Name: '0', Value: first }] }),
    }),
    refused('mle-again', 'made again', 'WS_MLE_ALREADY_EXISTS', { method: 'POST', path: mles, body: biosBody() }),
    done('vmm', 'a VMM without PCRs is made', { method: 'POST', path: mles, body: vmmBody }),
    shown('mle-shown', 'and its PCR shown', `${mles}/manifest${query(bios)}`, (answer) => manifest(answer, first)),
    refused('pcr-again', 'PCR 0 added again', 'WS_PCR_WHITELIST_ALREADY_EXISTS', {
      method: 'POST',
      path: pcr,
      body: entry('0', second),
    }),
    done('pcr-change', 'PCR 0 changed', { method: 'PUT', path: pcr, body: entry('0', second) }),
    shown('pcr-shown', 'and shown', `${mles}/manifest${query(bios)}`, (answer) => manifest(answer, second)),
    done('pcr', 'PCR 1 added', { method: 'POST', path: pcr, body: entry('1', first) }),
    refused('pcr-range', 'PCR 24', 'WS_MLE_PCR_NOT_VALID', { method: 'POST', path: pcr, body: entry('24', first) }),
    junk('digest-junk', 'a digest @@@@', '2', '@'.repeat(40)),
    junk('digest-empty', 'an empty digest', '3', ''),
    {
      name: 'life-query-spaces',
      expected: 'DELETE with spaces in the query, as the tools send it: 200 true',
      run: async ({ ask }) =>
        doneOutcome(
          await ask('DELETE', `${pcr}?pcrName=1&%20mleName=%20${name}&%20mleVersion=%201&%20oemName=%20${name}`),
        ),
    },
    done('pcr-gone', 'a PCR deleted that is not there', {
      method: 'DELETE',
      path: `${pcr}${query({ pcrName: '1', ...bios })}`,
    }),
    refused('oem-in-use', 'an OEM deleted that has MLEs', 'WS_OEM_ASSOCIATION_EXISTS', {
      method: 'DELETE',
      path: `${oem}${query({ Name: name })}`,
    }),
    refused('host-no-mle', 'a host of an MLE that is not there', 'AS_BIOS_INCORRECT', {
      method: 'POST',
      path: hosts,
      body: hostBody({ BIOS_Version: '9' }),
    }),
    {
      name: 'life-host',
      expected: 'a host is registered: 200 true',
      async run(world) {
        const answer = await send(world, { method: 'POST', path: hosts, body: hostBody() });
        const code = errorOf(answer)?.code ?? '';
        const asksIt = /COMMUNICATION|TRUST_AGENT|TIMED_OUT|IPADDRESS_NOT_MATCHED|SYSTEM_ERROR/.test(code);
        if (asksIt)
          return noMatter(brief(answer), 'OAT 2 registers only a host whose name resolves and whose agent answers');
        return doneOutcome(answer);
      },
    },
    ifHost(
      refused('host-again', 'registered again', 'AS_HOST_EXISTS', { method: 'POST', path: hosts, body: hostBody() }),
    ),
    ifHost(
      shown('host-shown', 'and found', `${hosts}${query({ searchCriteria: name })}`, (answer) =>
        (read(answer, hostOf) ?? []).some((one) => one.name === host && one.fields.BIOS_Name === name),
      ),
    ),
    ifHost({
      name: 'life-host-trust',
      expected: 'a host that never proved anything is unknown',
      async run(world) {
        const answer = await poll(world, [host]);
        const made = novaMakes(answer);
        const level = made.as === 'used' ? made.entries[0]?.['trust_lvl'] : undefined;
        if (level === 'trusted') return lessSafe(brief(answer), 'a host passes that never proved anything');
        return level === 'unknown' ? fine('unknown') : noMatter(brief(answer), 'Nova takes it for not trusted as well');
      },
    }),
    ifHost(
      refused('mle-in-use', 'an MLE deleted that a host has', 'WS_MLE_ASSOCIATION_EXISTS', {
        method: 'DELETE',
        path: `${mles}${query(bios)}`,
      }),
    ),
    ifHost(
      done('host-delete', 'the host is deleted', { method: 'DELETE', path: `${hosts}${query({ hostName: host })}` }),
    ),
    ifHost(
      refused('host-gone', 'deleted again', 'AS_HOST_NOT_FOUND', {
        method: 'DELETE',
        path: `${hosts}${query({ hostName: host })}`,
      }),
    ),
    done('vmm-delete', 'the VMM is deleted', { method: 'DELETE', path: `${mles}${query(vmm)}` }),
    done('mle-delete', 'the BIOS is deleted with its white list', { method: 'DELETE', path: `${mles}${query(bios)}` }),
    refused('mle-gone', 'deleted again', 'WS_MLE_DOES_NOT_EXIST', { method: 'DELETE', path: `${mles}${query(bios)}` }),
    done('os-delete', 'the OS is deleted', { method: 'DELETE', path: `${os}${query({ Name: name, Version: '1' })}` }),
    done('oem-delete', 'the OEM is deleted', { method: 'DELETE', path: `${oem}${query({ Name: name })}` }),
    refused('oem-gone', 'deleted again', 'WS_OEM_DOES_NOT_EXIST', {
      method: 'DELETE',
      path: `${oem}${query({ Name: name })}`,
    }),
  ];

  /** Of steps that need the host: nothing to try where it could not be registered. */
  function ifHost(check: Check): Check {
    return {
      ...check,
      async run(world) {
        const found = read(await world.ask('GET', `${hosts}${query({ searchCriteria: name })}`), hostOf) ?? [];
        const isThere = found.some((one) => one.name === host);
        return isThere || check.name === 'life-host-gone' ? await check.run(world) : undefined;
      },
    };
  }

  return {
    checks,
    async cleanUp(world) {
      const made = [
        `${hosts}${query({ hostName: host })}`,
        `${mles}${query(vmm)}`,
        `${mles}${query(bios)}`,
        `${os}${query({ Name: name, Version: '1' })}`,
        `${oem}${query({ Name: name })}`,
      ];
      for (const path of made) await world.ask('DELETE', path).catch(() => undefined); // what is gone already is refused
      await forgetRetired(world);
      const left = await Promise.all([
        remaining(world, `${hosts}${query({ searchCriteria: name })}`, made.slice(0, 1)),
        remaining(world, `${mles}${query({ searchCriteria: name })}`, made.slice(1, 3)),
        remaining(world, os, made.slice(3, 4)),
        remaining(world, oem, made.slice(4)),
      ]);
      return left.flat();
    },
  };

  /** A server of ours keeps what was once good as retired, to tell it apart: of this there is nothing to tell. */
  async function forgetRetired({ ask }: World): Promise<void> {
    const answer = await ask('GET', '/v1/reference').catch(() => undefined);
    const { values } = (answer?.json ?? {}) as { values?: unknown };
    const ours = (Array.isArray(values) ? (values as Partial<Record<'id' | 'vendor' | 'name', unknown>>[]) : []).filter(
      (value) => value.vendor === name && value.name === name,
    );
    const body = { ids: ours.map(({ id }) => String(id)), because: 'assay compat oat has ended' };
    if (ours.length > 0) await ask('POST', '/v1/reference/remove', body).catch(() => undefined);
  }

  /** @returns what still has to be deleted, as far as that can be told */
  async function remaining({ ask }: World, path: string, deletions: readonly string[]): Promise<readonly string[]> {
    const answer = await ask('GET', path).catch(() => undefined);
    return answer === undefined || answer.text.includes(name) ? deletions : [];
  }
}

function doneOutcome(answer: Answer): Outcome {
  const said = answer.text.trim();
  if (answer.status === 200 && said === 'true') return fine('true');
  if (answer.status < 300 && said.toLowerCase() === 'true') return breaks(brief(answer), programs);
  return breaks(brief(answer), tools);
}

function refusedOutcome(answer: Answer, code: string): Outcome {
  const error = errorOf(answer);
  if (answer.status === 400 && error?.code === code) return fine(code);
  if (answer.status < 300) return breaks(brief(answer), 'scripts that count on being refused');
  return error ? breaks(brief(answer), programs) : breaks(brief(answer), tools);
}
