import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  Brake,
  check,
  Explanation,
  Host,
  HostHistory,
  PolicyVersion,
  ReferenceSummary,
  ReferenceValue,
  Rehearsal,
  type Verdict,
} from '@assay/protocol';
import { brakeText, engagedText } from './show-brake.ts';
import { explanationText } from './show-explanation.ts';
import { historyTable, hostDetails, hostTable } from './show-hosts.ts';
import { appliedText, policyHistory, policyTable, versionOf } from './show-policies.ts';
import { contentLines, valueDetails, valuesText, valueTable } from './show-reference.ts';
import { rehearsalText } from './show-rehearsal.ts';

const now = new Date('2026-11-23T12:00:00Z');
const [oldKernel, newKernel] = ['28d6'.repeat(16), '9f00'.repeat(16)];
const reason = `hypervisor: event 33 (PCR 4): expected sha256 ${oldKernel}, got ${newKernel}`;
const verdict = (given: Partial<Verdict> = {}): Verdict => ({
  host: 'node3',
  pool: 'default',
  policy_version: 2,
  trust: 'untrusted',
  reason,
  components: [
    { component: 'firmware', trust: 'trusted', reason: 'firmware: 21 measurements, as known good' },
    { component: 'hypervisor', trust: 'untrusted', reason },
    { component: 'operating_system', trust: 'unknown', reason: 'operating system: nothing is known', demanded: false },
  ],
  findings: [{ code: 'measurement-unknown', component: 'hypervisor', event: 33, pcr: 4, message: reason }],
  software_tpm: false,
  ak_name: `000b${'ab'.repeat(32)}`,
  evidence_sha256: 'cd'.repeat(32),
  verified_at: '2026-11-23T11:59:00Z',
  expires_at: '2026-11-23T12:02:00Z',
  ...given,
});
const host = (given: Partial<Host> = {}): Host =>
  check(
    Host,
    {
      name: 'node3',
      registered_at: '2026-11-01T00:00:00Z',
      enrolled_at: '2026-11-01T00:00:00Z',
      labels: { zone: 'dmz' },
      pools: ['default', 'dmz'],
      connected: true,
      verdict: verdict(),
      verdicts: [
        verdict({
          pool: 'dmz',
          trust: 'trusted',
          reason: 'all is well',
          components: [],
          findings: [],
          verified_at: '2026-11-23T11:58:00Z',
        }),
      ],
      age_ms: 60_000,
      ...given,
    },
    'host',
  );
const neverSeen = verdict({
  trust: 'unknown',
  reason: 'not attested yet',
  components: [],
  findings: [],
  ak_name: undefined,
  evidence_sha256: undefined,
} as never);

test('in the table of hosts a digest is shortened; the details have it whole, and the sentence once', () => {
  const [, row] = hostTable([host()]).split('\n');
  assert.match(
    row ?? '',
    /^node3 +untrusted +hypervisor: event 33 \(PCR 4\): expected sha256 28d628d628d6…, got 9f009f009f00… +60 s +dmz: trusted$/,
  );
  const details = hostDetails(host(), { 'measurement-unknown': { remedy: 'run assay host explain' } });
  assert.equal(details.split(newKernel).length, 2);
  assert.match(details, /^hypervisor +untrusted$/m);
  assert.match(details, /^firmware +trusted: 21 measurements, as known good$/m);
  assert.match(details, /^operating system +unknown, not asked for: nothing is known$/m);
  assert.match(details, /^finding +measurement-unknown\n {2}to do +run assay host explain$/m);
  assert.match(details, /^explained by +assay host explain node3$/m);
});

test('each pool has its part, with the age of its own verdict; a pool’s table has its hosts alone', () => {
  const details = hostDetails(host());
  assert.match(details, /^pool default\nverdict +untrusted$/m);
  assert.match(details, /^pool dmz\nverdict +trusted$/m);
  assert.match(details, /11:59:00Z \(60 s ago\)/);
  assert.match(details, /11:58:00Z \(2 min ago\)/);
  assert.match(
    hostTable([host(), host({ name: 'node4', pools: ['default'], verdicts: [] })], 'dmz'),
    /^NAME.*\nnode3 +trusted[^\n]*$/,
  );
  assert.match(hostTable([host()], 'gpu'), /no host is in pool gpu/);
});

test('the table says what a host is in its other pools, where any host is in another', () => {
  const lone = host({ name: 'node4', pools: ['default'], verdicts: [] });
  const [head, ...rows] = hostTable([host(), lone]).split('\n');
  assert.match(head ?? '', /OTHER POOLS$/);
  assert.match(rows[0] ?? '', /dmz: trusted$/);
  assert.match(rows[1] ?? '', /-$/);
  assert.match(hostTable([host()], 'dmz'), /default: untrusted$/);
  assert.doesNotMatch(hostTable([lone]), /POOLS/);
});

