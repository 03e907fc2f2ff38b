// The life of an OEM, an OS, two MLEs, PCR entries and a host on a server, step by step, under a name nobody else has. `life-end.ts` removes it all.
import { randomBytes } from 'node:crypto';
import { hostOf, mleOf, oemOf, osOf } from '../objects.ts';
import type { Answer } from '../peer.ts';
import { brief, type Check, errorOf, fine, lessSafe, noMatter, poll, type World } from './check.ts';
import { del, done, doneOutcome, junk, post, put, refused, send, shown } from './life-step.ts';
import { at, type Things } from './life-things.ts';
import { read } from './lists.ts';
import { novaMakes } from './nova.ts';

export function lifeOf(things: Things): readonly Check[] {
  const { keys, bios, vmm, entry, entryKey, name } = things;
  const [first, second] = [digest(), digest()];
  const manifest = `${at.manifest}${keys.bios}`;
  return [
    secretless(things),
    done('oem', 'an OEM is made', post(at.oem, things.oem('assay compat'))),
    refused('oem-again', 'made again', 'WS_OEM_ALREADY_EXISTS', post(at.oem, things.oem())),
    done('oem-change', 'its description is changed', put(at.oem, things.oem('changed'))),
    shown('oem-shown', 'and shown', at.oem, (answer) => isDescribed(read(answer, oemOf), name, 'changed')),
    refused('mle-no-os', 'a VMM of an OS that is not there', 'WS_OS_DOES_NOT_EXIST', post(at.mles, vmm)),
    done('os', 'an OS is made', post(at.os, things.os())),
    done('os-change', 'its description is changed', put(at.os, things.os('changed'))),
    shown('os-shown', 'and shown', at.os, (answer) => isDescribed(read(answer, osOf), name, 'changed')),
    refused(
      'mle-both',
      'an MLE of an OEM and an OS',
      'WS_OEM_OS_DATA_CANNOT_COEXIST',
      post(at.mles, { ...vmm, OemName: name }),
    ),
    done('mle', 'a BIOS with PCR 0 is made', post(at.mles, bios(second))),
    refused('mle-again', 'made again', 'WS_MLE_ALREADY_EXISTS', post(at.mles, bios())),
    done('mle-change', 'its white list is replaced', put(at.mles, bios(first))),
    shown('mle-shown', 'and shown', manifest, (answer) => hasPcr0(answer, first)),
    done('vmm', 'a VMM without PCRs is made', post(at.mles, vmm)),
    refused('pcr-again', 'PCR 0 added again', 'WS_PCR_WHITELIST_ALREADY_EXISTS', post(at.pcr, entry('0', second))),
    done('pcr-change', 'PCR 0 changed', put(at.pcr, entry('0', second))),
    shown('pcr-shown', 'and shown', manifest, (answer) => hasPcr0(answer, second)),
    refused('pcr-missing', 'PCR 1 changed', 'WS_PCR_WHITELIST_DOES_NOT_EXIST', put(at.pcr, entry('1', first))),
    done('pcr', 'PCR 1 added', post(at.pcr, entry('1', first))),
    refused('pcr-range', 'PCR 24', 'WS_MLE_PCR_NOT_VALID', post(at.pcr, entry('24', first))),
    junk('digest-junk', 'a digest @@@@', post(at.pcr, entry('2', '@'.repeat(40)))),
    junk('digest-empty', 'an empty digest', post(at.pcr, entry('3', ''))),
    done(
      'query-spaces',
      'DELETE with spaces in the query, as the tools send it',
      del(`${at.pcr}?pcrName=1&%20mleName=%20${name}&%20mleVersion=%201&%20oemName=%20${name}`),
    ),
    done('pcr-gone', 'a PCR deleted that is not there', del(`${at.pcr}${entryKey('1')}`)),
    refused('oem-in-use', 'an OEM deleted that has MLEs', 'WS_OEM_ASSOCIATION_EXISTS', del(`${at.oem}${keys.oem}`)),
    refused('os-in-use', 'an OS deleted that has MLEs', 'WS_OS_ASSOCIATION_EXISTS', del(`${at.os}${keys.os}`)),
    ...hostLife(things),
    done('vmm-delete', 'the VMM is deleted', del(`${at.mles}${keys.vmm}`)),
    done('mle-delete', 'the BIOS is deleted with its white list', del(`${at.mles}${keys.bios}`)),
    refused('mle-gone', 'deleted again', 'WS_MLE_DOES_NOT_EXIST', del(`${at.mles}${keys.bios}`)),
    done('os-delete', 'the OS is deleted', del(`${at.os}${keys.os}`)),
    refused('os-gone', 'deleted again', 'WS_OS_DOES_NOT_EXIST', del(`${at.os}${keys.os}`)),
    done('oem-delete', 'the OEM is deleted', del(`${at.oem}${keys.oem}`)),
    refused('oem-gone', 'deleted again', 'WS_OEM_DOES_NOT_EXIST', del(`${at.oem}${keys.oem}`)),
  ];
}

