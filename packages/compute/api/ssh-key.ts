// Is this an OpenSSH public key, and what is its fingerprint? Read to its last byte (RFC 4253, 6.6; RFC 5656, 3.1; RFC 8709, 4),
// since it is handed to guests as one line of text.
import { createHash } from 'node:crypto';
import { AssayError } from '@assay/core';

export type SshKey = { type: string; comment: string; fingerprint: string };

const curves: Record<string, { name: string; bytes: number }> = {
  'ecdsa-sha2-nistp256': { name: 'nistp256', bytes: 65 },
  'ecdsa-sha2-nistp384': { name: 'nistp384', bytes: 97 },
  'ecdsa-sha2-nistp521': { name: 'nistp521', bytes: 133 },
};

/**
 * @param text `ssh-ed25519 AAAA… comment`, one line; a line end after it is allowed
 * @returns fingerprint: MD5 of the key, hex with colons, as Nova shows it
 * @throws AssayError `ssh-key-invalid`
 */
export function readSshKey(text: string): SshKey {
  const line = text.replace(/\r?\n$/, '');
  if (/[\p{Cc}\u2028\u2029]/u.test(line)) throw bad('one line without control characters', 'more');
  const [type = '', base64 = '', ...comment] = line.trim().split(/ +/);
  const blob = Buffer.from(base64, 'base64');
  if (blob.length === 0 || blob.toString('base64').replaceAll('=', '') !== base64.replaceAll('=', ''))
    throw bad('type, base64 and comment', 'no base64');
  const fields = new Fields(blob);
  if (fields.next('type').toString('latin1') !== type) throw bad('the same type inside as in front', type);
  readKind(type, fields);
  fields.end();
  const md5 = createHash('md5').update(blob).digest('hex');
  return { type, comment: comment.join(' '), fingerprint: md5.match(/../g)?.join(':') ?? '' };
}

function readKind(type: string, fields: Fields): void {
  const curve = curves[type];
  if (type === 'ssh-rsa') {
    fields.next('e');
    const modulus = fields.next('n');
    const bits = (modulus[0] === 0 ? modulus.length - 1 : modulus.length) * 8;
    if (bits < 1024 || bits > 16_384) throw bad('an RSA key of 1024 to 16384 bits', bits);
  } else if (type === 'ssh-ed25519' || type === 'sk-ssh-ed25519@openssh.com') {
    if (fields.next('key').length !== 32) throw bad('32 bytes of key', 'another length');
    if (type.startsWith('sk-')) fields.next('application');
  } else if (curve || type === 'sk-ecdsa-sha2-nistp256@openssh.com') {
    const { name, bytes } = curve ?? { name: 'nistp256', bytes: 65 };
    if (fields.next('curve').toString('latin1') !== name) throw bad(`curve ${name}`, 'another');
    const point = fields.next('point');
    if (point.length !== bytes || point[0] !== 4) throw bad(`an uncompressed point of ${bytes} bytes`, point.length);
    if (!curve) fields.next('application');
  } else throw bad('ssh-rsa, ssh-ed25519 or ecdsa-sha2-nistp256, -384, -521', type);
}

/** SSH strings: four bytes of length, then so many bytes. */
class Fields {
  readonly #blob: Buffer;
  #at = 0;
  constructor(blob: Buffer) {
    this.#blob = blob;
  }
  next(name: string): Buffer {
    const left = this.#blob.length - this.#at - 4;
    const length = left < 0 ? 0 : this.#blob.readUInt32BE(this.#at);
    if (left < length || length === 0) throw bad(`field ${name}`, 'a key that ends before it');
    const start = this.#at + 4;
    this.#at = start + length;
    return this.#blob.subarray(start, this.#at);
  }
  end(): void {
    if (this.#at !== this.#blob.length) throw bad('nothing after the key', `${this.#blob.length - this.#at} bytes`);
  }
}

const bad = (expected: string, got: unknown) => new AssayError('ssh-key-invalid', 'public key', expected, got);
