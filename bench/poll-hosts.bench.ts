// PollHosts for 10,000 hosts with verdicts there are, beside a bare HTTPS server that reads and sends as much
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { Agent, request } from 'node:https';
import { cpuMs, median, ratio, sayGoals, sayMachine, spread } from './figures.ts';
import type { Started } from './poll-hosts/server.ts';

const hosts = 10_000;
const turns = 5;
const questions = 40;

sayMachine();
const child = fork(new URL('./poll-hosts/server.ts', import.meta.url), [String(hosts)], { stdio: 'inherit' });
const [started] = (await once(child, 'message')) as [Started];
const agent = new Agent({ keepAlive: true, ca: started.ca, maxSockets: 1 });
const names = Array.from({ length: hosts }, (_, at) => `compute-${String(at).padStart(5, '0')}.rack${at % 40}.example`);
const body = JSON.stringify({ count: hosts, hosts: names });

/** @returns milliseconds until the last byte is there, and the text */
async function ask(url: string, headers: Record<string, string> = {}): Promise<{ ms: number; text: string }> {
  const began = performance.now();
  const sent = request(url, {
    method: 'POST',
    agent,
    headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body), ...headers },
  });
  sent.end(body);
  const [response] = await once(sent, 'response');
  const parts: Buffer[] = [];
  for await (const part of response) parts.push(part);
  const ms = performance.now() - began;
  const text = Buffer.concat(parts).toString();
  if (response.statusCode !== 200) throw new Error(text);
  return { ms, text };
}

try {
  const polled = () => ask(`${started.url}/AttestationService/resources/PollHosts`, { 'x-auth-blob': started.blob });
  const { text } = await polled();
  const { hosts: entries } = JSON.parse(text) as { hosts: { trust_lvl: string }[] };
  if (entries.filter(({ trust_lvl }) => trust_lvl === 'trusted').length !== hosts * 0.98)
    throw new Error(text.slice(0, 500));
  const works = { ours: polled, bare: () => ask(started.bareUrl, { answer: String(text.length) }) };
  const cpu: Record<keyof typeof works, number[]> = { ours: [], bare: [] };
  const wall: Record<keyof typeof works, number[]> = { ours: [], bare: [] };
  for (let turn = 0; turn <= turns; turn++)
    for (const name of ['ours', 'bare'] as const) {
      const before = cpuMs(child.pid as number);
      const times: number[] = [];
      for (let i = 0; i < questions; i++) times.push((await works[name]()).ms);
      if (turn === 0) continue; // warming up
      cpu[name].push((cpuMs(child.pid as number) - before) / questions);
      wall[name].push(...times);
    }
  const p99 = wall.ours.sort((a, b) => a - b)[Math.floor(wall.ours.length * 0.99)] ?? NaN;
  console.log(`one PollHosts for ${hosts} hosts, ${(text.length / 1e6).toFixed(2)} MB of answer, ${questions} in a row:

| server | CPU a question | time until the last byte |
| --- | --- | --- |
| Assay | ${spread(cpu.ours, 'ms')} | ${spread(wall.ours, 'ms')} |
| bare, reads and sends as much | ${spread(cpu.bare, 'ms')} | ${spread(wall.bare, 'ms')} |

Assay’s CPU is ${ratio(cpu.ours, cpu.bare).toFixed(1)} × the bare server’s.
`);
  sayGoals([
    { what: 'PollHosts for 10,000 hosts, p99', seen: `${p99.toFixed(1)} ms`, goal: '≤ 30 ms', met: p99 <= 30 },
    { what: 'its CPU', seen: `${median(cpu.ours).toFixed(1)} ms`, goal: '≤ 30 ms', met: median(cpu.ours) <= 30 },
  ]);
} finally {
  agent.destroy();
  if (child.connected) child.send('end');
}
