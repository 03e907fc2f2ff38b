// Does this service serve? Asked of a started process until it is true; "no" and "not yet" look the same.
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { connectUnix, httpsRequest } from '@assay/daemon';
import { address } from './ports.ts';

type Ready = () => Promise<boolean>;

/** Answers over HTTPS, with anything but a failure of its own. */
export const answers =
  (port: number, path: string, caFile: string): Ready =>
  async () => {
    try {
      const url = `https://${address}:${port}${path}`;
      return (await httpsRequest({ url, ca: readFileSync(caFile), timeoutMs: 5000 })).status < 500;
    } catch {
      return false;
    }
  };

/** Takes TCP connections: all that can be seen of a server that wants a client certificate. */
export const listens =
  (port: number): Ready =>
  () =>
    new Promise((done) => {
      const socket = connect({ host: address, port });
      const settle = (up: boolean) => {
        socket.destroy();
        done(up);
      };
      socket.once('connect', () => settle(true));
      socket.once('error', () => settle(false));
      socket.setTimeout(1000, () => settle(false));
    });

/** Takes connections on a Unix socket. */
export const connects =
  (path: string): Ready =>
  async () => {
    try {
      (await connectUnix(path)).destroy();
      return true;
    } catch {
      return false;
    }
  };
