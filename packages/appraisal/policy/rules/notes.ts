// Do the notes of the log (EV_NO_ACTION) stay notes? They are never extended, so they must carry no digest, and those that
// change how a log is read must stand where the specification has them (PC Client PFP, §10.4.5).
import type { EventOf } from '@assay/measurement';
import type { Finding } from '@assay/protocol';
import type { FindingCode } from '../../findings/catalogue.ts';
import { finding } from '../../findings/finding.ts';
import type { Rule } from '../rule.ts';

type Note = EventOf<'no-action'>;
const localities = [0, 3, 4];

export const notes: Rule = {
  name: 'notes',
  find({ log }) {
    const all = log.events.filter((event): event is Note => event.kind === 'no-action');
    const firstExtend = log.events.find(({ kind, pcr }) => kind !== 'no-action' && pcr === 0)?.index ?? Infinity;
    return [...all.flatMap(digestFindings), ...headerFindings(all), ...localityFindings(all, firstExtend)];
  },
};

const at = (code: FindingCode, { index }: Note, expected: string, seen: string) =>
  finding(code, `event ${index} (EV_NO_ACTION)`, expected, seen, { event: index, component: 'firmware' });

function digestFindings(note: Note): Finding[] {
  const digest = note.frame.digests.find((one) => one.digest.some((byte) => byte !== 0))?.digest;
  return digest ? [at('note-digest', note, 'a digest of zeros', digest.toHex())] : [];
}

function headerFindings(all: Note[]): Finding[] {
  return all
    .filter(({ index, content, data }) =>
      index === 0 ? content?.signature === 'spec-id' && !content.version.startsWith('2.0 ') : isHeader(data),
    )
    .map((note) => at('log-header', note, 'one header, of version 2.0, as the first event', note.description));
}

const isHeader = (data: Uint8Array) => Buffer.from(data.subarray(0, 12)).toString('latin1') === 'Spec ID Even';

function localityFindings(all: Note[], firstExtend: number): Finding[] {
  const starts = all.filter(({ data }) => Buffer.from(data.subarray(0, 15)).toString('latin1') === 'StartupLocality');
  return starts
    .filter((note, i) => {
      const locality = note.content?.signature === 'startup-locality' ? note.content.locality : -1;
      return i > 0 || note.pcr !== 0 || note.index > firstExtend || !localities.includes(locality);
    })
    .map((note) =>
      at(
        'startup-locality',
        note,
        'locality 0, 3 or 4, once, before anything in PCR 0',
        `${note.description}, PCR ${note.pcr}`,
      ),
    );
}
