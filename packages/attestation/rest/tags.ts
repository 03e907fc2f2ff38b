// PUT /v1/hosts/{name}/tags: the asset tags of a host, and no others.
import { HostName, TagsRequest } from '@assay/protocol';
import { Type } from 'typebox';
import { tagHost } from '../tags/tag-host.ts';
import { hostReader } from './hosts.ts';
import type { Resource } from './resource.ts';

export const tags: Resource = (server, needs) => {
  const one = hostReader(needs);
  server.route({
    method: 'PUT',
    url: '/v1/hosts/:name/tags',
    config: { access: 'write' },
    schema: { params: Type.Object({ name: HostName }), body: TagsRequest },
    handler: async (request) => {
      const { name } = request.params;
      needs.registry.requireRegistered(name);
      await tagHost(needs, name, request.body);
      return await one(name);
    },
  });
};
