// IMA's run-time list: the first reading, lines another host has shown before, and the next round.
import { hash } from 'node:crypto';
import { KnownImaLines, replayIma } from '@assay/measurement';
import { costs, type Goal, median, spread } from '../figures.ts';
import { imaHashes } from './floors.ts';
import { imaEntry, imaList } from './hosts.ts';

const entries = 20_000;
const rate = (us: number) => entries / us; // entries a µs are millions a second

export function ima(): Goal[] {
  const { list, pcr10, hashed } = imaList(entries, 'host');
  const more = imaEntry('/usr/bin/true', new Uint8Array(32));
  const longer = Buffer.concat([list, more]);
  const after = Buffer.from(
    hash('sha256', Buffer.concat([pcr10, hash('sha256', more.subarray(38), 'buffer')]), 'buffer'),
  );
  const known = new KnownImaLines(64 << 20);
  const read = (lines?: KnownImaLines) => {
    const { state } = replayIma({ offset: 0, bytes: list }, undefined, { sha256: pcr10 }, lines);
    if (state?.entries !== entries) throw new Error('the list was not proven');
    return state;
  };
  const proven = read(known);
  const seen = costs(
    {
      floor: () => imaHashes(hashed),
      first: () => read(),
      known: () => read(known),
      next() {
        const part = { offset: list.length, bytes: longer.subarray(list.length) };
        if (replayIma(part, proven, { sha256: after }).state?.entries !== entries + 1) throw new Error('not proven');
      },
    },
    { turns: 9 },
  );
  const [first, again] = [rate(median(seen.first)), rate(median(seen.known))];
  const millions = (figures: number[]) => spread(figures.map(rate), 'M entries/s', 2);
  console.log(`IMA list, template ima-ng, ${entries} entries, ${Math.round(list.length / 1024)} KiB, PCR 10 of SHA-256; Keylime (taken once on such a machine, not in this run): 0.14 M entries/s

| work | |
| --- | --- |
| the hashes and nothing else (SHA-1 and SHA-256 of the data, extend) | ${millions(seen.floor)} |
| first reading | ${millions(seen.first)} |
| every line seen on another host | ${millions(seen.known)} |
| next round, one new entry | ${spread(seen.next, 'µs')} |
`);
  return [
    {
      what: 'IMA list, first reading',
      goal: '≥ 0.42 M entries/s',
      seen: `${first.toFixed(2)} M/s`,
      met: first >= 0.42,
    },
    { what: 'IMA list, lines known', goal: '≥ 1 M entries/s', seen: `${again.toFixed(2)} M/s`, met: again >= 1 },
    {
      what: 'IMA list, next round',
      goal: 'costs its new entries only (≤ 50 µs for one)',
      seen: `${median(seen.next).toFixed(1)} µs`,
      met: median(seen.next) <= 50,
    },
  ];
}
