// Kernel and ramdisk over HTTPS: which host may have which file of which instance? Said by the conductor for each request,
// for trusted instances only against a ticket, so that nothing of an instance reaches a host that is not trusted.
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import type { TLSSocket } from 'node:tls';
import { AssayError } from '@assay/core';
import { peerHost } from '@assay/daemon';
import type { HttpsServer } from '@assay/daemon/https';
import { Uuid } from '@assay/protocol';
import { Type } from 'typebox';
import { FileKind, filePath } from './frames.ts';

export type FileWish = { host: string; instance: string; kind: FileKind; ticket: string | undefined };
/** @throws AssayError `file-forbidden` with the reason in its cause, for the log */
export type ServeFile = (wish: FileWish) => Promise<{ path: string; size: number }>;

export function serveFiles(server: HttpsServer, file: ServeFile): void {
  server.get(
    filePath(':instance', ':kind' as FileKind),
    { schema: { params: Type.Object({ instance: Uuid, kind: FileKind }) } },
    async (request, reply) => {
      const host = peerHost(request.raw.socket as TLSSocket);
      const { authorization } = request.headers;
      const ticket = authorization?.match(/^Bearer ([A-Za-z0-9._-]+)$/i)?.[1];
      const { path, size } = await file({ host, ...request.params, ticket });
      const handle = await open(path).catch((cause: unknown) => {
        throw new AssayError('file-unavailable', `image file ${path}`, 'a file that can be read', cause, { cause });
      });
      reply.header('content-length', size).type('application/octet-stream');
      return reply.send(createReadStream(path, { fd: handle }));
    },
  );
}
