// How is an input made a little wrong? Flips, lengths at their extremes, cuts, splices, words of the format, and growth: what parsers of
// lengths and lists trip over. The same random numbers make the same mutant.
import type { Random } from './random.ts';

/** No input grows beyond this. */
export const longest = 1024 * 1024;

type Operator = (input: Buffer, random: Random, others: Others) => Buffer;
type Others = { seeds: readonly Uint8Array[]; words: readonly Uint8Array[] };

const extremes = [
  0, 1, 2, 3, 0x7f, 0x80, 0xff, 0x100, 0x7fff, 0x8000, 0xffff, 0x10000, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff,
];

/** One or several operators after one another. */
export function mutate(seed: Uint8Array, random: Random, others: Others): Uint8Array {
  let input: Buffer = Buffer.from(seed);
  const times = 1 << random.below(4);
  for (let i = 0; i < times; i++) input = random.pick(operators)(input, random, others);
  return random.oneIn(500) ? swell(input, random) : input.subarray(0, longest);
}

const flip: Operator = (input, random) => {
  if (input.length > 0) {
    const at = random.below(input.length);
    input[at] = (input[at] as number) ^ (1 << random.below(8));
  }
  return input;
};

const setByte: Operator = (input, random) => {
  if (input.length > 0)
    input[random.below(input.length)] = random.oneIn(2) ? random.pick(extremes) & 0xff : random.below(256);
  return input;
};

/** A number of 1, 2, 4 or 8 bytes, in either byte order, set to an extreme or to something about the length of what is left. */
const setNumber: Operator = (input, random) => {
  const size = random.pick([1, 2, 4, 8]);
  if (input.length < size) return input;
  const at = random.below(input.length - size + 1);
  const left = input.length - at - size;
  const value = random.oneIn(2) ? random.pick(extremes) : left + random.below(5) - 2;
  return writeNumber(input, at, size, value, random.oneIn(2));
};

/** A number that could be a length, a little more or less, doubled, or as long as there is no room for. */
const bendLength: Operator = (input, random) => {
  const size = random.pick([2, 4]);
  for (let attempt = 0; attempt < 20 && input.length > size; attempt++) {
    const at = random.below(input.length - size);
    const little = random.oneIn(2);
    const value = little ? input.readUIntLE(at, size) : input.readUIntBE(at, size);
    if (value === 0 || value > input.length - at) continue;
    const bent = random.pick([value - 1, value + 1, value * 2, input.length - at - size, 0, 0xffffffff]);
    return writeNumber(input, at, size, bent, little);
  }
  return input;
};

function writeNumber(input: Buffer, at: number, size: number, value: number, little: boolean): Buffer {
  let rest = Math.max(0, value);
  for (let i = 0; i < size; i++) {
    input[little ? at + i : at + size - 1 - i] = rest % 256;
    rest = Math.floor(rest / 256);
  }
  return input;
}

/** Where a piece of the input begins and ends. */
const span = (input: Buffer, random: Random): [number, number] => {
  const start = random.below(input.length + 1);
  const length = random.oneIn(4)
    ? random.below(input.length - start + 1)
    : random.below(Math.min(64, input.length - start + 1));
  return [start, start + length];
};

const truncate: Operator = (input, random) => input.subarray(0, random.below(input.length + 1));
const extend: Operator = (input, random) =>
  Buffer.concat([
    input,
    random.pick([
      random.bytes(random.below(64)),
      new Uint8Array(random.below(300)),
      new Uint8Array(random.below(300)).fill(0xff),
    ]),
  ]);
const remove: Operator = (input, random) => {
  const [start, end] = span(input, random);
  return Buffer.concat([input.subarray(0, start), input.subarray(end)]);
};
const repeat: Operator = (input, random) => {
  const [start, end] = span(input, random);
  const times = 1 + random.below(8);
  return Buffer.concat([
    input.subarray(0, end),
    ...Array.from({ length: times }, () => input.subarray(start, end)),
    input.subarray(end),
  ]);
};
const move: Operator = (input, random) => {
  const [start, end] = span(input, random);
  const rest = Buffer.concat([input.subarray(0, start), input.subarray(end)]);
  const to = random.below(rest.length + 1);
  return Buffer.concat([rest.subarray(0, to), input.subarray(start, end), rest.subarray(to)]);
};
const overwrite: Operator = (input, random) => {
  const [start, end] = span(input, random);
  return Buffer.concat([input.subarray(0, start), random.bytes(Math.min(end - start, 64)), input.subarray(end)]);
};
const insertWord: Operator = (input, random, { words }) => {
  if (words.length === 0) return input;
  const at = random.below(input.length + 1);
  const word = random.pick(words);
  const end = random.oneIn(2) ? Math.min(input.length, at + word.length) : at;
  return Buffer.concat([input.subarray(0, at), word, input.subarray(end)]);
};
const splice: Operator = (input, random, { seeds }) => {
  const other = Buffer.from(random.pick(seeds));
  const [start, end] = span(other, random);
  const [from, to] = span(input, random);
  return Buffer.concat([
    input.subarray(0, from),
    other.subarray(start, end),
    input.subarray(random.oneIn(2) ? to : from),
  ]);
};

const operators: readonly Operator[] = [
  flip,
  flip,
  setByte,
  setNumber,
  setNumber,
  bendLength,
  bendLength,
  truncate,
  extend,
  remove,
  repeat,
  move,
  overwrite,
  insertWord,
  splice,
];

/** To the longest there may be, by repeating a piece: what takes more than linear time shows itself. */
function swell(input: Buffer, random: Random): Buffer {
  const [start, end] = span(input, random);
  const piece = end > start ? input.subarray(start, end) : Buffer.from([0]);
  const times = Math.floor((longest - input.length) / piece.length);
  if (times < 1) return input.subarray(0, longest);
  return Buffer.concat([input.subarray(0, end), Buffer.alloc(times * piece.length, piece), input.subarray(end)]);
}
