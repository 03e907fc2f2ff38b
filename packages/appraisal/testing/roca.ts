// RSA moduli as the generator of CVE-2017-15361 made them, but for their factors being primes.

/** Product of the first primes: of 2048-bit keys the first 126, as the generator took. */
const primes = [2];
for (let n = 3; primes.length < 126; n += 2) if (primes.every((prime) => n % prime)) primes.push(n);
const product = primes.reduce((all, prime) => all * BigInt(prime), 1n);

function power(base: bigint, exponent: bigint, modulus: bigint): bigint {
  let result = 1n;
  for (let [square, rest] = [base % modulus, exponent]; rest > 0n; rest >>= 1n) {
    if (rest & 1n) result = (result * square) % modulus;
    square = (square * square) % modulus;
  }
  return result;
}

/** A number of the form k·M + (65537^a mod M). That it is no prime makes no difference to what remains of the product. */
const weakFactor = (k: bigint, a: bigint) => k * product + power(65537n, a, product);
/** Big-endian, 2048 bits. */
export const bytesOf = (number: bigint) => new Uint8Array(Buffer.from(number.toString(16).padStart(512, '0'), 'hex'));

/** 2048 bits: two factors of 1024, near 1.5·2^1023. Each seed another. */
export function rocaModulus(seed: bigint): Uint8Array {
  const k = (3n << 1022n) / product;
  return bytesOf(weakFactor(k + 0x1000n + seed, 77n + seed) * weakFactor(k + 0x2000n + seed, 4711n * seed + 1n));
}
