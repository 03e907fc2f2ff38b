// Is this evidence true: did this host's TPM sign it now, does its boot log lead to what was signed, does its IMA list? What then follows
// from it (claims), what is strange about it (findings) and where the next round goes on (state)? Pure: no I/O and no clock.
// True is not good: what a host claims to have booted is compared with what is known good by appraise.ts, where a policy has its say.
import { createHash } from 'node:crypto';
import { AssayError } from '@assay/core';
import { type Claims, claimsOf, imaPcr, type KnownImaLines, parseEventLog } from '@assay/measurement';
import { type Bank, type Finding, fromBase64, type PcrWish, type SentEvidence } from '@assay/protocol';
import type { Endorsement } from './endorsement/endorsement.ts';
import { findingOf } from './findings/finding.ts';
import type { ReadPart } from './ima/measured-files.ts';
import type { ImaProgress } from './ima/progress.ts';
import { type ImaResult, verifyIma } from './ima/verify-ima.ts';
import { type KnownLogs, logDigest } from './known-logs.ts';
import { type LogReading, readLog } from './log-reading.ts';
import { type Ak, checkAk } from './quote/ak.ts';
import { type Binding, bindLog } from './quote/binding.ts';
import { continuityOf, type TpmState } from './quote/continuity.ts';
import { type ClaimedQuote, type Quote, verifyQuote } from './quote/quote.ts';
import type { QuotedEvent } from './reference/learn.ts';
import { readTagIndex, type TagIndexReading } from './tags/nv-proof.ts';

/** What is remembered of a host from one round to the next: plain JSON. */
export type EvidenceState = {
  tpm: TpmState;
  /** Absent: the host has no IMA list, or none was read since its TPM was reset or restarted. */
  ima?: ImaProgress;
};

export type VerificationInput = {
  /** A boot log that is left out has to be one of `knownLogs`. */
  evidence: SentEvidence;
  /** TPMT_PUBLIC of the AK that enrolment proved, or what `checkAk` made of it. */
  ak: Uint8Array | Ak;
  endorsement: Pick<Endorsement, 'software'>;
  /** Of the challenge, as sent. */
  nonce: Uint8Array;
  /** PCRs of the challenge, as sent. */
  wanted: readonly PcrWish[];
  /** Byte from which the challenge asked for IMA's list; 0 unless given. */
  imaAsked?: number;
  /** What the last verified evidence of this AK left behind; undefined after enrolment. */
  previous: EvidenceState | undefined;
  /** IMA entries seen before, shared by all hosts. */
  knownImaLines?: KnownImaLines;
  /** Boot logs read before. */
  knownLogs?: KnownLogs;
};

/** `authentic`: the enrolled AK signed over this nonce, so that it was this host's TPM, whatever else is wrong. */
export type Verification =
  | { authentic: false; findings: [Finding] }
  | {
      authentic: true;
      /** What speaks against the host; a policy may allow some of it. */
      findings: Finding[];
      /** To be stored, and given as `previous` next time. */
      state: EvidenceState;
      /** Only from what the quote proves. */
      claims: Claims;
      quote: Quote;
      ak: Ak;
      /** The measurements the quote covers, to be compared with what is known good. */
      events: readonly QuotedEvent[];
      /** Quoted PCRs that nothing explains. `all`: the PCR values themselves are not proven. */
      unexplained: Binding['unexplained'];
      /** Values of the quoted PCRs that the quote proves, whatever explains them. */
      pcrValues: Binding['proven'];
      /**
       * What of IMA's list was read in this round, from where the last one stood or from 0: proven, or, while the list is unfinished
       * (`state.ima.unfinished`), read alone. Undefined: nothing was, or it leads nowhere.
       */
      imaPart?: ReadPart;
      /** What the TPM says of its NV index of asset tags. Undefined: nothing came of it. */
      tagIndex?: TagIndexReading;
      /** Why not, in the agent's words. */
      tagsAbsent?: string;
      /** Hex, over quote, signature, the boot log's SHA-256, the part of IMA's list and the certificate of the asset tags. */
      sha256: string;
    };

/** Evidence that a host's TPM signed. */
export type Verified = Extract<Verification, { authentic: true }>;

