// Was this RSA key made by the generator whose keys can be factored (ROCA, CVE-2017-15361)? Its primes have the form
// k·M + (65537^a mod M), M a product of small primes: so modulo each of those a power of 65537 is left, of the modulus too.
// Of other keys one in about 2^28 looks so by chance.

/** The small primes of which 65537 does not generate all remainders: the others tell nothing apart. */
const discriminators = [11, 13, 17, 19, 37, 53, 61, 71, 73, 79, 97, 103, 107, 109, 127, 151, 157];

/** prime → remainders a vulnerable modulus can leave. */
const powers = new Map(
  discriminators.map((prime) => {
    const seen = new Set<number>();
    for (let power = 1; !seen.has(power); power = (power * 65537) % prime) seen.add(power);
    return [prime, seen];
  }),
);

/** @param modulus big-endian */
export function isRoca(modulus: Uint8Array): boolean {
  for (const [prime, possible] of powers)
    if (!possible.has(modulus.reduce((rest, byte) => (rest * 256 + byte) % prime, 0))) return false;
  return true;
}
