// Runs inside a network namespace, for as long as it takes to hand a listening socket to the proxy. Before it listens, what is
// sent from this namespace gets a hop limit of 1: an answer reaches the guest on its link and dies at any router.
//   node namespace-child.ts HOST PORT BACKLOG
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';

const [host = '', port = '', backlog = ''] = process.argv.slice(2);
const v6 = '/proc/sys/net/ipv6/conf';
const fail = (error: unknown) => {
  process.stderr.write(error instanceof Error ? error.message : String(error));
  process.exit(1);
};
try {
  writeFileSync('/proc/sys/net/ipv4/ip_default_ttl', '1');
  for (const link of existsSync(v6) ? readdirSync(v6) : []) writeFileSync(`${v6}/${link}/hop_limit`, '1');
} catch (error) {
  fail(error);
}
const server = createServer();
server.on('error', fail);
process.once('disconnect', () => process.exit(0));
server.listen({ host, port: Number(port), backlog: Number(backlog) }, () => {
  process.send?.('listening', server, () => server.close()); // whoever connects is the proxy's to serve
});