test('a host that was never attested is not said to be verified, nor to have an age', () => {
  const never = host({ verdict: neverSeen, verdicts: [], age_ms: 0 });
  assert.doesNotMatch(hostDetails(never), /verified|expires/);
  assert.match(hostTable([never]), /^node3 +unknown +not attested yet +- +dmz: unknown$/m);
});

test('who loses trust stands first in a rehearsal; long ones are cut and say so', () => {
  const changes = [
    { host: 'node7', pool: 'default', before: 'untrusted', after: 'trusted', reason: 'all is well' },
    { host: 'node8', pool: 'dmz', before: 'trusted', reason: 'no longer in the pool' },
    ...Array.from({ length: 40 }, (_, at) => ({
      host: `host${at}`,
      pool: 'default',
      before: 'trusted',
      after: 'untrusted',
      code: 'command-line',
      reason: 'has debug\u001b[2J',
    })),
  ];
  const rehearsal = check(
    Rehearsal,
    { hosts: 100, silent: ['node9'], changes, more: 5, losing: 46, losing_percent: 46, brake_percent: 20 },
    'rehearsal',
  );
  const lines = rehearsalText(rehearsal).split('\n');
  assert.match(lines[0] ?? '', /^HOST +POOL +BEFORE +AFTER +FINDING$/);
  assert.match(lines[1] ?? '', /^node8 +dmz +trusted +not in the pool +no longer in the pool$/);
  assert.match(lines[2] ?? '', /^host0 +default +trusted +untrusted +command-line: has debug\\u\{1b\}\[2J$/);
  assert.deepEqual(lines.slice(31), [
    'and 12 more (--all)',
    'and 5 more that the server does not list',
    'rehearsed on the recorded evidence of 100 hosts: 46 of 100 trusted hosts would lose trust (46 %), 1 or more would gain it',
    'of node9 nothing can be said: no evidence is recorded',
  ]);
  assert.match(rehearsalText(rehearsal, true), /^node7 +default +untrusted +trusted +all is well$/m);
});

const explanation: Explanation = check(
  Explanation,
  {
    host: 'node3',
    pool: 'default',
    verdict: verdict(),
    summary: 'the kernel image is not known good',
    differences: [
      {
        component: 'hypervisor',
        claim: 'kernel image',
        text: 'the kernel that was started is none that is known',
        finding: { code: 'measurement-unknown', message: reason },
        event: { index: 33, pcr: 4, type: 'EV_EFI_BOOT_SERVICES_APPLICATION' },
        expected: `sha256 ${oldKernel}`,
        seen: `sha256 ${newKernel}`,
        last_good: '2026-11-23T09:00:00Z',
        also_on: ['node4', 'node5'],
        resembles: 'same kernel as linux-image 6.1.0-31, other command line: … debug\u001b[2J',
        value: '0123456789abcdef',
      },
    ],
    findings: [
      { finding: { code: 'ima-pcr', message: 'PCR 10', allowed: true }, meaning: 'harmless', remedy: 'nothing' },
    ],
    commands: [
      { command: 'assay host accept node3 --component hypervisor --because "…"', effect: 'takes exactly this kernel' },
    ],
  },
  'explanation',
);

test('an explanation says what differs, where, since when, on whom, what it resembles and what mends it', () => {
  const text = explanationText(explanation, now, { out: { isTTY: false } });
  for (const line of [
    /^node3 is untrusted in pool default: the kernel image is not known good$/m,
    /^hypervisor: kernel image$/m,
    /^ {2}event +33 of the boot log: PCR 4, EV_EFI_BOOT_SERVICES_APPLICATION$/m,
    new RegExp(`^ {2}expected +sha256 ${oldKernel}$`, 'm'),
    new RegExp(`^ {2}seen +sha256 ${newKernel}$`, 'm'),
    /^ {2}last good +2026-11-23T09:00:00Z \(3 h ago\)$/m,
    /^ {2}also on +node4, node5$/m,
    /^ {2}resembles +same kernel as linux-image 6\.1\.0-31, other command line: … debug\\u\{1b\}\[2J$/m,
    /^ {2}value +0123456789abcdef \(assay reference show 01234567\)$/m,
    /^ {2}assay host accept node3 --component hypervisor --because "…"\n {6}takes exactly this kernel$/m,
  ])
    assert.match(text, line);
});

test('a finding that does not count says why, where that is known', () => {
  const why = () => 'not asked for by the policy';
  assert.match(
    explanationText(explanation, now, { out: {}, why }),
    /^ {2}ima-pcr \(not asked for by the policy\): PCR 10$/m,
  );
  const findings = [{ code: 'ima-pcr', message: 'PCR 10', allowed: true }];
  const shown = hostDetails(host({ verdict: verdict({ findings }) }), {}, why);
  assert.match(shown, /^allowed +ima-pcr: PCR 10 \(not asked for by the policy\)$/m);
});

test('on a terminal prose is wrapped at its width; digests and commands stay whole', () => {
  const text = explanationText(explanation, now, { out: { isTTY: true, columns: 60 } });
  for (const line of text.split('\n'))
    assert.ok(
      [...line].length <= 60 || line.includes(oldKernel) || line.includes(newKernel) || line.includes('assay '),
      line,
    );
  assert.ok(text.includes(newKernel));
  assert.ok(text.includes('assay host accept node3 --component hypervisor --because "…"'));
});

test('of many differences the first are told, and how many more there are', () => {
  const many = {
    ...explanation,
    differences: Array.from({ length: 25 }, () => explanation.differences[0]),
  } as Explanation;
  assert.match(explanationText(many, now, { out: {} }), /^and 5 more differences \(--all\)$/m);
  assert.doesNotMatch(explanationText(many, now, { out: {}, all: true }), /more differences/);
});

const summary = (given: Partial<ReferenceSummary> = {}): ReferenceSummary =>
  check(
    ReferenceSummary,
    {
      id: '0123456789abcdef0123456789abcdef',
      component: 'hypervisor',
      name: 'linux-image',
      version: '6.1',
      content: {
        form: 'measurements',
        measurements: Array.from({ length: 20 }, (_, at) => ({
          claim: 'kernel image',
          digests: { sha256: newKernel },
          description: `vmlinuz${at}`,
        })),
      },
      form: 'measurements',
      count: 20,
      state: 'next',
      from: '2026-12-01T00:00:00Z',
      until: '2026-12-14T00:00:00Z',
      replaces: ['fedcba9876543210'],
      source: { kind: 'package', name: 'x\u001b.deb', sha256: oldKernel },
      by: 'ada@console',
      because: 'DSA-5880',
      added_at: '2026-11-23T11:00:00Z',
      hosts: ['node1', 'node2'],
      ...given,
    },
    'value',
  );

test('values are listed with who rests on them, shown whole, and what would be added by its digests', () => {
  assert.match(
    valueTable([summary()]),
    /^01234567 +hypervisor +linux-image 6\.1 +measurements +20 +next +from 2026-12-01 00:00Z until 2026-12-14 00:00Z +2 +package x\\u\{1b\}\.deb +2026-11-23 11:00Z$/m,
  );
  assert.match(
    valueTable([summary({ state: 'retired', retired_at: '2026-11-24T00:00:00Z' })]),
    /retired +since 2026-11-24 00:00Z/,
  );
  const details = valueDetails(summary());
  assert.match(details, /^because +DSA-5880$/m);
  assert.match(
    valueDetails({ ...summary(), hosts: [], hosts_last_heard: ['node7'] }),
    /^hosts +no present verdict rests on it; resting on it when last heard: node7$/m,
  );
  assert.match(details, new RegExp(`^ {4}kernel image +sha256 ${newKernel} +vmlinuz0$`, 'm'));
  const { content, source, component } = check(ReferenceValue, summary(), 'value');
  const added = valuesText('would add', [{ content, source, component }]);
  assert.match(
    added,
    /^would add hypervisor: 20 single measurements in the form measurements, from package x\\u\{1b\}\.deb$/m,
  );
  assert.match(added, /^ {4}kernel image +sha256 9f009f009f00… +vmlinuz11\n {4}and 8 more \(--all\)$/m);
});

test('an allow list is shown whole, however long it is', () => {
  const files = Array.from({ length: 200_000 }, (_, i) => ({ path: `/usr/bin/${i}`, digests: { sha256: 'a' } }));
  const lines = contentLines({ form: 'files', files }, Number.POSITIVE_INFINITY, true);
  assert.deepEqual([lines.length, lines.at(-1)], [200_000, '    sha256 a  /usr/bin/199999']);
  assert.equal(contentLines({ form: 'files', files }, 12, false).at(-1), '    and 199988 more (--all)');
});

test('policies are listed with what they ask, and their history with what changed', () => {
  const version = (number: number, document: object | null): PolicyVersion =>
    check(
      PolicyVersion,
      { pool: 'default', version: number, document, applied_at: '2026-11-23T11:00:00Z', by: 'ada' },
      'policy',
    );
  const versions = [
    version(3, null),
    version(2, { pool: 'default', known_good: ['firmware'], secure_boot: { state: 'on' } }),
    version(1, { pool: 'default', labels: { zone: 'dmz' } }),
  ];
  assert.match(
    policyTable(versions.slice(1)),
    /^default +2 +any labels +firmware +secure boot .*\ndefault +1 +zone=dmz +nothing: nobody is trusted +- /m,
  );
  assert.match(policyHistory(versions), /^3 .*removed\n2 .*labels, known_good, secure_boot\n1 .*new$/m);
  assert.equal(versionOf(versions, 'default', 2).version, 2);
  for (const wanted of [undefined, 3, 4])
    assert.throws(() => versionOf(versions, 'default', wanted), { code: 'policy-not-found' });
});

test('whoever applied a policy is told how to go back: to the version before, or to none', () => {
  assert.match(appliedText('dmz', 4, 2), /version 4 .*: assay policy show dmz --version 2 \| assay policy apply -$/);
  assert.match(appliedText('dmz', 3, undefined), /: assay policy remove dmz$/);
});

test('an engaged brake says who fell and what is held; one that is not stays off the table of hosts', () => {
  const brake = check(
    Brake,
    {
      engaged: true,
      since: '2026-11-23T11:00:00Z',
      fallen: ['node1', 'node2'],
      trusted_before: 4,
      brake_percent: 20,
      window_s: 300,
      held: ['retiring 0123'],
    },
    'brake',
  );
  assert.match(
    engagedText(brake),
    /^BRAKE engaged since .*: 2 of 4 trusted hosts lost trust within 300 s \(more than 20 %, at least 2\): node1, node2\n {2}held: retiring 0123\n/,
  );
  assert.equal(engagedText({ ...brake, engaged: false, held: [] }), '');
  assert.match(
    brakeText({ ...brake, engaged: false, fallen: [], held: [] }),
    /^the brake is not engaged: .*more than 20 % of the trusted hosts, at least 2, lost trust within 300 s\n.*more than 20 % is refused .*however few/,
  );
  const held = { ...brake, engaged: false, fallen: [] };
  assert.match(engagedText(held), /^not done, .*:\n {2}held: retiring 0123$/, 'also when it is not engaged');
  assert.match(brakeText(held), /\n {2}held: retiring 0123$/);
  const easing = { ...brake, releases_in_s: 42 };
  assert.match(
    engagedText({ ...easing, fallen: [] }),
    /: of the hosts that made it so none is down any more; it releases itself after 42 s, or assay brake release\n/,
  );
  assert.match(
    engagedText({ ...easing, fallen: ['node1'] }),
    /: no more are down than it lets \(1 of 4\): node1; it rel/,
  );
});

test('hosts that fell by a forced change are told apart from those that engaged the brake, engaged or not', () => {
  const forced = { hosts: ['node1', 'node2'], at: '2026-11-23T00:41:07.000Z' };
  const brake = {
    ...{
      engaged: true,
      since: '2026-11-23T00:30:00Z',
      fallen: [],
      trusted_before: 3,
      brake_percent: 20,
      window_s: 300,
    },
    ...{ held: [], releases_in_s: 42, forced },
  };
  const line = '2 hosts fell by a change somebody forced at 2026-11-23 00:41Z: node1, node2 (assay reference history, ';
  assert.match(engagedText(brake), /none is down any more; .*\n {2}2 hosts fell by a change somebody forced/);
  assert.ok(engagedText({ ...brake, engaged: false }).startsWith(line));
  assert.ok(brakeText({ ...brake, engaged: false }).includes(`\n${line}`));
  assert.match(engagedText({ ...brake, fallen: ['node3'] }), /\n {2}2 more hosts fell by a change somebody forced/);
});

test('the history of a host says what each verdict was, and what it would be now', () => {
  const history = check(
    HostHistory,
    {
      host: 'node3',
      entries: [
        {
          pool: 'default',
          round: 7,
          at: '2026-11-23T11:00:00Z',
          verdict: verdict(),
          evidence: true,
          now: verdict({ trust: 'trusted', reason: 'all is well' }),
        },
      ],
    },
    'history',
  );
  assert.match(historyTable(history), /^2026-11-23 11:00Z +default +untrusted .* 2 +7 +kept +trusted: all is well$/m);
  assert.equal(historyTable({ host: 'node3', entries: [] }), 'no verdict so far');
});
