// Findings on the boot log: whether it explains what the TPM signed, and whether a boot goes as it says.
// The rules of order below are broken by healthy machines as well: a policy may allow those, and the comparison with what is known
// good, event by event, still holds for all the log says.
import type { FindingKind } from './kind.ts';

const lied = 'The log was changed, or something was measured past it. Look at the host as at one that was broken into.';
const compared = 'each event is still compared with what is known good';

export const bootLogFindings = {
  'log-empty': {
    weight: 'untrusted',
    meaning: 'The boot log is empty.',
    remedy:
      'Start the kernel through its EFI stub (GRUB: linuxefi or a recent linux), and load the TPM’s driver at boot.',
  },
  'log-left-out': {
    weight: 'unknown',
    meaning: 'The host left its boot log out, as one the server has already, and the server does not have it any more.',
    remedy: 'Nothing: the host is asked again, for all of it.',
  },
  'log-broken': {
    weight: 'untrusted',
    meaning:
      'The boot log ends in the middle of an event, bytes stand behind its last event, or it has more than 8,192 events.',
    remedy:
      'Compare with assay evidence show on the host. Update firmware and kernel; a log cut by a full log area is theirs.',
  },
  'log-header': {
    weight: 'untrusted',
    meaning: 'The header of the log (Spec ID event) is of another version than 2.0, or comes a second time.',
    remedy: lied,
  },
  'log-no-digest': {
    weight: 'untrusted',
    meaning: 'An event has no digest in the bank that was quoted: in this bank the log proves nothing.',
    remedy:
      'Enable the SHA-256 bank in the firmware’s TPM settings and boot again; a log with SHA-1 alone is not enough.',
  },
  'log-pcr-index': { weight: 'untrusted', meaning: 'An event claims a PCR that no TPM has.', remedy: lied },
  'log-replay-mismatch': {
    weight: 'untrusted',
    meaning: 'A PCR holds what the boot log does not lead to: something was measured that the log does not tell of.',
    remedy: `${lied} A program that extends this PCR at run time has the same effect: find it, or reboot.`,
  },
  'log-data-mismatch': {
    weight: 'untrusted',
    meaning: 'What an event says is not what was measured: its data does not hash to its digest.',
    remedy:
      'The message names the event. Firmware that logs other data than it measures is known: update it, or allow this.',
    allowable: `some firmware logs an event’s data in another form than it hashed; ${compared} by its digest`,
  },
  'note-digest': {
    weight: 'untrusted',
    meaning: 'A note of the log (EV_NO_ACTION), which is never measured, carries a digest.',
    remedy: lied,
  },
  'startup-locality': {
    weight: 'untrusted',
    meaning: 'The log names a startup locality that there is not, twice, or too late.',
    remedy: lied,
  },
  'event-type-unknown': {
    weight: 'untrusted',
    meaning: 'An event in PCR 0–7 has a type that no specification names.',
    remedy: 'Find out from the maker of the firmware what it measures; then allow it.',
    allowable: `makers of firmware use types of their own; ${compared}`,
  },
  'separator-missing': {
    weight: 'untrusted',
    meaning: 'The firmware did not end its measurements in this PCR, so that anything after it could have been added.',
    remedy:
      'Update the firmware. A bank that the firmware never measured into looks the same: enable it in the settings.',
  },
  'separator-twice': {
    weight: 'untrusted',
    meaning: 'A PCR has more than one separator: where the firmware’s measurements end is not certain.',
    remedy: lied,
  },
  'separator-error': {
    weight: 'untrusted',
    meaning: 'The firmware says that it could not measure what it had to.',
    remedy: 'Look at the firmware’s own error log, then reboot.',
  },
  'separator-value': { weight: 'untrusted', meaning: 'A separator has a value that it cannot have.', remedy: lied },
  'event-after-separator': {
    weight: 'untrusted',
    meaning: 'After the separator of its PCR came an event of a kind that belongs before it.',
    remedy:
      'The message names the event: a driver loaded by the boot loader, or something added. If it is yours, allow it.',
    allowable: `boot loaders load drivers, and some firmware measures settings late; ${compared}`,
  },
  'secure-boot-twice': {
    weight: 'untrusted',
    meaning: 'The log gives the state of Secure Boot more than once: which one the firmware acted by is not certain.',
    remedy: lied,
  },
  'secure-boot-late': {
    weight: 'untrusted',
    meaning:
      'A Secure Boot variable was measured after the separator of its PCR, when the firmware had used it already.',
    remedy: lied,
  },
  'secure-boot-unknown': {
    weight: 'untrusted',
    meaning: 'Whether Secure Boot was on is not known: its variable is empty, malformed or not in the log.',
    remedy: 'Set up Secure Boot in the firmware if you want to know; else leave it.',
    allowable: `firmware without keys measures the variable empty; no state is claimed then, and ${compared}`,
    allowedByDefault: true,
  },
  'boot-call-missing': {
    weight: 'untrusted',
    meaning: 'Applications ran, and the firmware did not note that it was about to call one.',
    remedy: 'Known of AMI’s and others’ firmware. Where yours notes it, do not allow this.',
    allowable: `several makers’ firmware leaves the note out; ${compared}`,
    allowedByDefault: true,
  },
  'boot-call-late': {
    weight: 'untrusted',
    meaning: 'An application ran before the firmware noted that it was about to call one.',
    remedy:
      'See which application it is (assay evidence show). A management agent of the firmware’s maker may be allowed.',
    allowable: `firmware starts applications of its own (Absolute, recovery tools) before the boot option; ${compared}`,
  },
  'boot-direct-kernel': {
    weight: 'untrusted',
    meaning: 'The firmware started the kernel itself, without a boot loader, and noted its call only afterwards.',
    remedy: 'Nothing, if this is how the host is meant to boot.',
    allowable: `virtual machines and some boards boot so; the kernel is the only application, and ${compared}`,
    allowedByDefault: true,
  },
  'boot-exit-missing': {
    weight: 'untrusted',
    meaning:
      'The log does not say that boot services ended: what is in PCR 4 and 5 may have been added by the running system.',
    remedy: 'Use a kernel of 5.3 or later, which copies the end of the log (final events table), and current firmware.',
    allowable: `kernels before 5.3 and some firmware lose the end of the log; what was added would be an event too many, since ${compared}`,
    allowedByDefault: true,
  },
  'boot-exit-after': {
    weight: 'untrusted',
    meaning:
      'Something was measured into PCR 4 or 5 after boot services had ended: not by the firmware, which was gone.',
    remedy: lied,
  },
  'image-revoked': {
    weight: 'untrusted',
    meaning: 'The host ran an image that its own list of forbidden signatures (dbx) names.',
    remedy: 'Replace the boot loader or driver by its corrected version. Secure Boot was off, or the list came later.',
  },
} as const satisfies Record<string, FindingKind>;
