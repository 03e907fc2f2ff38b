// JSON from the network: a frame is what its schema says, or it is refused in words.
import { scene } from '@assay/appraisal/testing';
import { AgentFrame, ClaimedEvidence, parse, ServerFrame, tagIndex, tagRecordBytes, Verdict } from '@assay/protocol';
import { foreseen } from '../oracle.ts';
import { type Target, words } from './target.ts';

const id = '6d1ab1f4-0b0c-4e1b-9f7e-000000000001';
const nonce = Buffer.alloc(32).toString('base64');
const frames = () => [
  { type: 'hello', version: 1, host: 'node1', agent: '0.1.0', ak_name: '00'.repeat(34) },
  { type: 'enrol', ek_certificate: 'AAAA', ek_chain: ['AAAA'], ek_public: 'AAAA', ak_public: 'AAAA' },
  { type: 'activated', secret: 'AAAA' },
  { type: 'failed', code: 'tpm', message: 'no' },
  { type: 'challenge', challenge: id, nonce, pcrs: [{ bank: 'sha256', pcrs: [0, 1] }], ima_offset: 0 },
  {
    type: 'challenge',
    challenge: id,
    nonce,
    pcrs: [{ bank: 'sha256', pcrs: [0] }],
    nv: { index: tagIndex, size: tagRecordBytes },
  },
  { type: 'tag', serial: 1764000000000, record: 'QVRBRwAB' },
  { type: 'tagged', serial: 1764000000000 },
  { type: 'failed', tag: 1764000000000, code: 'tpm', message: 'no' },
  { type: 'refused', code: 'x', message: 'y', retry: false },
  { type: 'evidence', challenge: id, evidence: scene().input().evidence },
  {
    type: 'evidence',
    challenge: id,
    evidence: { ...scene().input().evidence, nv: { attest: 'AAAA', signature: 'AAAA' } },
  },
  scene().appraise().verdict,
  { ...scene().appraise().verdict, tags: { country: 'DE' } },
];

export const messages: Target = {
  name: 'messages',
  seeds: () => frames().map((frame) => Buffer.from(JSON.stringify(frame))),
  words: words(
    'null',
    '{}',
    '[]',
    '"__proto__":{}',
    '-1',
    '1e999',
    '"type":"evidence"',
    '\\u0000',
    '\\ud800',
    '[[[[[[[[',
    '{"a":',
  ),
  run(input) {
    const text = Buffer.from(input).toString('utf8');
    for (const schema of [AgentFrame, ServerFrame, ClaimedEvidence, Verdict])
      foreseen(() => parse(schema, text, 'frame'));
  },
};
