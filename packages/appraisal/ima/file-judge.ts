// Is this one file known to be good, by these allow lists and this policy? Path and digest have to stand together in a value that is good now; or
// somebody signed it whom the policy names. What is retired is refused although it is signed.
import { ImaFrames, type ImaPart, imaPcr, readImaList } from '@assay/measurement';
import type { PolicyDocument, ReferenceValue } from '@assay/protocol';
import { Glob } from '../policy/glob.ts';
import type { FileIndex, KnownFile } from '../reference/files.ts';
import { earlyText, retiredText, standingOf, valueName } from '../reference/standing.ts';
import { type SignedDigest, type Signer, signerOfFile, signersOf } from './file-signature.ts';
import type { BadFile } from './files-state.ts';
import { fileOf, longestPath, type MeasuredFile, strongHashes } from './measured-files.ts';
import { SeenLines } from './seen-lines.ts';

/** What came of an entry. `none`: it names no file. `value`: id of the one that has it. */
export type Outcome =
  | { is: 'none' | 'signed' | 'excluded' }
  | { is: 'listed'; value: string }
  | { is: 'bad'; file: BadFile };
type Sound = Exclude<Outcome, { is: 'bad' }>;

const none: Sound = { is: 'none' };
const signed: Sound = { is: 'signed' };
const excluded: Sound = { is: 'excluded' };

/** With less, somebody can make two files of one digest. */
const strong = new Set(strongHashes.flatMap((name) => [name, `verity:${name}`]));
/** Wrong signatures of one host that are looked at: each costs as much as a right one, and the host is untrusted already. */
const mostWrong = 100;
/** Characters of signatures that are remembered, with what came of each. */
const mostSignatures = 16 * 1024 * 1024;

export class FileJudge {
  readonly #files: FileIndex;
  readonly #now: Date;
  readonly #excluded: readonly Glob[];
  readonly #signers: readonly Signer[];
  readonly #listed = new Map<string, Sound>();
  readonly #seen = new SeenLines<Sound>();
  readonly #verified = new SeenLines<boolean>(mostSignatures);

  /** @param now every moment at which each value stands the same does as well */
  constructor(
    files: FileIndex,
    { exclude = [], signed_by: signers = [] }: NonNullable<PolicyDocument['ima']>,
    now: Date,
  ) {
    this.#files = files;
    this.#now = now;
    this.#excluded = exclude.map((pattern) => new Glob(pattern, 'path'));
    this.#signers = signersOf(signers, 'ima.signed_by');
  }

  /** Of each whole entry of a part, in order. @param before entries before it */
  *outcomes({ bytes }: ImaPart, before: number): Generator<Outcome> {
    const frames = new ImaFrames(bytes);
    let wrong = 0;
    const tried = () => {
      wrong += 1;
    };
    for (let index = before; frames.next(); index++) {
      if (frames.pcr !== imaPcr || frames.violation) {
        yield none; // a finding of its own says so
        continue;
      }
      const line = frames.bytes.toString('latin1', frames.name, frames.end);
      // The first entry is boot_aggregate, and no other that is called so.
      const seen = index > 0 ? this.#seen.recall(line) : undefined;
      if (seen) {
        yield seen;
        continue;
      }
      const outcome = this.#judge(bytes.subarray(frames.start, frames.end), index, wrong < mostWrong, tried);
      if (index > 0 && outcome.is !== 'bad') this.#seen.remember(line, outcome);
      yield outcome;
    }
  }