function hostLife(things: Things): Check[] {
  const { host, hostRecord, keys, search } = things;
  const found = async ({ ask }: World) =>
    (read(await ask('GET', `${at.hosts}${search}`), hostOf) ?? []).find((one) => one.name === host);
  /** Nothing to try where it could not be registered. */
  const ifThere = (check: Check): Check => ({
    ...check,
    run: async (world) => ((await found(world)) ? await check.run(world) : undefined),
  });
  const wrong = hostRecord({ BIOS_Version: '9' });
  const gone = refused('host-gone', 'deleted again', 'AS_HOST_NOT_FOUND', del(`${at.hosts}${keys.host}`));
  let isRegistered = false;
  return [
    refused('host-no-mle', 'a host of an MLE that is not there', 'AS_BIOS_INCORRECT', post(at.hosts, wrong)),
    {
      name: 'life-host',
      expected: 'a host is registered: 200 true',
      async run(world) {
        const answer = await send(world, post(at.hosts, hostRecord()));
        isRegistered = answer.status < 300;
        return asksTheHost(answer)
          ? noMatter(brief(answer), 'OAT 2 registers only a host whose name resolves and whose agent answers')
          : doneOutcome(answer);
      },
    },
    ifThere(refused('host-again', 'registered again', 'AS_HOST_EXISTS', post(at.hosts, hostRecord()))),
    ifThere(done('host-change', 'its description is changed', put(at.hosts, hostRecord({ Description: 'changed' })))),
    ifThere(
      shown('host-shown', 'and found', `${at.hosts}${search}`, (answer) =>
        (read(answer, hostOf) ?? []).some((one) => one.name === host && one.fields.Description === 'changed'),
      ),
    ),
    ifThere({
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
    ifThere(
      refused(
        'mle-in-use',
        'an MLE deleted that a host has',
        'WS_MLE_ASSOCIATION_EXISTS',
        del(`${at.mles}${keys.bios}`),
      ),
    ),
    ifThere(done('host-delete', 'the host is deleted', del(`${at.hosts}${keys.host}`))),
    { ...gone, run: async (world) => (isRegistered ? await gone.run(world) : undefined) },
  ];
}

const secretless = ({ oem, keys }: Things): Check => ({
  name: 'life-secret',
  expected: 'without the secret nothing can be written: 401',
  async run({ peer }) {
    const answer = await peer.askAs({})('POST', at.oem, oem('assay compat'));
    if (answer.status >= 300) return fine(brief(answer));
    await peer.askAs({})('DELETE', `${at.oem}${keys.oem}`);
    return lessSafe(brief(answer), 'whoever reaches the port makes known good what he likes');
  },
});

const digest = () => randomBytes(32).toString('hex').toUpperCase();

const isDescribed = (list: { name: string; description: string }[] | undefined, name: string, text: string): boolean =>
  (list ?? []).some((one) => one.name === name && one.description === text);

const hasPcr0 = (answer: Answer, value: string): boolean =>
  (read({ ...answer, json: [answer.json] }, mleOf)?.[0]?.entries ?? []).some(
    ({ pcr, digest }) => pcr === '0' && digest.toUpperCase() === value,
  );

function asksTheHost(answer: Answer): boolean {
  const { code = '', message = '' } = errorOf(answer) ?? {};
  return (
    /COMMUNICATION|TRUST_AGENT|TIMED_OUT|IPADDRESS_NOT_MATCHED/.test(code) ||
    /UnknownHost|service not known/.test(message)
  );
}
