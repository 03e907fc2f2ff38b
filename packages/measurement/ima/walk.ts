// What becomes of PCR 10 when this list is read from here on, with banks that are fed in these ways? One pass; stops hashing where the
// quoted values are reached and only counts what follows. replay.ts says which ways to try.
import type { PcrBank } from './bank.ts';
import { ImaFrames } from './frame.ts';
import type { KnownImaLines } from './known-lines.ts';
import type { ImaCut, ImaEntry, ImaProblem, ImaProblemCode, ImaState } from './list.ts';
import { entryAt, imaPcr, problemsAt } from './read.ts';
import { TemplateData } from './template.ts';

/** A list, or the part of one from `offset` on, as a host sent it. */
export type ImaPart = { offset: number; bytes: Uint8Array };

/** A problem of an entry, with where it is in the whole list. */
export type ImaFinding = ImaProblem & { index: number; offset: number };

export type ImaReplay = {
  /** Where the next round goes on: after the last entry the quote proves. Undefined: the list reaches the quoted values nowhere. */
  state: ImaState | undefined;
  /** After the last whole entry looked at, proven or not: where to go on with the next piece of a list that came in pieces. */
  end: ImaState;
  /** Entry 0 of the list, when this part has it. Proven only when `state` is there and counts it. */
  first: ImaEntry | undefined;
  /** Whole entries after the proven ones; all of them when none is proven. */
  tail: number;
  /** What is strange about the proven entries, or about all when none is proven: how often, and the first hundred of each kind. */
  counts: Readonly<Partial<Record<ImaProblemCode, number>>>;
  findings: readonly ImaFinding[];
  /** Where the list breaks off within an entry. In what is not proven this happens to honest hosts too. */
  cut: ImaCut | undefined;
};

/** Findings of each kind that are kept: a hostile list must not cost more memory than its bytes. */
const findingsKept = 100;

export class Walk {
  private readonly part: ImaPart;
  private readonly start: ImaState;
  private readonly banks: readonly PcrBank[];
  private readonly known: KnownImaLines;
  private readonly frames: ImaFrames;
  private readonly read = new TemplateData();
  private readonly counts: Partial<Record<ImaProblemCode, number>> = {};
  private readonly findings: ImaFinding[] = [];
  private first: ImaEntry | undefined;

  constructor(part: ImaPart, start: ImaState, banks: readonly PcrBank[], known: KnownImaLines) {
    this.part = part;
    this.start = start;
    this.banks = banks;
    this.known = known;
    this.frames = new ImaFrames(part.bytes);
  }

  run(): ImaReplay {
    const { part, start, banks, frames } = this;
    let entries = 0;
    let end = 0;
    let proven = this.reached();
    while (!proven && frames.next()) {
      this.step(start.entries + entries);
      entries += 1;
      end = frames.end;
      proven = this.reached();
    }
    const padded = banks.filter(({ mode }) => mode !== 'recomputed').map(({ name }) => name);
    const at: ImaState = {
      offset: part.offset + end,
      entries: start.entries + entries,
      pcrs: Object.fromEntries(banks.map(({ name, hex }) => [name, hex])),
      ...(padded.length ? { padded } : {}),
    };
    let tail = proven ? 0 : entries;
    for (; frames.next(); tail++) if (at.entries + tail === 0) this.first = entryAt(frames, 0, part.offset);
    const cut = frames.cut && { offset: part.offset + frames.cut.offset, reason: frames.cut.reason };
    const { first, counts, findings } = this;
    return { state: proven ? at : undefined, end: at, first, tail, counts, findings, cut };
  }

  /** Whether every bank stands at its target. */
  private reached(): boolean {
    let all = this.banks.length > 0; // no bank, no proof
    for (const bank of this.banks) if (!bank.look()) all = false;
    return all;
  }

  /** Extends the banks by the entry at which `frames` stands, and notes what is strange about it. */
  private step(index: number): void {
    const { frames, banks, known } = this;
    if (index === 0) this.first = entryAt(frames, 0, this.part.offset);
    let sound: boolean | undefined;
    for (const bank of banks) {
      // Entry 0 is never a known one: what is sound there is not sound elsewhere.
      const remember = index > 0 && bank.mode === 'recomputed';
      if (remember && known.recall(bank.name, frames.bytes, frames.start, frames.end, bank.digest)) sound = true;
      else {
        sound ??= this.look(index);
        if (frames.pcr !== imaPcr) return; // extended elsewhere
        bank.take(frames);
        if (sound && remember) known.remember(bank.name, frames.bytes, frames.start, frames.end, bank.digest);
      }
      bank.extend();
    }
  }

  /** Notes what is strange about this entry; true when nothing is. */
  private look(index: number): boolean {
    const problems = problemsAt(this.frames, index, this.read);
    for (const problem of problems) this.note(index, problem);
    return problems.length === 0;
  }

  private note(index: number, { code, text }: ImaProblem): void {
    const count = (this.counts[code] ?? 0) + 1;
    this.counts[code] = count;
    if (count <= findingsKept) this.findings.push({ code, text, index, offset: this.part.offset + this.frames.start });
  }
}
