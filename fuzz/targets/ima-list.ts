// IMA's run-time list: two independent replays agree on every entry, in both of the list's forms.
import { imaListFromAscii, readImaList, replayIma } from '@assay/measurement';
import { buildIma, honestIma, modernTemplates, replayImaSlowly } from '@assay/measurement/testing';
import { holds } from '../oracle.ts';
import { recordedFiles } from './recorded.ts';
import { type Target, words } from './target.ts';

const templates = ['ima', ...modernTemplates] as const;

export const imaSeeds = (): Uint8Array[] => [
  ...templates.map((template) => buildIma(honestIma(template))),
  buildIma([...honestIma(), { path: '/x', violation: true }, { path: '/y', pcr: 11 }]),
  ...recordedFiles('ima.bin'),
];

export const imaWords = words(
  ...templates.map((name) => `${String.fromCharCode(name.length)}\0\0\0${name}`),
  'sha256:\0',
  'boot_aggregate\0',
  new Uint8Array(20),
);

/** No value a list leads to. */
const unreachable = new Uint8Array(32).fill(0xff);

export const imaList: Target = {
  name: 'ima-list',
  seeds: imaSeeds,
  words: imaWords,
  // The slow reader is part of this.
  msPerMiB: 1000,
  run(input) {
    const slow = replayImaSlowly(input, 'sha256');
    const fast = [...readImaList(input)];
    holds(fast.length === slow.length, `${fast.length} entries, and ${slow.length} to the second reader`);
    for (const [i, entry] of fast.entries())
      holds(
        entry.pcr === slow[i]?.pcr && entry.violation === slow[i]?.violation && entry.index === i,
        `entry ${i} is another to the second reader`,
      );
    const { end, state } = replayIma({ offset: 0, bytes: input }, undefined, { sha256: unreachable });
    holds(state === undefined, 'a value is reached that no list leads to');
    holds(
      end.entries === slow.length && (slow.length === 0 || end.pcrs.sha256 === slow.at(-1)?.value),
      'another PCR 10 than the second replay',
    );
    const half = slow[slow.length >> 1];
    if (half) {
      const target = { sha256: Buffer.from(half.value, 'hex') };
      const reached = replayIma({ offset: 0, bytes: input }, undefined, target).state;
      holds(reached?.pcrs.sha256 === half.value, 'a value of the second replay is not reached');
    }
    return fast;
  },
};

/** Its reading alone, for time and memory. */
export const imaReplay: Target = {
  name: 'ima-replay',
  seeds: imaSeeds,
  words: imaWords,
  run: (input) => replayIma({ offset: 0, bytes: input }, undefined, { sha256: unreachable }),
};

export const imaText: Target = {
  name: 'ima-text',
  seeds: () => [
    ...recordedFiles('ima.txt'),
    Buffer.from(
      `10 ${'0'.repeat(40)} ima-ng sha256:${'a'.repeat(64)} /bin/a b\n10 ${'1'.repeat(40)} ima ${'2'.repeat(40)} /c\n`,
    ),
  ],
  // For people: it never crosses the network.
  msPerMiB: 500,
  words: words(' ima-sig ', ' ima-buf ', ' sha1:', '\n10 ', ' '),
  run(input) {
    const { bytes, broken } = imaListFromAscii(input);
    return [[...readImaList(bytes)], broken];
  },
};
