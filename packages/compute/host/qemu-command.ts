// With which words is QEMU started? Nothing of the machine around it is in reach of the guest but its metadata.
import type { InstanceSpec } from '../link/index.ts';
import type { Accelerator } from './accelerator.ts';

/** File descriptors QEMU inherits: it opens no path of this machine itself. */
export const descriptors = { kernel: 3, ramdisk: 4, monitor: 5, console: 6 } as const;

/** Names of files in the instance's folder, QEMU's working folder. */
export const monitorSocket = 'qmp.sock';
export const consoleLog = 'console.log';
export const metadataSocket = 'metadata.sock';

/** The guest is paused until `cont`; it stays there when it has powered off, so that nobody misses that. */
export function qemuArguments(spec: InstanceSpec, accelerator: Accelerator): string[] {
  // restrict: no way to this machine, its network or its loopback; only the one address below. A socat a connection, since
  // a chardev has one connection at a time; -T: a guest that says nothing more keeps no process.
  const network = [
    'user,id=net0,ipv6=off,restrict=on,net=169.254.0.0/16',
    `dhcpstart=${spec.address}`,
    `guestfwd=tcp:169.254.169.254:80-cmd:socat -T60 STDIO UNIX-CONNECT:${metadataSocket}`,
  ].join(',');
  return [
    '-name',
    `guest=${spec.id}`,
    '-uuid',
    spec.id,
    ...['-machine', 'pc', '-accel', accelerator, '-cpu', 'max'],
    ...['-m', `${spec.memory_mb}`, '-smp', `${spec.vcpus}`],
    ...['-nodefaults', '-no-user-config', '-display', 'none', '-S', '-action', 'shutdown=pause'],
    // No spawn=deny: socat is started. No elevateprivileges=deny: it forbids setsid, which that start calls; no_new_privs holds.
    ...['-sandbox', 'on,obsolete=deny,resourcecontrol=deny'],
    ...['-chardev', `socket,id=monitor,fd=${descriptors.monitor},server=on,wait=off`],
    ...['-mon', 'chardev=monitor,mode=control'],
    ...['-add-fd', `set=1,fd=${descriptors.console}`],
    ...['-chardev', 'file,id=console,path=/dev/fdset/1,append=on', '-serial', 'chardev:console'],
    ...['-netdev', network, '-device', `virtio-net-pci,netdev=net0,mac=${spec.mac},romfile=`],
    ...['-smbios', `type=1,manufacturer=Assay,product=OpenStack Compute,uuid=${spec.id}`],
    ...['-kernel', `/proc/self/fd/${descriptors.kernel}`, '-initrd', `/proc/self/fd/${descriptors.ramdisk}`],
    ...['-append', 'console=ttyS0 quiet'],
  ];
}
