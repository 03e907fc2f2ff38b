// What did this host boot? Claims in the words of an operator, from events whose digest vouches for them and from nothing else.
// A claim is as good as the quote over the PCRs of its events; whether what it names is good is for appraisal to say.
import type { HashName } from '@assay/tpm/structures';
import type { Role } from '../components.ts';

/** What is claimed, and the events (numbers in the log) it rests on. */
export type Claim<T> = { readonly value: T; readonly events: readonly number[] };

/** Something that was measured: its digest is proven, its name is what the log calls it. */
export type MeasuredThing = {
  pcr: number;
  /** What was measured, in words: `kernel file`. As `componentsOf` has it. */
  role: Role;
  /** Hex, by bank; those asked for. */
  digests: Partial<Record<HashName, string>>;
  /** Unverified text: a path, a device path, the name of a firmware volume. Escaped, one line. */
  name: string;
};

/** One certificate or hash of PK, KEK, db, dbx, MokList, … in words. */
export type KeyEntry = {
  /** `x509`, `sha256`, …, or the GUID of another kind. */
  type: string;
  /** GUID of whoever put it there. */
  owner: string;
  /** Subject of a certificate (escaped), hex of a hash. */
  name: string;
  /** SHA-256 over the entry's data, hex. */
  fingerprint: string;
};

export type Claims = {
  /** EV_S_CRTM_VERSION; empty: the firmware gives none. */
  firmwareVersion?: Claim<string>;
  /** Code of the platform's firmware and of its drivers and option ROMs. */
  firmware: readonly Claim<MeasuredThing>[];
  secureBoot?: Claim<'on' | 'off'>;
  /** Whether shim verifies what it starts: its variable MokSBState, which it measures only where somebody set it. */
  shimValidation?: Claim<'on' | 'off'>;
  /** By name of the variable: PK, KEK, db, dbx, … */
  secureBootKeys: Readonly<Record<string, Claim<readonly KeyEntry[]>>>;
  /** The keys that vouched for what was started: EV_EFI_VARIABLE_AUTHORITY. Behind the separator PCR 7 is open to root: one may have been added. */
  authorities: readonly Claim<KeyEntry>[];
  /** SBAT revocation level: the text of shim's variable SbatLevel. Behind the separator, as `authorities`. */
  sbatLevel?: Claim<string>;
  /** PCR 4 is open to root as well: each was measured, not each has to have been started. So for `kernel`. */
  bootLoader: readonly Claim<MeasuredThing>[];
  kernel: readonly Claim<MeasuredThing>[];
  initrd: readonly Claim<MeasuredThing>[];
  /**
   * In GRUB's words it begins with the path of the kernel. As GRUB, systemd or the kernel measured it, or as root did afterwards: PCR 8, 9 and 12
   * stay open while the system runs. Withheld when anything in the log may be another one.
   */
  commandLine?: Claim<string>;
  /** Of Xen, without its path. */
  hypervisorCommandLine?: Claim<string>;
  /** The command line as the kernel measured it: its digest alone, the log does not have its text. */
  loadOptions: readonly Claim<MeasuredThing>[];
  /** Xen or another hypervisor started before the kernel; empty: the kernel is the hypervisor. */
  hypervisor: readonly Claim<MeasuredThing>[];
  /** What a unified kernel image holds beside kernel and initrd, and what was added to it (PCR 11–13). */
  operatingSystem: readonly Claim<MeasuredThing>[];
  /** What could not be claimed, and why: an event is missing, malformed, or its digest does not vouch for its data. */
  withheld: readonly Withheld[];
};

export type ClaimName = Exclude<keyof Claims, 'withheld'>;

export type Withheld = { claim: ClaimName; reason: string; events: readonly number[] };
