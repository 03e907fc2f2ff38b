// Is this the user's password? argon2id (RFC 9106), kept as PHC text. Costs the same for a user who does not exist,
// and only so many at once, so that guessing neither tells names nor takes the machine, nor keeps others from logging in.
import { argon2, randomBytes, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import { AssayError } from '@assay/core';

/** OWASP's minimum for argon2id: 19 MiB, two passes, one lane. */
const cost = { memory: 19_456, passes: 2, parallelism: 1 };
const tagLength = 32;

/** `ofOne`: from one address, which is all a guesser has. */
const limits = { atOnce: 2, waiting: 128, ofOne: 8 };
let running = 0;
const waiting: { source: string; go: () => void }[] = [];

/** @throws AssayError `password-limit` (429) when too many are being checked */
export async function hashPassword(password: string): Promise<string> {
  const nonce = randomBytes(16);
  const tag = await derive(password, nonce, cost, '');
  return `$argon2id$v=19$m=${cost.memory},t=${cost.passes},p=${cost.parallelism}$${text(nonce)}$${text(tag)}`;
}

/**
 * @param hash undefined: no such user; the work is done all the same
 * @param source address of who asks
 * @throws AssayError `password-limit`
 */
export async function passwordFits(password: string, hash: string | undefined, source = ''): Promise<boolean> {
  const stored = hash === undefined ? undefined : read(hash);
  const tag = await derive(password, stored?.nonce ?? Buffer.alloc(16), stored?.cost ?? cost, source);
  return stored !== undefined && stored.tag.length === tag.length && timingSafeEqual(stored.tag, tag);
}

async function derive(
  password: string,
  nonce: Buffer,
  { memory, passes, parallelism }: typeof cost,
  source: string,
): Promise<Buffer> {
  if (running >= limits.atOnce) {
    const most = waiting.length >= limits.waiting ? limits.waiting : limits.ofOne;
    if (most === limits.waiting || waiting.filter((other) => other.source === source).length >= most)
      throw new AssayError('password-limit', 'identity', `at most ${most} passwords to check`, 'more');
    await new Promise<void>((go) => waiting.push({ source, go }));
  } else running += 1;
  try {
    const message = Buffer.from(password, 'utf8');
    return await promisify(argon2)('argon2id', { message, nonce, memory, passes, parallelism, tagLength });
  } finally {
    const next = waiting.shift();
    if (next) next.go();
    else running -= 1;
  }
}

function read(hash: string): { nonce: Buffer; tag: Buffer; cost: typeof cost } | undefined {
  const found = /^\$argon2id\$v=19\$m=(\d+),t=(\d+),p=(\d+)\$([\w+/]+)\$([\w+/]+)$/.exec(hash);
  if (!found) return undefined;
  const [, memory, passes, parallelism, nonce = '', tag = ''] = found;
  return {
    nonce: Buffer.from(nonce, 'base64'),
    tag: Buffer.from(tag, 'base64'),
    cost: { memory: Number(memory), passes: Number(passes), parallelism: Number(parallelism) },
  };
}

const text = (bytes: Buffer) => bytes.toString('base64').replaceAll('=', '');
