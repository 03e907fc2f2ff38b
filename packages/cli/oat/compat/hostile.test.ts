import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Answer, Ask, Peer } from '../peer.ts';
import { tellsInside } from './check.ts';
import { lifeOf } from './life.ts';
import { thingsOf } from './life-things.ts';
import { readChecks, tryAll } from './run.ts';
import { findingsText } from './show.ts';

const part = fc.oneof(
  fc.jsonValue({ maxDepth: 2 }),
  fc.constantFrom('trusted', 'BIOS', 'VMM', '\u001b[2J', '2026-11-23T10:00:05Z', 'null', '@@'),
);
const names = [
  'host_name',
  'trust_lvl',
  'vtime',
  'Name',
  'Version',
  'MLE_Type',
  'OemName',
  'HostName',
  'MLE_Manifests',
  'trust',
  'error_code',
  'error_message',
];
const object = fc.record(Object.fromEntries(names.map((name) => [name, part])), { requiredKeys: [] });
const json = fc.oneof(
  part,
  object,
  fc.array(object, { maxLength: 3 }),
  fc.record({ hosts: fc.array(object, { maxLength: 3 }) }),
);

test('whatever a server answers, each check ends with a finding, and none of its words does anything to a terminal', async () => {
  const checks = [...readChecks, ...lifeOf(thingsOf('assay-compat-x'))].filter(
    ({ name }) => !/^(tls|certificate|plain)/.test(name),
  );
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.constantFrom(200, 200, 400, 401, 500), json), { minLength: 1 }),
      async (said) => {
        let turn = 0;
        const ask: Ask = async (): Promise<Answer> => {
          const [status, value] = said[turn++ % said.length] ?? [200, null];
          return {
            status,
            type: 'application/json',
            json: value,
            text: JSON.stringify(value),
            ms: 1,
            at: new Date(),
            date: Number.NaN,
          };
        };
        const peer = { ask, askAs: () => ask } as unknown as Peer;
        const way = { method: 'POST', base: '/x' } as const;
        const findings = await tryAll(checks, { peer, ask, way, hosts: ['a'], secret: 's', plainPort: 1 });
        // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what must not be there
        assert.doesNotMatch(findingsText(findings, true), /[\u0000-\u0009\u000b-\u001f]/);
      },
    ),
    { numRuns: 60 },
  );
});

test('a text that is made to be slow to look at is looked at in the time of its length', () => {
  for (const text of ['a.'.repeat(8 << 20), 'at a'.repeat(4 << 20), '<'.repeat(16 << 20)]) {
    const start = process.cpuUsage().user;
    assert.equal(tellsInside({ text } as Answer), undefined);
    assert.ok(process.cpuUsage().user - start < 2_000_000);
  }
});
