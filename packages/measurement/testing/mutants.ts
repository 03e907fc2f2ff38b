// Real bytes, mangled: flipped, cut, numbers set to extremes, pieces left out or doubled. The same ones from the same seed.
export function mutants(bytes: Uint8Array, count: number, seed: number): Uint8Array[] {
  let state = seed >>> 0 || 1;
  /** 0 to below `below` (xorshift). */
  const random = (below: number) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state % Math.max(1, below);
  };
  const extremes = [0, 1, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff, bytes.length, 0xffff, 16];
  const ways: ((copy: Buffer) => Uint8Array)[] = [
    (copy) => {
      const at = random(copy.length);
      copy[at] = (copy[at] ?? 0) ^ (1 << random(8));
      return copy;
    },
    (copy) => copy.subarray(0, random(copy.length)),
    (copy) => {
      if (copy.length >= 4) copy.writeUInt32LE(extremes[random(extremes.length)] ?? 0, random(copy.length - 3));
      return copy;
    },
    (copy) => {
      const [from, length] = [random(copy.length), random(64)];
      return Buffer.concat([copy.subarray(0, from), copy.subarray(from + length)]);
    },
    (copy) => {
      const [from, length] = [random(copy.length), random(64)];
      return Buffer.concat([copy.subarray(0, from + length), copy.subarray(from)]);
    },
  ];
  return Array.from({ length: count }, (_, i) => ways[i % ways.length]?.(Buffer.from(bytes)) ?? bytes);
}
