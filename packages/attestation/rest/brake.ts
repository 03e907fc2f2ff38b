// /v1/brake: whether more hosts lost trust at once than the brake lets, and letting it go. /v1/journal: who changed what.
import { Change, type Journal } from '@assay/protocol';
import { Type } from 'typebox';
import { readJournal } from '../storage/journal.ts';
import { MaybeChange } from './change.ts';
import type { Resource } from './resource.ts';

const JournalQuery = Type.Object({
  subject: Type.Optional(Type.String({ maxLength: 253 })),
  /** How the subject begins: with the first characters of an id. */
  subject_begins: Type.Optional(Type.String({ maxLength: 253 })),
  /** How the action begins. */
  action: Type.Optional(Type.String({ maxLength: 100 })),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 10_000 })),
});

export const brake: Resource = (server, { db, brake }) => {
  server.route({
    method: 'GET',
    url: '/v1/brake',
    config: { access: 'read' },
    handler: async () => brake.state(),
  });
  server.route({
    method: 'DELETE',
    url: '/v1/brake',
    config: { access: 'write' },
    schema: { body: MaybeChange, querystring: Change },
    handler: async ({ body, query }) => await brake.release({ ...query, ...body }),
  });
  server.route({
    method: 'GET',
    url: '/v1/journal',
    config: { access: 'read' },
    schema: { querystring: JournalQuery },
    handler: async ({ query: { subject_begins: subjectBegins, ...wish } }): Promise<Journal> => ({
      entries: await readJournal(db, { ...wish, subjectBegins }),
    }),
  });
};
