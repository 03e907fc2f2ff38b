// What a platform does to its TPM and no command can: switch it on, choose the locality, launch dynamically. swtpm offers it on
// a control channel beside the TPM's own: at PATH.ctrl, over TCP on the port behind the TPM's. A TPM in hardware has none.
import type { Socket } from 'node:net';
import { AssayError, encode, sized, u8, u32 } from '@assay/core';
import { late, within } from './deadline.ts';
import { connected } from './socket.ts';
import { parseSpec } from './spec.ts';

/** Commands of swtpm's control channel, by number (swtpm, `tpm_ioctl.h`). */
const numbers = { init: 2, setLocality: 5, hashStart: 6, hashData: 7, hashEnd: 8, stop: 14 } as const;

const answerTimeoutMs = 10_000;
/** How much is hashed at a time. */
const hashPart = 4096;

export type SwtpmControl = {
  /** As a power cycle: PCRs are zero, loaded keys gone. The TPM still has to be started, unless swtpm was told to do that. */
  init(): Promise<void>;
  /** From now on commands come from this locality, 0–4, for all who use this TPM. */
  setLocality(locality: number): Promise<void>;
  /** As SENTER and SKINIT do: zeroes PCRs 17–22 and extends PCR 17 with the hash of what is launched, at locality 4. */
  dynamicLaunch(launched: Uint8Array): Promise<void>;
  /** The TPM is off; swtpm goes on, until `init`. */
  stop(): Promise<void>;
  close(): void;
};

/**
 * @param spec of the TPM, as for `openTpm`
 * @throws AssayError `tpm-spec` when it is no software TPM, `tpm-open`; its methods: `tpm-control` when swtpm refuses, `tpm-timeout`
 */
export async function openSwtpmControl(spec: string): Promise<SwtpmControl> {
  const meant = parseSpec(spec);
  const where = `control channel of ${spec}`;
  if (meant.kind === 'character') throw new AssayError('tpm-spec', `TPM ${spec}`, 'a software TPM (swtpm:…)', spec);
  const address = meant.kind === 'unix' ? { ...meant, path: `${meant.path}.ctrl` } : { ...meant, port: meant.port + 1 };
  const socket = await connected(address).catch((cause) => {
    throw new AssayError('tpm-open', where, 'a control channel', cause, { cause, hint: 'start swtpm with --ctrl' });
  });
  const send = (command: keyof typeof numbers, body: Uint8Array = new Uint8Array()) =>
    exchange(socket, Buffer.concat([encode(u32, numbers[command]), body]), `${where}: ${command}`);
  return {
    init: () => send('init', encode(u32, 0)),
    setLocality: (locality) => send('setLocality', encode(u8, locality)),
    async dynamicLaunch(launched) {
      await send('hashStart');
      for (let at = 0; at < launched.length; at += hashPart)
        await send('hashData', encode(sized(hashPart, u32), launched.subarray(at, at + hashPart)));
      await send('hashEnd');
    },
    stop: () => send('stop'),
    close: () => void socket.destroy(),
  };
}

/** Every command is answered by four bytes: a TPM_RESULT, zero for success. */
async function exchange(socket: Socket, command: Uint8Array, where: string): Promise<void> {
  const answer = new Promise<Buffer>((resolve, reject) => {
    let got = Buffer.alloc(0);
    const gone = () => reject(new AssayError('tpm-gone', where, 'an answer', 'the channel is closed'));
    const hear = (data: Buffer) => {
      got = Buffer.concat([got, data]);
      if (got.length < 4) return;
      socket.off('data', hear).off('close', gone).off('error', gone);
      resolve(got);
    };
    socket.on('data', hear).once('close', gone).once('error', gone);
    if (socket.destroyed) gone();
  });
  socket.write(command);
  const result = await within(answer, answerTimeoutMs, () => late(where, answerTimeoutMs));
  if (result.length !== 4 || result.readUInt32BE(0) !== 0)
    throw new AssayError('tpm-control', where, 'success', result);
}
