// Findings on IMA's run-time list: whether it explains PCR 10, and whether each entry is what was measured.
import type { FindingKind } from './kind.ts';

const lied = 'The list was changed or held back. Look at the host as at one that was broken into.';
const acceptFile =
  'If it belongs there, import the package it is of: assay reference import-package FILE. A single file: assay host accept HOST --path FILE. Else find out who put it there.';
const compared = 'the entry was extended like any other and the list as a whole is still proven';

export const imaFindings = {
  'ima-list-missing': {
    weight: 'untrusted',
    meaning: 'PCR 10 was extended, and the host sent no list that says by what.',
    remedy:
      'Mount securityfs, and give the agent the list: [agent] ima_log. An agent before IMA was supported sends none.',
  },
  'ima-list-behind': {
    weight: 'unknown',
    meaning: 'The list does not lead to the value of PCR 10 that was quoted. The host is asked again at once.',
    remedy: 'Nothing: the next rounds decide whether it was a matter of time or the list is wrong.',
  },
  'ima-list-mismatch': {
    weight: 'untrusted',
    meaning:
      'The list does not lead to the value of PCR 10, in round after round: an entry is missing, added or changed.',
    remedy: `${lied} A program that extends PCR 10 itself has the same effect.`,
  },
  'ima-list-unfinished': {
    weight: 'unknown',
    meaning: 'The list is longer than one round reads. The host is asked on at once, until the end is reached.',
    remedy: 'Nothing: it takes a round for each 4 MiB, once for each boot.',
  },
  'ima-list-too-long': {
    weight: 'untrusted',
    meaning: 'The list is longer than is read for one boot of one host (1 GiB).',
    remedy: 'Reboot the host, and narrow its IMA policy: temporary files and logs need no measuring.',
  },
  'ima-not-extended': {
    weight: 'untrusted',
    meaning: 'The host has a list, and PCR 10 was never extended: nothing in the list is proven.',
    remedy:
      'Build the TPM’s driver into the kernel: IMA starts before modules load. “TPM-bypass” in the kernel log says so.',
    allowable:
      'a kernel whose TPM driver is a module starts IMA without a TPM; the list is left out then, and nothing is claimed by it',
  },
  'ima-tail-unproven': {
    weight: 'untrusted',
    meaning: 'Entries at the end of the list that were not proven by one round are not proven by the next either.',
    remedy: `${lied} Or the kernel could not extend the TPM: see its log.`,
  },
  'ima-offset': {
    weight: 'untrusted',
    meaning: 'The host sent another part of the list than was asked for, and not all of it.',
    remedy: 'Use the agent that belongs to this attestation server. Else: a forged answer.',
  },
  'ima-malformed': {
    weight: 'untrusted',
    meaning: 'An entry of the list cannot be read as its template says.',
    remedy: lied,
  },
  'ima-signature': {
    weight: 'untrusted',
    meaning:
      'A file’s signature (security.ima) is none: of a kind the kernel does not have, or of another length than it says.',
    remedy: 'The message names the file. Sign it again, or remove the attribute.',
    allowable:
      'who may write a file’s attributes can cause it; signatures of files decide nothing, and its digest is proven',
  },
  'ima-template-digest': {
    weight: 'untrusted',
    meaning: 'What an entry says is not what was measured: its data does not hash to its template digest.',
    remedy: lied,
  },
  'ima-template-unknown': {
    weight: 'untrusted',
    meaning: 'An entry has a template that is not known: what it measured cannot be said.',
    remedy: 'Use ima_template=ima-ng or ima-sig on the kernel command line.',
  },
  'ima-template-legacy': {
    weight: 'untrusted',
    meaning: 'An entry has the old template “ima”, which knows files by SHA-1 or MD5 only.',
    remedy: 'Use ima_template=ima-ng or ima-sig on the kernel command line.',
  },
  'ima-violation': {
    weight: 'untrusted',
    meaning: 'A file was written to while it was measured: what was read is not known.',
    remedy:
      'The message names the file. Exclude logs and temporary files from measurement in the IMA policy, then reboot.',
    allowable: `programs that write to measured files (logs, package managers) do it on healthy machines; ${compared}`,
  },
  'ima-pcr': {
    weight: 'untrusted',
    meaning: 'An entry was extended into another PCR than 10, whose value the quote does not cover.',
    remedy: 'Take pcr= out of the IMA policy, or allow this: such entries prove nothing then.',
    allowable:
      'IMA policies may have rules with pcr=; entries of theirs are left out of the list then and nothing is claimed by them',
  },
  'ima-padded-sha1': {
    weight: 'untrusted',
    meaning: 'The kernel extends the SHA-1 of each entry, filled up with zeros, into the bank that was quoted.',
    remedy: 'Use a kernel of 5.8 or later; or allow this: the list is then only as good as SHA-1.',
    allowable: 'kernels before 5.8 do so; the list is proven as far as SHA-1 goes',
  },
  'ima-boot-aggregate': {
    weight: 'untrusted',
    meaning: 'The list does not begin with the one boot_aggregate over the quoted boot PCRs: it is of another boot.',
    remedy: lied,
  },
  'ima-boot-aggregate-again': {
    weight: 'untrusted',
    meaning:
      'A later entry is called boot_aggregate, too. PCR 10 is replayed from the first, so that it proves nothing of another boot.',
    remedy: 'Find out whether this host starts kernels by kexec; if it does, allow this.',
    allowable: 'a kernel started by kexec that was handed the list measures boot_aggregate again',
  },
  'ima-boot-aggregate-unproven': {
    weight: 'untrusted',
    meaning: 'The list’s boot_aggregate is over a bank that was not quoted, so that it cannot be compared.',
    remedy: 'Use a kernel of 5.8 or later, or ima_hash=sha256; or allow this.',
    allowable: 'kernels before 5.8 take it over the SHA-1 bank; PCR 0–9 and 10 still stand in one quote',
  },
  'ima-file-unknown': {
    weight: 'untrusted',
    meaning: 'A file was run or read whose path no allow list has, and which nobody signed whom the policy names.',
    remedy: `The message names it. ${acceptFile}`,
    sound: true,
  },
  'ima-file-changed': {
    weight: 'untrusted',
    meaning: 'A file was run or read with another content than the allow lists have for its path.',
    remedy: `The message names it. ${acceptFile}`,
    sound: true,
  },
  'ima-file-retired': {
    weight: 'untrusted',
    meaning: 'A file was run or read that was known good once, and is retired.',
    remedy:
      'Update the package it belongs to, and reboot the host. To take the value back: assay reference reinstate ID.',
    sound: true,
  },
  'ima-files-unread': {
    weight: 'unknown',
    meaning:
      'What is known good of files was changed, and the entries of earlier rounds are not kept: they cannot be judged anew.',
    remedy: 'Have the list read from its beginning: reboot the host.',
    sound: true,
  },
  'ima-exclusion-wide': {
    weight: 'unknown',
    meaning:
      'An exclusion of the policy (ima.exclude) hides files that programs are run from: whatever is put there is not judged. It is shown and never counts.',
    remedy: 'Exclude data alone: logs, caches, mail. Programs belong into an allow list.',
    sound: true,
  },
} as const satisfies Record<string, FindingKind>;
