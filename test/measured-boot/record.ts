// Records a boot: the host boots, its own agent answers one challenge over all PCRs, and what the kernel shows of logs and lists
// is kept beside the answer.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AssayError } from '@assay/core';
import { type ClaimedEvidence, fromBase64, type PcrWish } from '@assay/protocol';
import { startAsker } from './asker.ts';
import type { NamedBoot } from './boots.ts';
import { layHost } from './host.ts';

export type RecorderWish = {
  /** Temporary, for sockets and disks; a short path. */
  folder: string;
  parts: string;
  tpmState: string;
  tpmCa: string;
};

/** What lies in a recording's `boot.json`. Byte strings are Base64, PCR values hex. */
export type BootFile = {
  shows: string;
  made: {
    chain: string;
    secure_boot: boolean;
    kernel: string;
    command_line: string;
    ima_policy: readonly string[];
    ima_signer?: string;
  };
  recorded_at: string;
  nonce: string;
  pcrs: PcrWish[];
  /** ClaimedEvidence without its logs, which are files of their own. */
  evidence: Omit<ClaimedEvidence, 'event_log' | 'ima_log'>;
};
/** Of the host: what enrolment proved of its TPM. */
export type HostFile = { ek_certificate: string; ek_public: string; ak_public: string };

/** Writes boot.json, event-log.bin, ima.bin, ima.txt into `to`. @returns what goes into host.json */
export async function recordBoot(boot: NamedBoot, to: string, wish: RecorderWish): Promise<HostFile> {
  await mkdir(join(wish.folder, 'pki'), { recursive: true });
  const asker = await startAsker(join(wish.folder, 'pki'));
  const host = await layHost({
    ...wish,
    folder: join(wish.folder, 'host'),
    name: 'node1',
    server: asker,
    imaPolicy: boot.imaPolicy,
  });
  const agent = asker.next();
  agent.catch(() => undefined);
  const machine = await host.boot(boot);
  try {
    const { enrol, challenge } = await machine.during(agent);
    if (boot.violation) {
      await machine.order('run greet');
      await machine.order('violation');
    }
    const recorded_at = new Date().toISOString();
    const { nonce, wanted, evidence } = await machine.during(challenge());
    await machine.order('record');
    await machine.stop();
    const { event_log, ima_log, ...rest } = evidence;
    if (!ima_log || ima_log.more)
      throw new AssayError('measured-boot', 'IMA list', 'a whole one', ima_log?.more ?? 'none');
    const file: BootFile = {
      shows: boot.shows,
      made: {
        chain: boot.chain,
        secure_boot: boot.secureBoot,
        kernel: (await host.left('record/uname')).toString().trim(),
        command_line: (await host.left('record/cmdline')).toString().trim(),
        ima_policy: boot.imaPolicy,
        ...(boot.violation && { ima_signer: host.signer }),
      },
      recorded_at,
      nonce,
      pcrs: wanted,
      evidence: rest,
    };
    await mkdir(to, { recursive: true });
    await writeFile(join(to, 'boot.json'), linesOf(file));
    await writeFile(join(to, 'event-log.bin'), fromBase64(event_log, 'event_log'));
    await writeFile(join(to, 'ima.bin'), fromBase64(ima_log.data, 'ima_log'));
    await writeFile(join(to, 'ima.txt'), await host.left('record/ima.txt'));
    return { ek_certificate: enrol.ek_certificate, ek_public: enrol.ek_public, ak_public: enrol.ak_public };
  } finally {
    await machine.kill();
    await asker.close();
  }
}

/** JSON with a line for each field. */
const linesOf = (file: BootFile) =>
  `{\n${Object.entries(file)
    .map(([name, value]) => `${JSON.stringify(name)}: ${JSON.stringify(value)}`)
    .join(',\n')}\n}\n`;
