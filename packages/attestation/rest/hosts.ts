// /v1/hosts: which hosts are registered, the verdict on each as valid now, and the evidence each sent last.
import { isDeepStrictEqual } from 'node:util';
import { AssayError } from '@assay/core';
import type { Host } from '@assay/protocol';
import { AliasesRequest, defaultPool, HostName, HostRegistration, LabelsRequest } from '@assay/protocol';
import { Type } from 'typebox';
import { labelHost } from '../standards/label-host.ts';
import { membershipsOf, type Standards } from '../standards/standards.ts';
import { lastEvidence } from '../storage/evidence.ts';
import { type KnownHost, knownHosts, labelsOf } from '../storage/hosts.ts';
import { type KnownTags, knownTags } from '../storage/tags.ts';
import { toldTags } from '../tags/told.ts';
import type { Resource, RestNeeds } from './resource.ts';

const NameInPath = Type.Object({ name: HostName });
/** Two rounds: the one under way, and the one that was asked for. */
const attestMs = 30_000;

/** What is told of one host. @throws AssayError `host-not-found` */
export const hostReader =
  (needs: RestNeeds) =>
  async (name: string): Promise<Host> => {
    const { db, clock, registry } = needs;
    registry.requireRegistered(name);
    const [known] = await knownHosts(db, name);
    const standards = await needs.standards(db);
    const tags = await knownTags(db, name);
    const never = { name, registered_at: clock.now().toISOString(), ...neverEnrolled };
    return hostOf(needs, standards, known ?? never, tags);
  };

export const hosts: Resource = (server, needs) => {
  const { db, registry, registrations, switchboard } = needs;
  const one = hostReader(needs);

  server.route({
    method: 'GET',
    url: '/v1/hosts',
    config: { access: 'read' },
    handler: async () => {
      const standards = await needs.standards(db);
      const tags = await knownTags(db);
      return { hosts: (await knownHosts(db)).map((known) => hostOf(needs, standards, known, tags)) };
    },
  });
  server.route({
    method: 'POST',
    url: '/v1/hosts',
    config: { access: 'write' },
    schema: { body: HostRegistration },
    handler: async (request, reply) => {
      const { name, ek_sha256, labels, aliases } = request.body;
      await registrations.register({ name, ekPin: ek_sha256, labels, aliases });
      return reply.code(201).send(await one(name));
    },
  });
  server.route({
    method: 'GET',
    url: '/v1/hosts/:name',
    config: { access: 'read' },
    schema: { params: NameInPath },
    handler: (request) => one(request.params.name),
  });
  server.route({
    method: 'DELETE',
    url: '/v1/hosts/:name',
    config: { access: 'write' },
    schema: { params: NameInPath },
    handler: async (request, reply) => {
      await registrations.remove(request.params.name);
      return reply.code(204).send();
    },
  });
  server.route({
    method: 'PUT',
    url: '/v1/hosts/:name/labels',
    config: { access: 'write' },
    schema: { params: NameInPath, body: LabelsRequest },
    handler: async (request) => {
      const { name } = request.params;
      registry.requireRegistered(name);
      await labelHost(needs, name, request.body);
      return await one(name);
    },
  });
  server.route({
    method: 'PUT',
    url: '/v1/hosts/:name/aliases',
    config: { access: 'write' },
    schema: { params: NameInPath, body: AliasesRequest },
    handler: async (request) => {
      const { name } = request.params;
      const { aliases, before: seen } = request.body;
      await registrations.rename(name, (before) => {
        if (seen && !isDeepStrictEqual([...seen].sort(), before))
          throw new AssayError('aliases-stale', `host ${name}`, `the aliases ${seen}`, `${before}`, {
            hint: 'somebody changed them meanwhile: look again',
          });
        return aliases;
      });
      return await one(name);
    },
  });
  server.route({
    method: 'GET',
    url: '/v1/hosts/:name/evidence',
    config: { access: 'read' },
    schema: { params: NameInPath },
    handler: async (request) => {
      const { name } = request.params;
      registry.requireRegistered(name);
      const evidence = await lastEvidence(db, name);
      if (!evidence)
        throw new AssayError('evidence-not-found', `host ${name}`, 'evidence it sent', 'none so far', {
          hint: `ask it now: assay host attest ${name}`,
        });
      return evidence;
    },
  });
  server.route({
    method: 'POST',
    url: '/v1/hosts/:name/attest',
    config: { access: 'read' },
    schema: { params: NameInPath },
    handler: async (request) => {
      const { name } = request.params;
      registry.requireRegistered(name);
      await switchboard.question(name, { maxAgeMs: 0, deadlineMs: attestMs });
      return await one(name);
    },
  });
};

const neverEnrolled = { labels: '{}', enrolled_at: null, ek_sha256: null, ak_name: null };

function hostOf(
  { registry, switchboard }: RestNeeds,
  standards: Standards,
  known: KnownHost,
  allTags: ReadonlyMap<string, KnownTags>,
): Host {
  const { name, registered_at, enrolled_at, ek_sha256, ak_name } = known;
  const { verdict, ageMs } = registry.current(name);
  const labels = labelsOf(known);
  const aliases = registry.names.aliasesOf(name);
  const pools = membershipsOf(standards, labels).map(({ pool }) => pool);
  const verdicts = pools.filter((pool) => pool !== defaultPool).map((pool) => registry.current(name, pool).verdict);
  const tags = toldTags(allTags.get(name), [verdict, ...verdicts]);
  return {
    name,
    registered_at,
    ...(enrolled_at === null ? {} : { enrolled_at }),
    ...(ek_sha256 === null ? {} : { ek_sha256 }),
    ...(ak_name === null ? {} : { ak_name }),
    labels,
    ...(aliases.length > 0 && { aliases: [...aliases] }),
    ...(tags && { tags }),
    pools,
    connected: switchboard.connected(name),
    verdict,
    verdicts,
    age_ms: Math.round(ageMs),
  };
}
