// How does a door open inside a network namespace? A child that lives there for a moment makes the listening socket and hands it
// over: this process never leaves its own. Needs root.
import { spawn } from 'node:child_process';
import { BlockList, isIPv6, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { AssayError } from '@assay/core';

const childFile = join(import.meta.dirname, 'namespace-child.ts');
const patienceMs = 10_000;

/**
 * @param listen `169.254.169.254:80` or `[fe80::a9fe:a9fe%eth0]:80`
 * @throws AssayError `listen-denied`, `listen-in-use`, `listen-address`
 */
export async function listenInNamespace(
  server: Server,
  { namespace, listen, backlog }: { namespace: string; listen: string; backlog: number },
): Promise<void> {
  const where = `${listen} in network namespace ${namespace}`;
  const at = listen.lastIndexOf(':');
  const host = listen.slice(0, at).replace(/^\[|\]$/g, '');
  const args = ['netns', 'exec', namespace, process.execPath, childFile, host, listen.slice(at + 1), `${backlog}`];
  const child = spawn('ip', args, { stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
  const late = setTimeout(() => child.kill('SIGKILL'), patienceMs);
  let said = '';
  child.stderr?.on('data', (bytes: Buffer) => {
    said = `${said}${bytes}`.slice(0, 500);
  });
  try {
    const theirs = await new Promise<Server>((done, failed) => {
      child.once('error', failed);
      child.once('close', (code, signal) => failed(new Error(said.trim() || `the child ended with ${code ?? signal}`)));
      child.once('message', (_, handle) => (handle ? done(handle as Server) : failed(new Error('no socket came'))));
    });
    await new Promise<void>((done, failed) => {
      server.once('error', failed);
      server.listen(theirs, backlog, () => {
        server.off('error', failed);
        done();
      });
    });
  } catch (cause) {
    throw reasonOf(cause as NodeJS.ErrnoException, where);
  } finally {
    clearTimeout(late);
    if (child.connected) child.disconnect();
  }
}

function reasonOf(cause: NodeJS.ErrnoException, where: string): AssayError {
  const got = cause.code === 'ENOENT' ? 'no program `ip`' : cause.message;
  const failure = (code: string, expected: string, hint: string) =>
    new AssayError(code, where, expected, got, { cause, hint });
  if (/EADDRINUSE/.test(got)) return failure('listen-in-use', 'a free address', 'another guest’s file has the same');
  if (/EPERM|EACCES|EROFS|not permitted|Permission denied/i.test(got))
    return failure('listen-denied', 'the right to enter it and to set its hop limit', 'run the metadata proxy as root');
  return failure(
    'listen-address',
    'an address of this namespace',
    'see `ip netns` and `ip -n NAMESPACE address`; iproute2 is needed',
  );
}

/** Does this connection come from the guest's own address? Its link-local ones count as such: no router passes them on. */
export function comesFrom(address: string): (socket: Socket) => boolean {
  const own = new BlockList();
  own.addAddress(address, isIPv6(address) ? 'ipv6' : 'ipv4');
  own.addSubnet('fe80::', 10, 'ipv6');
  return ({ remoteAddress = '' }) => {
    const plain = remoteAddress.replace(/^::ffff:(?=\d+\.)/, '').replace(/%.*$/, '');
    return plain !== '' && own.check(plain, isIPv6(plain) ? 'ipv6' : 'ipv4');
  };
}
