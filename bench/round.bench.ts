// CPU of one attestation round in server, agent and software TPM, beside the bare signature check
import { createPrivateKey, createPublicKey, generateKeyPairSync, sign, verify } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Agent } from 'node:https';
import { httpsRequest } from '@assay/daemon';
import { startLab } from '../test/lab.ts';
import { cpuMs, sayMachine, spread } from './figures.ts';

const rounds = 200;
const times = 5;

sayMachine();
const lab = await startLab();
try {
  const { units } = JSON.parse((await lab.cli('lab', 'status', '--json', ...lab.state)).stdout) as {
    units: { name: string; pid: number }[];
  };
  const pidOf = (name: string) => units.find((unit) => unit.name === name)?.pid ?? process.pid;
  const watched = { server: 'attestation-server', agent: 'node1-agent', tpm: 'node1-tpm' } as const;
  const ca = readFileSync(String(lab.env['ASSAY_CA_FILE']), 'utf8');
  const blob = readFileSync(String(lab.env['ASSAY_AUTH_BLOB_FILE']), 'utf8').trim();
  const agent = new Agent({ keepAlive: true, ca });
  // Start permissions ask at once; questions would wait a second for each other.
  const attest = () =>
    httpsRequest({
      url: `${lab.env['ASSAY_SERVER']}/v1/tickets`,
      method: 'POST',
      body: { instance_id: '7f0f5a5e-0f3e-4a57-9c6d-3f3e0c9f6a11', host: 'node1' },
      headers: { 'x-auth-blob': blob },
      ca,
      agent,
      timeoutMs: 20_000,
      maxBytes: 1 << 20,
    });
  const seen: Record<keyof typeof watched | 'wall', number[]> = { server: [], agent: [], tpm: [], wall: [] };
  for (let i = 0; i <= times; i++) {
    const before = Object.values(watched).map((name) => cpuMs(pidOf(name)));
    const began = performance.now();
    for (let round = 0; round < rounds; round++) {
      const { status, body } = await attest();
      if (status !== 200) throw new Error(body.toString());
    }
    if (i === 0) continue; // warming up
    seen.wall.push((performance.now() - began) / rounds);
    Object.entries(watched).forEach(([part, name], at) => {
      seen[part as keyof typeof watched].push((cpuMs(pidOf(name)) - (before[at] ?? 0)) / rounds);
    });
  }
  agent.destroy();
  const floor = signatureMs();
  const ratio = (figures: number[]) => `${Math.round(figures.reduce((a, b) => a + b) / figures.length / floor)} ×`;
  console.log(`one round for a start permission (challenge, quote, verification, verdict stored, ticket signed), ${rounds} in a row:

| part | CPU a round | of one ECDSA P-256 check (${(floor * 1000).toFixed(0)} µs) |
| --- | --- | --- |
| attestation server, REST and ticket included | ${spread(seen.server, 'ms', 2)} | ${ratio(seen.server)} |
| agent | ${spread(seen.agent, 'ms', 2)} | ${ratio(seen.agent)} |
| swtpm | ${spread(seen.tpm, 'ms', 2)} | ${ratio(seen.tpm)} |
| wall clock, all of it | ${spread(seen.wall, 'ms', 2)} | |`);
} finally {
  await lab.stop();
}

/** The raw limit in this run: one signature checked with a key object that is kept. */
function signatureMs(): number {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  const key = createPublicKey(createPrivateKey(privateKey.export({ type: 'pkcs8', format: 'pem' })));
  const data = Buffer.alloc(145, 1);
  const signature = sign('sha256', data, privateKey);
  const count = 5000;
  const began = process.cpuUsage();
  for (let i = 0; i < count; i++) if (!verify('sha256', data, key, signature)) throw new Error('no');
  const { user, system } = process.cpuUsage(began);
  return (user + system) / 1000 / count;
}
