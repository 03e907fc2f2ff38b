// `assay up`: from nothing, or from what an earlier start left, to a cloud whose hosts have been attested.
import { relative } from 'node:path';
import { hostTable } from '../operator/show-hosts.ts';
import { bootstrapCompute } from './bootstrap.ts';
import { compileServices } from './compiled.ts';
import { down } from './down.ts';
import { interruptedText, onInterrupt } from './interrupt.ts';
import { lockLab } from './lab-lock.ts';
import { layout } from './layout.ts';
import { endLeftovers, livingSupervisor } from './leftovers.ts';
import { prepareFiles, prepareImage, prepareSettings, prepareTpms } from './prepare.ts';
import { runSteps } from './progress.ts';
import { checkRequirements, checkStateFolder } from './requirements.ts';
import type { Secrets } from './secrets.ts';
import { type Lab, openLab, readSettings } from './settings.ts';
import { defaultState } from './state.ts';
import { giveOrder } from './supervisor/control.ts';
import { startSupervisor } from './supervisor-process.ts';
import { trustOf } from './trust.ts';
import { servers, servicesOf, tpmOf } from './units.ts';

type Made = { lab: Lab; secrets: Secrets; eks: Map<string, string> };

/** @param autoPorts take free ports instead of those operators know */
export async function up(state: string, autoPorts: boolean): Promise<void> {
  const began = performance.now();
  checkRequirements();
  checkStateFolder(layout(state).root);
  const unlock = lockLab(layout(state));
  const isDefault = layout(state).root === layout(defaultState).root;
  const left = () =>
    interruptedText(livingSupervisor(layout(state)) !== undefined, isDefault ? '' : ` --state ${state}`);
  const listenNoMore = onInterrupt(left, unlock);
  try {
    const already = await alreadyUp(state);
    if (!already) await bringUp(state, autoPorts);
    const lab = openLab(state);
    console.log(hostTable(await trustOf(lab).list()));
    const seconds = ((performance.now() - began) / 1000).toFixed(1);
    console.log(`\n${already ? 'The cloud is up already' : `The cloud is up after ${seconds} s`}. ${nextSteps(lab)}`);
  } finally {
    listenNoMore();
    unlock();
  }
}

/** Everything the lab consists of runs. */
async function alreadyUp(state: string): Promise<boolean> {
  const paths = layout(state);
  if (!livingSupervisor(paths)) return false;
  const units = await giveOrder(paths.supervisorSocket, { order: 'status' }).catch(() => []);
  return units.length > 0 && units.every((unit) => unit.state === 'ready');
}

async function bringUp(state: string, autoPorts: boolean): Promise<void> {
  const since = new Date();
  const running = livingSupervisor(layout(state)) !== undefined;
  const first = readSettings(layout(state)) === undefined;
  const made = {} as Made;
  const order = (units: string[]) => giveOrder(made.lab.paths.supervisorSocket, { order: 'start', units });
  const hostNames = () => made.lab.settings.hosts.map(({ name }) => name);
  const steps = [
    {
      title: 'settings, certificates, secrets',
      task: async () => {
        // What a supervisor runs has its ports and keeps them; what none runs would be in the way.
        if (!running) await endLeftovers(layout(state));
        made.lab = running ? openLab(state) : await prepareSettings(state, autoPorts);
        made.secrets = await prepareFiles(made.lab);
      },
    },
    {
      title: 'guest image and software TPMs',
      task: async () => {
        const { lab } = made;
        const work = [prepareImage(lab.paths), ...(first ? [compileServices()] : [])];
        [made.eks] = await Promise.all([prepareTpms(lab), ...work]);
      },
    },
    {
      title: 'users, flavors, image',
      task: () => bootstrapCompute(made.lab, made.secrets),
    },
    {
      title: 'attestation server, compute API, metadata API',
      task: async () => {
        if (!running) await startSupervisor(made.lab.paths);
        await order([...servers, ...hostNames().map(tpmOf)]);
      },
    },
    {
      title: 'hosts',
      task: async () => {
        await trustOf(made.lab).policy();
        await trustOf(made.lab).register(made.eks);
        await order(hostNames().flatMap(servicesOf));
      },
    },
    {
      title: 'evidence of every host',
      task: async () => {
        const trust = trustOf(made.lab);
        await trust.attested(since);
        await trust.learn();
      },
    },
    { title: 'verdicts', task: () => trustOf(made.lab).decided(since) },
  ];
  try {
    await runSteps(steps);
    console.log();
  } catch (error) {
    // Half a cloud helps nobody; the logs stay. A cloud that was up before is not ours to end.
    if (made.lab && !running) await down(made.lab);
    throw error;
  }
}

function nextSteps({ paths, settings: { ports } }: Lab): string {
  return `To try it:

  source ${shown(paths.openrc)}
  nova keypair-add --pub-key ~/.ssh/id_ed25519.pub mykey
  nova flavor-key m1.tiny set trust:trusted_host=trusted
  nova boot --flavor m1.tiny --key-name mykey --image assay-mini --poll web1
  nova show web1

The attestation server has OAT's API on ports ${ports.attestation} and ${ports.oat}; its secrets are in ${shown(paths.attestation.dir)}.
The whole story: make demo. To stop: make down.`;
}

/** As short as it can be typed here. */
function shown(path: string): string {
  const near = relative(process.cwd(), path);
  return near.startsWith('..') ? path : near;
}
