// What may a caller do who sends this secret? Nova calls it attestation_auth_blob and sends it as `x-auth-blob`.
// Proves no more than that: whoever has the secret that writes may do everything relying parties and administrators may.
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { IncomingHttpHeaders } from 'node:http';
import { AssayError } from '@assay/core';
import { type Clock, type Log, placeOf, readPrivate } from '@assay/daemon';

/** `write` includes `read`. */
export type Right = 'read' | 'write';
/** What a request's headers give the right to; undefined: nothing. */
export type RightOf = (headers: IncomingHttpHeaders) => Right | undefined;

const shortest = 16;
/** The present one, and the one before or after it. */
const mostInFile = 2;
// Nova's name, and those of other generations of OpenAttestation; Node gives header names in lower case.
const headerNames = ['x-auth-blob', 'auth_blob', 'auth-blob'];
/** What samples of Nova, of OpenAttestation and of ours have in place of a secret. */
const sample =
  /^(i-am-openstack|s3cret|secret|password|change-?_?me|must-?_?change|replace-?_?me|your-?_?(secret|blob|key))/i;

type SecretOption = 'auth_blob_file' | 'read_only_auth_blob_file';

/**
 * The secrets in a file: one line, or two while one takes the place of the other. Nothing is taken as a default.
 * @throws AssayError `config-value`; never shows what is in the file
 */
export function readAuthBlobs(file: string, name: SecretOption = 'auth_blob_file'): string[] {
  const option = `[attestation_server] ${name}`;
  const hint = `for example: (umask 077; openssl rand -hex 32 > ${file})`;
  const fail = (expected: string, got: string) =>
    new AssayError('config-value', placeOf(file, option), expected, got, { hint });
  const lines = readPrivate(file, { what: 'a secret', option, hint }).toString().trimEnd().split(/\r?\n/);
  if (lines.length > mostInFile) throw fail('one secret, or two: each on its line', `${lines.length} lines`);
  for (const line of lines) {
    if (!/^[\x21-\x7e]*$/.test(line)) throw fail('lines of printable ASCII without spaces', 'something else');
    if (line.length < shortest) throw fail(`secrets of at least ${shortest} characters`, `${line.length} characters`);
    if (sample.test(line)) throw fail('a secret of your own', 'one that stands in samples');
  }
  return lines;
}

export type SecretFiles = { auth_blob_file: string; read_only_auth_blob_file: string | undefined };
type Secrets = { readonly write: readonly string[]; readonly read: readonly string[] };

/** Neither file may say what the other does: one who reads would write. @throws AssayError `config-value` */
function checkApart({ auth_blob_file, read_only_auth_blob_file }: SecretFiles, { write, read }: Secrets): void {
  if (!read.some((secret) => write.includes(secret))) return;
  const option = '[attestation_server] read_only_auth_blob_file';
  throw new AssayError(
    'config-value',
    placeOf(read_only_auth_blob_file ?? '', option),
    `secrets that are not in ${auth_blob_file}`,
    'one that is in both files',
    { hint: 'who only asks needs a secret of its own' },
  );
}

/** A file is looked at no more often. */
const lookMs = 1000;

/**
 * Reads the files, and again while requests come: a secret that was taken out stops counting within a second. A file that cannot
 * be read by then leaves its secrets as they were; of one that is wrong those count on that it still has. The log says so.
 * @throws AssayError `config-value` for files that are wrong from the beginning
 */
export function openSecrets(files: SecretFiles, { clock, log }: { clock: Clock; log: Log }): RightOf {
  const readFor = (file: string | undefined) =>
    file === undefined ? [] : readAuthBlobs(file, 'read_only_auth_blob_file');
  let secrets: Secrets = { write: readAuthBlobs(files.auth_blob_file), read: readFor(files.read_only_auth_blob_file) };
  checkApart(files, secrets);
  let check = rightCheck(secrets);
  let lookedAt = clock.uptimeMs();
  let told = '';

  return (headers) => {
    const now = clock.uptimeMs();
    if (now - lookedAt >= lookMs || now < lookedAt) {
      lookedAt = now;
      look();
    }
    return check(headers);
  };

  function look(): void {
    const wrong: string[] = [];
    const orElse = <T>(read: () => T, otherwise: () => T): T => {
      try {
        return read();
      } catch (error) {
        if (!(error instanceof AssayError)) throw error;
        wrong.push(error.message);
        return otherwise();
      }
    };
    const { auth_blob_file: writing, read_only_auth_blob_file: reading } = files;
    const read: Secrets = {
      write: orElse(
        () => readAuthBlobs(writing),
        () => stillIn(writing, secrets.write),
      ),
      read: orElse(
        () => readFor(reading),
        () => stillIn(reading, secrets.read),
      ),
    };
    const next = orElse(
      () => {
        checkApart(files, read);
        return read;
      },
      // What neither file has any more counts for nothing.
      () => ({
        write: secrets.write.filter((one) => read.write.includes(one)),
        read: secrets.read.filter((one) => read.read.includes(one)),
      }),
    );
    if (JSON.stringify(next) !== JSON.stringify(secrets)) {
      secrets = next;
      check = rightCheck(next);
      log.info({ write: next.write.length, read: next.read.length }, 'secrets of callers were read again');
    }
    const reason = wrong.join('; ');
    if (reason !== '' && reason !== told) log.error({ reason }, 'secrets of callers that are new do not count');
    told = reason;
  }
}

/** Those of a file that is wrong which it still has: who takes one out wants it to end, whatever else is wrong. One that cannot be read has them all. */
function stillIn(file: string | undefined, before: readonly string[]): readonly string[] {
  try {
    const lines = readFileSync(file ?? '', 'utf8').split(/\r?\n/);
    return before.filter((secret) => lines.includes(secret));
  } catch {
    return before;
  }
}

/** Takes the same time however much of a guess is right, how long it is, and how many secrets count. */
export function rightCheck({ write, read }: Secrets): RightOf {
  const key = randomBytes(32);
  const seal = (text: string) => createHmac('sha256', key).update(text).digest();
  const places = (secrets: readonly string[]) =>
    Array.from({ length: mostInFile }, (_, at) => seal(secrets[at] ?? randomBytes(32).toString('hex')));
  const seals = { write: places(write), read: places(read) };
  const among = (claimed: Buffer, wanted: readonly Buffer[]): boolean =>
    wanted.map((one) => timingSafeEqual(claimed, one)).includes(true);
  return (headers) => {
    const claims = headerNames.flatMap((name) => headers[name] ?? []);
    // Two that differ are two guesses.
    if (new Set(claims).size !== 1) return undefined;
    const claimed = seal(claims[0] ?? '');
    const [writes, reads] = [among(claimed, seals.write), among(claimed, seals.read)];
    return writes ? 'write' : reads ? 'read' : undefined;
  };
}
