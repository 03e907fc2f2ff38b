// How do the lab's hosts come to be trusted? Registered with the TPM they were made with, attested, compared with a golden host.
import { setTimeout as delay } from 'node:timers/promises';
import { AssayError } from '@assay/core';
import type { Host } from '@assay/protocol';
import { attestationClient } from '../operator/attestation-client.ts';
import { hostsOf } from '../operator/hosts.ts';
import { policiesOf } from '../operator/policies-client.ts';
import { referenceOf } from '../operator/reference-client.ts';
import { who } from '../operator/who.ts';
import { address } from './ports.ts';
import type { Lab } from './settings.ts';

/** The host whose boot the lab takes as good. */
const goldenHost = 'node1';

export function trustOf({ settings, paths }: Lab) {
  const client = attestationClient(
    {
      server: `https://${address}:${settings.ports.attestation}`,
      caFile: paths.ca.certificate,
      authBlobFile: paths.attestation.authBlob,
    },
    {},
  );
  const hosts = hostsOf(client);
  const reference = referenceOf(client);
  const policies = policiesOf(client);
  const wanted = settings.hosts.map(({ name }) => name);

  /** Waits until each host of the lab is as `done` says. @throws AssayError `lab-attestation` naming the host that is not */
  const until = async (done: (host: Host) => boolean, expected: string, patienceMs: number): Promise<Host[]> => {
    const deadline = performance.now() + patienceMs;
    for (;;) {
      const found = (await hosts.list()).filter(({ name }) => wanted.includes(name));
      const late = found.find((host) => !done(host));
      if (!late && found.length === wanted.length) return found;
      if (performance.now() > deadline)
        throw new AssayError('lab-attestation', late?.name ?? 'hosts', expected, late?.verdict.reason ?? 'no host', {
          hint: late && `its log is ${paths.logOf(`${late.name}-agent`)}`,
        } as { hint?: string });
      await delay(100);
    }
  };

  return {
    list: async () => (await hosts.list()).filter(({ name }) => wanted.includes(name)),
    /** @param eks SHA-256 of each host's EK certificate: no other TPM can enrol under its name */
    async register(eks: ReadonlyMap<string, string>): Promise<void> {
      const known = new Set((await hosts.list()).map(({ name }) => name));
      for (const name of wanted)
        if (!known.has(name)) {
          const ek_sha256 = eks.get(name);
          await hosts.register({ name, ...(ek_sha256 !== undefined && { ek_sha256 }) });
        }
    },
    /** Waits until every host has answered a challenge since `since`. */
    attested: (since: Date) =>
      until(
        ({ connected, ak_name, verdict }) =>
          connected &&
          ak_name !== undefined &&
          verdict.ak_name !== undefined &&
          Date.parse(verdict.verified_at) >= since.getTime(),
        'it to answer a challenge',
        60_000,
      ),
    /** What the lab asks of its hosts, unless there is a policy already. */
    policy: async () => await (await import('./policy.ts')).applyPolicyOnce(paths, policies),
    /** Takes the golden host's measurements as reference, unless there are reference values already. */
    async learn(): Promise<boolean> {
      if ((await reference.list()).length > 0) return false;
      await reference.learn({ host: goldenHost, because: 'the golden host of a lab', by: who() });
      return true;
    },
    /** Waits until every host has a verdict that rests on evidence: trusted or untrusted. */
    decided: (since: Date) =>
      until(
        ({ verdict }) => verdict.trust !== 'unknown' && Date.parse(verdict.verified_at) >= since.getTime(),
        'a verdict, trusted or untrusted',
        60_000,
      ),
  };
}
