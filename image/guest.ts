// A guest in QEMU as compute-host starts one, and what it says on its console. QEMU never runs as root, in tests too.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { chownSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

const root = process.getuid?.() === 0;
const owner = root ? { uid: 65534, gid: 65534 } : {};

export type GuestOptions = {
  readonly instance: { readonly id: string; readonly address: string; readonly mac: string };
  /** With kernel and initrd. */
  readonly image: string;
  /** The metadata proxy's socket for it, in a folder of its own, which becomes this guest's. */
  readonly socket: string;
  /** MiB */
  readonly memory?: number;
};

export class Guest {
  readonly dir: string;
  readonly qemu: ChildProcess;
  console = '';
  readonly #changed = new EventEmitter();

  constructor({ instance: { id, address, mac }, image, socket, memory = 256 }: GuestOptions) {
    this.dir = dirname(socket);
    if (root) chownSync(this.dir, owner.uid ?? 0, owner.gid ?? 0);
    const forward = `guestfwd=tcp:169.254.169.254:80-cmd:socat -T60 STDIO UNIX-CONNECT:${basename(socket)}`;
    const machine = '-M pc -accel tcg -cpu max -nodefaults -no-user-config -display none'.split(' ');
    const network = `user,id=n,ipv6=off,restrict=on,net=169.254.0.0/16,dhcpstart=${address},${forward}`;
    this.qemu = spawn(
      'qemu-system-x86_64',
      [
        ...[...machine, '-m', `${memory}`],
        ...['-smbios', `type=1,manufacturer=Assay,product=OpenStack Compute,uuid=${id}`],
        ...['-kernel', join(image, 'kernel'), '-initrd', join(image, 'initrd'), '-append', 'console=ttyS0 quiet'],
        ...['-netdev', network, '-device', `virtio-net-pci,netdev=n,mac=${mac}`],
        ...['-serial', 'stdio', '-qmp', 'unix:qmp.sock,server=on,wait=off'],
      ],
      { cwd: this.dir, stdio: ['ignore', 'pipe', 'inherit'], ...owner },
    );
    this.qemu.stdout?.on('data', (part) => {
      this.console += part;
      this.#changed.emit('change');
    });
    this.qemu.on('exit', () => this.#changed.emit('change'));
  }

  /** Resolves when the console has this; rejects when the guest ends without. */
  async says(text: string): Promise<void> {
    while (!this.console.includes(text)) {
      assert.equal(this.qemu.exitCode, null, `the guest ended; its console: ${this.console}`);
      await once(this.#changed, 'change');
    }
  }

  /** What stands on its console behind `by: label: `, once each line. */
  lines(by: string, label: string): string[] {
    const said = new RegExp(`^${by}: ${label}: (.*?)\\r?$`, 'gm');
    return [...this.console.matchAll(said)].map(([, text = '']) => text);
  }

  end(): void {
    this.qemu.kill('SIGKILL');
  }
}