  #judge(bytes: Uint8Array, index: number, mayVerify: boolean, tried: () => void): Outcome {
    const [entry] = readImaList(bytes, { offset: 0, entries: index });
    const file = entry && fileOf(entry);
    if (!file || !entry?.fields) return none;
    // Before any pattern: what is megabytes long costs as much for each of them.
    if (file.path.length > longestPath)
      return bad(file, 'ima-file-unknown', `a path of at most ${longestPath} bytes, as a kernel writes it`);
    if (this.#excluded.some((glob) => glob.matches(file.path))) return excluded;
    const known = this.#files.byPath(file.path);
    const same = strong.has(file.algorithm) ? known.filter(hasDigest(file)) : [];
    const good = same.find(({ value }) => standingOf(value, this.#now) === 'good');
    if (good) return this.#listedBy(good.value.id);
    const retired = same.find(({ value }) => standingOf(value, this.#now) === 'retired');
    if (retired) return bad(file, 'ima-file-retired', `none of ${retiredText(retired.value)}`, retired.value.id);
    const { signature, digest } = entry.fields;
    // Who signed it did so whatever its name: under another one it would still be good.
    const elsewhere = signature && this.#retiredElsewhere(file);
    if (elsewhere) return bad(file, 'ima-file-retired', `none of ${retiredText(elsewhere)}`, elsewhere.id);
    const of = { algorithm: digest.algorithm, value: digest.value, verity: digest.type === 'verity' };
    if (signature && mayVerify && this.#isSigned(signature, of, tried)) return signed;
    if (!strong.has(file.algorithm))
      return bad(file, 'ima-file-unknown', 'a digest of SHA-256 or better (ima_hash=sha256)');
    const [early] = same;
    if (early) return bad(file, 'ima-file-unknown', `none of ${earlyText(early.value)}`);
    const now = known.filter(({ value }) => standingOf(value, this.#now) === 'good');
    if (now.length > 0) return bad(file, 'ima-file-changed', digestsText(file, now));
    return bad(file, 'ima-file-unknown', this.#knownElsewhere(file));
  }

  /** One file may stand under any number of names, each a line of its own: its signature is looked at once. */
  #isSigned(signature: Uint8Array, of: SignedDigest, tried: () => void): boolean {
    const name = [of.algorithm, of.verity, of.value.toHex(), Buffer.from(signature).toString('latin1')].join(':');
    const known = this.#verified.recall(name);
    if (known !== undefined) return known;
    const good = signerOfFile(signature, of, this.#signers, tried) !== undefined;
    this.#verified.remember(name, good);
    return good;
  }

  /** One for all files of a value: it is remembered with each of their lines. */
  #listedBy(value: string): Sound {
    const outcome = this.#listed.get(value) ?? { is: 'listed', value };
    this.#listed.set(value, outcome);
    return outcome;
  }

  /** The value in which this content is retired under some path, and good under none. */
  #retiredElsewhere({ algorithm, digest }: MeasuredFile): ReferenceValue | undefined {
    const values = this.#files.byDigest(algorithm, digest).map(({ value }) => value);
    if (values.some((value) => standingOf(value, this.#now) === 'good')) return undefined;
    return values.find((value) => standingOf(value, this.#now) === 'retired');
  }

  /** What is known of the content of a file whose path nobody knows. */
  #knownElsewhere({ algorithm, digest }: MeasuredFile): string {
    const others = this.#files.byDigest(algorithm, digest);
    const isGood = ({ value }: KnownFile) => standingOf(value, this.#now) === 'good';
    const good = others.find(isGood);
    if (good) return `it as ${good.file.path}, of ${valueName(good.value)}`;
    const [other] = others;
    const signers = this.#signers.length > 0 ? ', or a signature' : '';
    const known = other ? ` (known as ${other.file.path}, of ${knownText(other.value, this.#now)})` : '';
    return `a path of an allow list${signers}${known}`;
  }
}

/** Of what is not good now. */
const knownText = (value: ReferenceValue, now: Date): string =>
  standingOf(value, now) === 'early' ? earlyText(value) : retiredText(value);

const hasDigest =
  ({ algorithm, digest }: MeasuredFile) =>
  ({ file: { digests } }: KnownFile): boolean =>
    digests[algorithm] === digest;

const bad = (
  { path, algorithm, digest, entry }: MeasuredFile,
  code: BadFile['code'],
  expected: string,
  value?: string,
): Outcome => ({
  is: 'bad',
  file: { code, path, algorithm, digest, entry, expected, ...(value !== undefined && { value }) },
});

/** The first few that are good of this path. */
function digestsText({ algorithm }: MeasuredFile, known: readonly KnownFile[]): string {
  const texts = new Set(
    known.map(({ file: { digests }, value }) =>
      Object.hasOwn(digests, algorithm)
        ? `${algorithm} ${digests[algorithm]} (${valueName(value)})`
        : `${Object.keys(digests).join(' and ')} of ${valueName(value)}, none in ${algorithm}`,
    ),
  );
  const shown = [...texts].slice(0, 3).join(' or ');
  return texts.size > 3 ? `${shown} or ${texts.size - 3} others` : shown;
}
