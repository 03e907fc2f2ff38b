// Findings on what a policy asks beyond known measurements: what the host is proven to be, and not meant to be (`untrusted`), or what could not
// be proven (`unknown`). The evidence is sound with any of them.
import type { FindingKind } from './kind.ts';

const claims =
  'What is proven of a host, and why something is not: assay host evidence HOST > FILE, then assay evidence show FILE.';
const orPolicy = 'Or change the policy: assay policy try FILE says what that does.';

export const policyFindings = {
  'policy-missing': {
    weight: 'unknown',
    meaning: 'The pool has no policy: nobody said what a host has to prove to be trusted in it.',
    remedy: 'Write one and apply it: assay policy apply FILE.',
    sound: true,
  },
  'policy-empty': {
    weight: 'unknown',
    meaning: 'The policy asks for no PCR, or for no component to be known good: nothing would be proven.',
    remedy: 'Give the policy known_good, and PCRs if it names any: assay policy apply FILE.',
    sound: true,
  },
  'policy-pcrs-not-quoted': {
    weight: 'unknown',
    meaning: 'The policy rests on PCRs that the challenge did not ask for.',
    remedy: 'Ask the host again: assay host attest NAME.',
  },
  'tpm-vendor': {
    weight: 'untrusted',
    meaning: 'The TPM is not of a maker that the policy accepts.',
    remedy: `Use another host for this pool. ${orPolicy}`,
    sound: true,
  },
  'tpm-vendor-unknown': {
    weight: 'unknown',
    meaning: 'The policy accepts some makers of TPMs, and who made this one was not kept when the host enrolled.',
    remedy: 'Enrol the host again: assay host remove NAME, then assay host register NAME.',
    sound: true,
  },
  'virtual-tpm': {
    weight: 'untrusted',
    meaning: 'A cloud’s virtual TPM vouches for this host, and the policy does not accept one.',
    remedy: `Use hosts with a hardware TPM for this pool. ${orPolicy}`,
    sound: true,
  },
  'secure-boot-off': {
    weight: 'untrusted',
    meaning: 'Secure Boot is proven to be off, or shim to verify nothing; the policy asks for it to be on.',
    remedy: `Turn it on in the firmware’s settings; shim’s part of it: mokutil --enable-validation. ${orPolicy}`,
    sound: true,
  },
  'secure-boot-unproven': {
    weight: 'unknown',
    meaning: 'The policy asks for Secure Boot or its keys, and the boot log does not prove what they are.',
    remedy: claims,
    sound: true,
  },
  'secure-boot-key-missing': {
    weight: 'untrusted',
    meaning:
      'A key or hash that the policy requires is not in its Secure Boot variable: a revocation that was not installed, say.',
    remedy: `Install it on the host. ${orPolicy}`,
    sound: true,
  },
  'secure-boot-key-foreign': {
    weight: 'untrusted',
    meaning: 'A Secure Boot variable holds a key or hash that is not among those the policy accepts there.',
    remedy: `Find out who put it there, and remove it. ${orPolicy}`,
    sound: true,
  },
  'secure-boot-key-forbidden': {
    weight: 'untrusted',
    meaning: 'A Secure Boot variable holds a key or hash that the policy forbids there.',
    remedy: `Find out who put it there, and remove it. ${orPolicy}`,
    sound: true,
  },
  'command-line-unproven': {
    weight: 'unknown',
    meaning: 'The policy asks for words of the kernel’s command line, and the boot log does not prove what it is.',
    remedy: `${claims} Where the log has its digest alone, name whole lines without * in command_line.allow.`,
    sound: true,
  },
  'command-line-missing': {
    weight: 'untrusted',
    meaning:
      'A word that the policy requires is not on the kernel’s command line, or another value behind it overrules it.',
    remedy: `Correct the boot loader’s configuration and reboot the host. ${orPolicy}`,
    sound: true,
  },
  'command-line-forbidden': {
    weight: 'untrusted',
    meaning: 'A word that the policy forbids is on the kernel’s command line.',
    remedy: `Find out who put it there, correct the boot loader’s configuration and reboot the host. ${orPolicy}`,
    sound: true,
  },
  'ima-required': {
    weight: 'untrusted',
    meaning: 'The policy asks for IMA, and the host measures nothing with it: PCR 10 was never extended.',
    remedy: `Boot with ima_policy=tcb, or load a policy for IMA. ${orPolicy}`,
    sound: true,
  },
} as const satisfies Record<string, FindingKind>;
