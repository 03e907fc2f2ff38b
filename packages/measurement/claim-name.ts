// What is this a measurement of, in the words by which single measurements are known good? The role, and of a UEFI variable which one.
// Said by the log and proven by nothing: it decides which values a digest is looked for among, never whether it is there.
import { escaped } from '@assay/core';
import type { Attribution } from './components.ts';
import type { EventOf } from './event-log/event.ts';
import { globalVariable, imageSecurityDatabase, shimLock } from './uefi/variable-meaning.ts';

/** `kernel image`, `initrd file`, `secure boot db`, `boot order`, …; never longer than 100 characters. */
export function claimNameOf({ event, role }: Pick<Attribution, 'event' | 'role'>): string {
  return event.kind === 'variable' && event.content ? variableClaim(event.type, event.content) : role;
}

const longestName = 60;

/** By vendor and name together: a look-alike is a variable like any other. */
const known: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  [globalVariable]: {
    SecureBoot: 'secure boot state',
    PK: 'secure boot PK',
    KEK: 'secure boot KEK',
    SetupMode: 'secure boot SetupMode',
    AuditMode: 'secure boot AuditMode',
    DeployedMode: 'secure boot DeployedMode',
    BootOrder: 'boot order',
    DriverOrder: 'driver order',
    SysPrepOrder: 'system preparation order',
  },
  [imageSecurityDatabase]: {
    db: 'secure boot db',
    dbx: 'secure boot dbx',
    dbt: 'secure boot dbt',
    dbr: 'secure boot dbr',
  },
  [shimLock]: { SbatLevel: 'SBAT level', SbatLevelRT: 'SBAT level' },
};
const option = /^(Boot|Driver|SysPrep|PlatformRecovery)[0-9A-Fa-f]{4}$/;
const options: Readonly<Record<string, string>> = {
  Boot: 'boot option',
  Driver: 'driver option',
  SysPrep: 'system preparation option',
  PlatformRecovery: 'recovery option',
};

function variableClaim(type: string, { guid, name, meaning }: NonNullable<EventOf<'variable'>['content']>): string {
  if (type === 'EV_EFI_VARIABLE_AUTHORITY' && (meaning.is === 'authority' || meaning.is === 'malformed'))
    return 'secure boot authority';
  const names = known[guid];
  if (names && Object.hasOwn(names, name)) return names[name] ?? '';
  const kind = guid === globalVariable ? option.exec(name)?.[1] : undefined;
  if (kind) return options[kind] ?? '';
  const shown = escaped(name.slice(0, longestName));
  return `UEFI variable ${shown.length > longestName ? `${shown.slice(0, longestName)}…` : shown}`;
}
