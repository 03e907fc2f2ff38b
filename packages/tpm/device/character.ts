// A TPM behind a device file: /dev/tpmrm0 (the kernel's resource manager between) or /dev/tpm0 (nothing between).
import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { AssayError } from '@assay/core';
import { longestResponse, responseLength } from '../commands/command.ts';
import { late, within } from './deadline.ts';
import type { TpmDevice } from './device.ts';
import { busy } from './socket.ts';

const hints: Record<string, string> = {
  ENOENT: 'there is no TPM: enable it in the firmware set-up, or the kernel has no driver for it',
  EACCES: 'run as root, or as a member of the group that owns the device (tss)',
  EPERM: 'run as root, or as a member of the group that owns the device (tss)',
  ENXIO: 'this is not a device file; for a software TPM write swtpm:path=…',
};

/**
 * @param timeoutMs how long to wait while another program has /dev/tpm0 open
 * @throws AssayError `tpm-open`, `tpm-busy`
 */
export async function openCharacter(path: string, where: string, timeoutMs: number): Promise<TpmDevice> {
  const end = performance.now() + timeoutMs;
  for (;;) {
    try {
      const file = await open(path, constants.O_RDWR | constants.O_NOCTTY);
      if ((await file.stat()).isCharacterDevice()) return new CharacterDevice(file, where, /tpmrm\d*$/.test(path));
      await file.close();
      throw new AssayError('tpm-open', `TPM ${where}`, 'a device file', 'a file of another kind');
    } catch (cause) {
      if (cause instanceof AssayError) throw cause;
      const code = (cause as NodeJS.ErrnoException).code ?? '';
      if (code !== 'EBUSY')
        throw new AssayError('tpm-open', `TPM ${where}`, 'a TPM device', cause, { cause, hint: hints[code] ?? '' });
      if (performance.now() >= end) throw busy(where, timeoutMs, cause);
      await sleep(20);
    }
  }
}

class CharacterDevice implements TpmDevice {
  readonly where: string;
  readonly managed: boolean;
  readonly #file: FileHandle;
  #ended: AssayError | undefined;

  constructor(file: FileHandle, where: string, managed: boolean) {
    this.#file = file;
    this.where = where;
    this.managed = managed;
  }

  async transmit(command: Uint8Array, timeoutMs: number): Promise<Uint8Array> {
    if (this.#ended) throw this.#ended;
    try {
      return await within(this.#exchange(command), timeoutMs, () => late(this.where, timeoutMs));
    } catch (cause) {
      this.#ended =
        cause instanceof AssayError
          ? cause
          : new AssayError('tpm-gone', `TPM ${this.where}`, 'a working device', cause, { cause });
      void this.close();
      throw this.#ended;
    }
  }

  /** The kernel takes a command in one write and gives its response from one read; other drivers may give it in parts. */
  async #exchange(command: Uint8Array): Promise<Uint8Array> {
    const { bytesWritten } = await this.#file.write(command);
    if (bytesWritten !== command.length) throw this.#broken(`${bytesWritten} of ${command.length} bytes written`);
    const buffer = new Uint8Array(longestResponse);
    for (let at = 0; ; ) {
      const { bytesRead } = await this.#file.read(buffer, at, buffer.length - at, null);
      if (bytesRead === 0) throw this.#broken(`the response ends after ${at} bytes`);
      at += bytesRead;
      if (at < 6) continue;
      const length = responseLength(buffer, `TPM ${this.where}`);
      if (at > length) throw this.#broken('more bytes than the response has');
      if (at === length) return buffer.subarray(0, length);
    }
  }

  #broken(got: string): AssayError {
    return new AssayError('tpm-gone', `TPM ${this.where}`, 'a whole response', got);
  }

  async close(): Promise<void> {
    const stuck = this.#ended?.code === 'tpm-timeout';
    this.#ended ??= new AssayError('tpm-gone', `TPM ${this.where}`, 'an open device', 'closed here');
    const closed = this.#file.close().catch(() => undefined);
    if (!stuck) await closed; // after a timeout the kernel still holds the read; it ends when the TPM answers
  }
}
