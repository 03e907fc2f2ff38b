// Evidence as a whole: nothing a host sends makes appraisal fail, and a host whose TPM signed something else is never trusted.

import { createHash } from 'node:crypto';
import { type AppraisalInput, appraise, defaultPcrs } from '@assay/appraisal';
import { scene, signatureOf } from '@assay/appraisal/testing';
import { AssayError, decode } from '@assay/core';
import { parseEventLog, readImaList, replay } from '@assay/measurement';
import { buildIma, corpusLog, honestIma, imaPcrValue } from '@assay/measurement/testing';
import { type ClaimedEvidence, fromBase64, toBase64 } from '@assay/protocol';
import { Attest } from '@assay/tpm/structures';
import { foreseen, holds } from '../oracle.ts';
import { bootLogSeeds, bootLogWords } from './boot-log.ts';
import { imaSeeds, imaWords } from './ima-list.ts';
import type { Target } from './target.ts';

const log = corpusLog('ovmf-linux-6.1');

/** Over PCR 0–9 of that log: what the kernel would have found. */
function aggregate(): Uint8Array {
  const values = replay(parseEventLog(log).events, 'sha256');
  const sum = createHash('sha256');
  for (let pcr = 0; pcr < 10; pcr++) sum.update(values.get(pcr) ?? new Uint8Array(32));
  return sum.digest();
}

const wishes = honestIma('ima-ng', 6, aggregate());
const list = buildIma(wishes);
const host = scene(log, defaultPcrs);
const base: AppraisalInput = host.input({
  imaLog: { offset: 0, data: list },
  pcrs: new Map([[10, imaPcrValue(wishes, 'sha256')]]),
});
const honest = base.evidence as ClaimedEvidence;

/** What an input replaces: its first byte chooses. */
const parts = ['quote', 'signature', 'log', 'list', 'signed-quote', 'values'] as const;
type Part = (typeof parts)[number];

function changed(part: Part, bytes: Uint8Array): ClaimedEvidence {
  const text = toBase64(bytes);
  switch (part) {
    case 'quote':
      return { ...honest, quote: text };
    case 'signature':
      return { ...honest, signature: text };
    case 'log':
      return { ...honest, event_log: text };
    case 'list':
      return { ...honest, ima_log: { offset: 0, data: text } };
    case 'signed-quote':
      return { ...honest, quote: text, signature: toBase64(signatureOf(host.tpm.akKey, 'sha256', bytes)) };
    case 'values': {
      const values = (honest.pcr_values ?? []).map((one, i) => ({
        ...one,
        value: Buffer.from(bytes.subarray(i * 32, i * 32 + 32)).toString('hex'),
      }));
      return { ...honest, pcr_values: values };
    }
  }
}

/** Whether a trusted host may have sent this: what was signed, and what was extended, is as it was. */
function isTheSame(part: Part, bytes: Uint8Array): boolean {
  const quote = fromBase64(honest.quote, 'quote');
  if (part === 'quote') return Buffer.compare(bytes, quote) === 0;
  if (part === 'log') return extensions(bytes) === extensions(log);
  if (part === 'list') return entriesOf(bytes).startsWith(entriesOf(list));
  if (part !== 'signed-quote') return true;
  const [is, was] = [foreseen(() => decode(Attest, bytes, 'quote')), decode(Attest, quote, 'quote')];
  if (is instanceof AssayError || is.type !== 'quote' || was.type !== 'quote') return false;
  const said = ({ extraData, pcrSelect, pcrDigest }: typeof was) =>
    JSON.stringify([[...extraData], pcrSelect, [...pcrDigest]]);
  return said(is) === said(was);
}

/** What each quoted PCR was extended with, in order. */
function extensions(bytes: Uint8Array): string {
  const { events, startupLocality } = parseEventLog(bytes);
  const byPcr = Map.groupBy(
    events.filter(({ kind, pcr }) => kind !== 'no-action' && pcr < 10),
    ({ pcr }) => pcr,
  );
  const digests = [...byPcr]
    .sort(([a], [b]) => a - b)
    .map(([pcr, all]) => [pcr, all.map((event) => event.digests.sha256?.toHex() ?? '')]);
  return JSON.stringify([startupLocality, digests]);
}

const entriesOf = (bytes: Uint8Array) =>
  [...readImaList(bytes)]
    .map(({ pcr, template, data, violation }) => `${pcr} ${template} ${violation} ${data.toHex()}\n`)
    .join('');

const input = (part: Part, bytes: Uint8Array) => Buffer.concat([Buffer.from([parts.indexOf(part)]), bytes]);

const small = () => [
  input('quote', fromBase64(honest.quote, 'quote')),
  input('signature', fromBase64(honest.signature, 'signature')),
  input('signed-quote', fromBase64(honest.quote, 'quote')),
  input('values', Buffer.concat((honest.pcr_values ?? []).map(({ value }) => Buffer.from(value, 'hex')))),
];

export const evidence: Target = {
  name: 'evidence',
  seeds: () => [
    // Small parts as often as all the logs together.
    ...Array.from({ length: 8 }, () => small()).flat(),
    input('log', log),
    input('list', list),
    ...bootLogSeeds().map((bytes) => input('log', bytes)),
    ...imaSeeds().map((bytes) => input('list', bytes)),
  ],
  words: [...bootLogWords, ...imaWords],
  // Base64 both ways, the log read twice more by the check.
  msPerMiB: 250,
  run(bytes) {
    const part = parts[(bytes[0] ?? 0) % parts.length] as Part;
    const rest = bytes.subarray(1);
    const appraisal = appraise({ ...base, evidence: changed(part, rest) });
    const { trust } = appraisal.verdict;
    holds(trust !== 'trusted' || isTheSame(part, rest), `trusted with another ${part}`);
    return appraisal;
  },
};

holds(appraise(base).verdict.trust === 'trusted', 'the honest host is not trusted');
