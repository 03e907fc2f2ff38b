// PollHosts with fresh evidence of 100 hosts whose TPMs take 0.1 to 1 s, and with one among them that hangs
import { fork } from 'node:child_process';
import { once } from 'node:events';
import type { TestContext } from 'node:test';
import { setTimeout as pass } from 'node:timers/promises';
import { startTestServer } from '@assay/attestation/testing';
import type { PollHostsAnswer } from '@assay/protocol';
import { median, sayGoals, sayMachine, spread } from './figures.ts';
import type { Order } from './poll-hosts/agents.ts';

const hosts = Array.from({ length: 100 }, (_, at) => `slow${at}`);
const slowestMs = 1_000;
const times = 7;
const deadlineMs = 2_000;

sayMachine();
const agents = fork(new URL('./poll-hosts/agents.ts', import.meta.url));
const [pem] = (await once(agents, 'message')) as [string];
const ends: (() => unknown)[] = [];
const life = { after: (end: () => unknown) => void ends.push(end) } as unknown as TestContext;
const server = await startTestServer(life, { softwareTpmCas: { 'ca.pem': pem }, challenge_timeout: 60 });
try {
  for (const name of hosts) await server.call('POST', '/v1/hosts', { name });
  agents.send({ url: server.url, ca: server.ca, hosts } satisfies Order);
  await once(agents, 'message');
  const learnt = await server.call('POST', '/v1/reference/learn', { host: hosts[0] });
  if (learnt.status !== 200) throw new Error(JSON.stringify(learnt.body));

  const poll = async (deadline = 20_000): Promise<{ ms: number; trusted: number }> => {
    await pass(2_100); // nothing of the question before is under way, or keeps the pace
    const began = performance.now();
    const { body } = await server.call('POST', '/AttestationService/resources/PollHosts', {
      hosts,
      timeThreshold: 0,
      deadline,
    });
    const ms = performance.now() - began;
    return { ms, trusted: (body as PollHostsAnswer).hosts.filter(({ trust_lvl }) => trust_lvl === 'trusted').length };
  };
  const over: number[] = [];
  const cpu: number[] = [];
  for (let i = 0; i <= times; i++) {
    const before = process.cpuUsage();
    const { ms, trusted } = await poll();
    const { user, system } = process.cpuUsage(before);
    if (trusted !== hosts.length) throw new Error(`${trusted} of ${hosts.length} are trusted`);
    if (i === 0) continue; // warming up
    over.push(ms - slowestMs);
    cpu.push((user + system) / 1000);
  }
  agents.send('hang');
  const hung = await poll(deadlineMs);
  if (hung.trusted !== hosts.length - 1) throw new Error(`${hung.trusted} are trusted beside one that hangs`);
  console.log(`PollHosts, \`timeThreshold\` 0, ${hosts.length} hosts, quotes of 100 to ${slowestMs} ms:

| | |
| --- | --- |
| over the slowest TPM | ${spread(over, 'ms')} |
| CPU of the server for it | ${spread(cpu, 'ms')} |
| one that hangs, deadline ${deadlineMs} ms | ${hung.ms.toFixed(0)} ms, ${hung.trusted} trusted |
`);
  const late = hung.ms - deadlineMs;
  sayGoals([
    {
      what: 'fresh evidence of 100 hosts',
      seen: `+ ${median(over).toFixed(0)} ms`,
      goal: 'slowest TPM + 50 ms',
      met: median(over) <= 50,
    },
    { what: 'beside one that hangs', seen: `+ ${late.toFixed(0)} ms`, goal: 'deadline + 50 ms', met: late <= 50 },
  ]);
} finally {
  agents.send('end');
  for (const end of ends.reverse()) await end();
}
