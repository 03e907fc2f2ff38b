// `assay evidence show` and `diff`: whatever the file, it is shown or refused, and no terminal is steered.
import { makeEvidence, softwareTpm } from '@assay/appraisal/testing';
import { AssayError } from '@assay/core';
import { parseEventLog } from '@assay/measurement';
import { corpusLog } from '@assay/measurement/testing';
import { diffLogs } from '../../packages/cli/evidence/diff/boot-log.ts';
import { diffImaLists } from '../../packages/cli/evidence/diff/ima-list.ts';
import { recognise } from '../../packages/cli/evidence/recognise.ts';
import { show as showFiles } from '../../packages/cli/evidence/show.ts';
import { testWorld } from '../../packages/cli/evidence/testing/world.ts';
import { Fault, foreseen, holds } from '../oracle.ts';
import { bootLogSeeds, bootLogWords } from './boot-log.ts';
import { ekCertificate } from './certificate.ts';
import { imaSeeds, imaText, imaWords } from './ima-list.ts';
import type { Target } from './target.ts';
import { attest, publicArea, signature } from './tpm.ts';

const honest = corpusLog('ovmf-linux-6.1');
const stored = () =>
  Buffer.from(JSON.stringify(makeEvidence({ akKey: softwareTpm().akKey, nonce: new Uint8Array(32), log: honest })));
const pcrs = Buffer.from(
  `sha256:\n  0 : 0x${'00'.repeat(32)}\n  10: 0x${'11'.repeat(32)}\nsha1:\n  1: 0x${'22'.repeat(20)}\n`,
);

/** The first byte chooses how it is shown. */
export const show: Target = {
  name: 'show',
  seeds: () =>
    [
      ...bootLogSeeds(),
      ...imaSeeds(),
      ...[imaText, attest, publicArea, signature, ekCertificate].flatMap(({ seeds }) => seeds()),
      stored(),
      pcrs,
    ].map((bytes) => Buffer.concat([Buffer.from([bytes.length & 3]), bytes])),
  words: [
    ...bootLogWords,
    ...imaWords,
    ...['\u001b[2J', '\u009b31m', '\u202e', '\u2028\u2029'].flatMap((text) => [
      Buffer.from(text),
      Buffer.from(text, 'utf16le'),
    ]),
  ],
  // All of it in words, every digest in JSON, and compared with another boot.
  msPerMiB: 1500,
  async run(input) {
    const [how = 0] = input;
    const bytes = input.subarray(1);
    const world = testWorld({ stdin: bytes });
    await showFiles(['-'], { json: (how & 1) === 1, all: (how & 2) === 2 }, world);
    for (const complaint of world.complaints) if (!(complaint instanceof AssayError)) throw complaint;
    const written = world.written();
    holds(!/(?!\n)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.test(written), 'a control character is printed');
    if (how & 1 && written) JSON.parse(written);
    await compare(bytes);
    return undefined; // what was printed is gone
  },
};

async function compare(bytes: Uint8Array): Promise<void> {
  const pieces = await recognise('file', bytes).catch((error) => {
    if (error instanceof AssayError) return [];
    throw error;
  });
  for (const piece of pieces)
    if (piece.kind === 'boot-log') {
      foreseen(() => diffLogs(parseEventLog(honest), piece.log));
      const same = foreseen(() => diffLogs(piece.log, parseEventLog(piece.bytes)));
      if (!(same instanceof AssayError) && same.changes.length > 0) throw new Fault('a boot differs from itself');
    } else if (piece.kind === 'ima-list')
      holds(diffImaLists(piece.bytes, piece.bytes).length === 0, 'a list differs from itself');
}