/** Never throws for anything a host can send: what is wrong with its evidence becomes a finding. */
export function verifyEvidence(input: VerificationInput): Verification {
  const { evidence, endorsement, previous } = input;
  const signed = authenticate(input);
  if ('finding' in signed) return { authentic: false, findings: [signed.finding] };
  const { quote, ak, sha256, reading } = signed;
  const tpm = continuityOf(previous?.tpm, quote, evidence, endorsement.software);
  const bound = bindLog(quote, reading.log, evidence.pcr_values);
  const ima = imaOf(input, bound, tpm.goesOn ? previous?.ima : undefined);
  // What a boot log says of PCR 10 it has to prove as of any other, and a list explains no more than itself.
  const logSays = reading.events.some(({ event }) => event.pcr === imaPcr);
  const unexplained = ima.explains && !logSays ? without(bound.unexplained, imaPcr) : bound.unexplained;
  return {
    authentic: true,
    findings: [
      ...tpm.findings,
      ...reading.findings,
      ...bound.findings.filter(({ pcr }) => pcr !== imaPcr || logSays),
      ...ima.findings,
    ],
    state: { tpm: tpm.next, ...(ima.progress && { ima: ima.progress }) },
    claims: provenClaims(reading, quote, unexplained),
    quote,
    ak,
    events: reading.events,
    unexplained,
    pcrValues: bound.proven,
    ...(ima.part && { imaPart: ima.part }),
    ...(evidence.nv && { tagIndex: readTagIndex(evidence.nv, ak, input.nonce) }),
    ...(evidence.nv_absent !== undefined && { tagsAbsent: evidence.nv_absent }),
    sha256,
  };
}

type Signed = { quote: Quote; ak: Ak; reading: LogReading; sha256: string };

/** Who signed this, when, over what: all that must hold before anything in it is looked at. */
function authenticate(input: VerificationInput): Signed | { finding: Finding } {
  const { evidence, ak: key, nonce, wanted } = input;
  try {
    const ak = key instanceof Uint8Array ? checkAk(key) : key;
    const claimed: ClaimedQuote = {
      quote: fromBase64(evidence.quote, 'evidence.quote'),
      signature: fromBase64(evidence.signature, 'evidence.signature'),
    };
    const log = evidence.event_log === undefined ? undefined : fromBase64(evidence.event_log, 'evidence.event_log');
    const quote = verifyQuote(claimed, ak, nonce, wanted);
    const { reading, logSha256 } = readingOf(input, log, quote);
    const sum = createHash('sha256').update(claimed.quote).update(claimed.signature).update(logSha256, 'hex');
    sum.update(evidence.ima_log?.data ?? '');
    if (evidence.nv) sum.update(`nv ${evidence.nv.attest} ${evidence.nv.signature}`);
    return { quote, ak, reading, sha256: sum.digest('hex') };
  } catch (error) {
    return { finding: findingOf(error) };
  }
}

function readingOf({ evidence, knownLogs }: VerificationInput, log: Uint8Array | undefined, { selection }: Quote) {
  const logSha256 = log ? logDigest(log) : (evidence.event_log_sha256 ?? '');
  const known = knownLogs?.recall(logSha256, selection);
  if (known) return { reading: known, logSha256 };
  if (!log) throw new AssayError('log-left-out', 'evidence.event_log', 'a boot log', `the name of one, ${logSha256}`);
  const reading = knownLogs ? knownLogs.read(log, logSha256, selection) : readLog(parseEventLog(log), selection);
  return { reading, logSha256 };
}

type Ima = ImaResult & { explains: boolean };

/** PCR 10 is IMA's; not quoted or not proven, nothing is known of it. */
function imaOf(input: VerificationInput, { proven }: Binding, previous: ImaProgress | undefined): Ima {
  const { evidence, imaAsked: asked = 0, knownImaLines: known } = input;
  const claimed = evidence.ima_log;
  const values = Object.values(proven).flatMap((pcrs) => pcrs.get(imaPcr) ?? []);
  if (values.length === 0) return { findings: [], progress: previous, explains: false };
  const untouched = values.every((value) => value.every((byte) => byte === 0));
  if (untouched && !claimed?.data) return { findings: [], progress: undefined, explains: true };
  const read = verifyIma({ claimed, asked, previous, proven, known });
  return { ...read, explains: !read.findings.some(({ code }) => leavesPcrOpen.has(code)) };
}

/** With one of these the value of PCR 10 has no explanation; other findings are about entries of a list that does explain it. */
const leavesPcrOpen = new Set<string>([
  'ima-list-missing',
  'ima-list-behind',
  'ima-list-mismatch',
  'ima-list-unfinished',
  'ima-list-too-long',
  'ima-offset',
  'message-base64',
  'evidence-unreadable',
]);

const without = (unexplained: Binding['unexplained'], pcr: number): Binding['unexplained'] =>
  unexplained === 'all' ? 'all' : new Set([...unexplained].filter((one) => one !== pcr));

function provenClaims({ log, claims }: LogReading, { selection }: Quote, unexplained: Binding['unexplained']): Claims {
  if (unexplained !== 'all' && unexplained.size === 0) return claims;
  const isProven = (pcr: number) =>
    unexplained !== 'all' && !unexplained.has(pcr) && selection.some(({ pcrs }) => pcrs.includes(pcr));
  return claimsOf(
    log,
    selection.map(({ hash }) => hash as Bank),
    isProven,
  );
}
