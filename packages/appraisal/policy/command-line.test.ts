// Rules on the kernel's command line, on boots that were recorded: GRUB measured its text in `secure-boot`, the kernel its digest alone in `direct`.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { parseEventLog } from '@assay/measurement';
import { buildLog, type EventWish, editLog, frameOf, grub, labelled, separator } from '@assay/measurement/testing';
import type { PcrWish, PolicyDocument } from '@assay/protocol';
import { bootLog } from '../testing/boots.ts';
import { scene, testPolicy } from '../testing/index.ts';
import { verifyEvidence } from '../verify-evidence.ts';
import { commandLineFindings, coveredByPolicy } from './command-line.ts';
import { defaultPcrs } from './policy.ts';

type Rules = NonNullable<PolicyDocument['command_line']>;

function verified(log: Uint8Array, wanted: readonly PcrWish[] = defaultPcrs) {
  const verification = verifyEvidence(scene(log, wanted).input());
  return verification.authentic ? verification : assert.fail(verification.findings[0].message);
}
const boots = Object.fromEntries(
  ['secure-boot', 'other-command-line', 'direct', 'unified-kernel'].map((name) => [name, verified(bootLog(name))]),
);
const on = (boot: string) => boots[boot] ?? assert.fail(boot);
const codes = (of: ReturnType<typeof verified>, rules: Rules) =>
  commandLineFindings(testPolicy({ command_line: rules }), of).map(({ code }) => code);
const covered = (of: ReturnType<typeof verified>, allow: string[]) =>
  of.events.filter(coveredByPolicy(testPolicy({ command_line: { allow } }), of)).map(({ role }) => role);

/** A host whose GRUB measured this line. */
const booted = (line: string, command = line, more: EventWish[] = []) =>
  verified(
    buildLog([
      ...[0, 1, 2, 3, 4, 5, 6, 7].map(separator),
      grub(`linux ${command}`),
      labelled(9, command.split(' ')[0] ?? '', 'kernel file'),
      grub(line, 'kernel_cmdline'),
      ...more,
    ]),
  );

const lineOfDirect = 'console=ttyS0 quiet ima_template=ima-ng initrd=initrd';

test('a word that is required has to be on the line', () => {
  assert.deepEqual(codes(on('secure-boot'), { require: ['quiet', 'console=ttyS0', 'console=*'] }), []);
  assert.deepEqual(codes(on('secure-boot'), { require: ['lockdown=integrity'] }), ['command-line-missing']);
  assert.deepEqual(codes(on('secure-boot'), { require: ['qui'] }), ['command-line-missing'], 'the whole word');
  assert.deepEqual(codes(on('secure-boot'), { require: ['/kernel'] }), ['command-line-missing'], 'the path is none');
});

test('a word that is forbidden may not be on the line', () => {
  assert.deepEqual(codes(on('secure-boot'), { forbid: ['init=*'] }), []);
  const [found] = commandLineFindings(testPolicy({ command_line: { forbid: ['init=*'] } }), on('other-command-line'));
  assert.equal(found?.code, 'command-line-forbidden');
  assert.match(found?.message ?? '', /hypervisor: kernel command line: expected no word “init=\*”, got init=\/bin\/sh/);
  assert.equal(typeof found?.event, 'number');
});

test('a word is forbidden as a word: other names that end like it are not', () => {
  assert.deepEqual(codes(booted('/k rdinit=/x xinit=/y'), { forbid: ['init=*'] }), []);
  assert.deepEqual(codes(booted('/k init=/x'), { forbid: ['init'] }), []);
});

test('no quote, dash, blank or place on the line hides a forbidden word', () => {
  const hidden = ['"init=/x y"', 'init="/x y"', 'a="b\\" init=/x', 'a\u00e0init=/x', 'a="b init=/x"', 'a -- init=/x'];
  for (const word of hidden)
    assert.deepEqual(codes(booted(`/k ${word}`), { forbid: ['init=*'] }), ['command-line-forbidden'], word);
  for (const word of ['x="a b"', '"x=a b"'])
    assert.deepEqual(codes(booted(`/k ${word}`), { forbid: ['x="a b"'] }), ['command-line-forbidden'], word);
  assert.deepEqual(codes(booted('/k a.b-c=0'), { forbid: ['a.b_c=0'] }), ['command-line-forbidden']);
  assert.deepEqual(
    codes(booted('/k a="b nokaslr c"'), { forbid: ['nokaslr'] }),
    ['command-line-forbidden'],
    'read before quotes count',
  );
});

test('a required word counts where the kernel reads it, and while nothing overrules it', () => {
  const rules = { require: ['audit=1'] };
  assert.deepEqual(codes(booted('/k audit=1'), rules), []);
  for (const line of ['/k x="a audit=1"', '/k quiet -- audit=1', '/k audit=1 audit=0', '/k xaudit=1', '/k audit=10'])
    assert.deepEqual(codes(booted(line), rules), ['command-line-missing'], line);
  assert.deepEqual(codes(booted('/k audit=0 audit=1'), rules), []);
  assert.deepEqual(codes(booted('/k console=tty0 console=ttyS0'), { require: ['console=tty0', 'console=ttyS0'] }), []);
});

test('Q12 a line that is not proven is unknown, never good', () => {
  const without8 = verified(bootLog('secure-boot'), [{ bank: 'sha256', pcrs: [0, 1, 2, 3, 4, 5, 6, 7, 9] }]);
  const two = booted('/k quiet', '/k quiet', [grub('linux /k debug'), grub('/k debug', 'kernel_cmdline')]);
  const none = verified(buildLog([0, 1, 2, 3, 4, 5, 6, 7].map(separator)));
  const other = booted('/k quiet', '/k quiet init=/bin/sh');
  for (const rules of [{ forbid: ['init=*'] }, { require: ['quiet'] }])
    for (const host of [without8, two, none, other, on('direct')])
      assert.deepEqual(codes(host, rules), ['command-line-unproven']);
  for (const line of [`/k quiet ${'x'.repeat(2100)}`, '/k quiet \u0001', '/k quiet\nx', '"/k" quiet'])
    assert.deepEqual(
      codes(booted(line), { require: ['quiet'] }),
      ['command-line-unproven'],
      JSON.stringify(line.slice(0, 20)),
    );
  const wanted: PcrWish[] = [{ bank: 'sha256', pcrs: [0, 1, 2, 3, 4, 5, 6, 7, 9] }];
  const policy = testPolicy({ command_line: { require: ['quiet'] }, known_good: ['firmware'] }, { pcrs: wanted });
  const { trust, findings } = scene(bootLog('secure-boot'), wanted).appraise({}, { policy }).verdict;
  assert.equal(trust, 'unknown');
  assert.deepEqual(
    findings.filter(({ allowed }) => !allowed).map(({ code }) => code),
    ['command-line-unproven'],
  );
});

test('where the log has the digest alone, whole lines that are allowed are tried', () => {
  const rules = (line: string): Rules => ({ allow: ['console=*', line], require: ['quiet'], forbid: ['init=*'] });
  assert.deepEqual(codes(on('direct'), rules(lineOfDirect)), []);
  assert.deepEqual(codes(on('direct'), { ...rules(lineOfDirect), require: ['debug'] }), ['command-line-missing']);
  assert.deepEqual(codes(on('direct'), rules(`${lineOfDirect} debug`)), ['command-line-unproven']);
  assert.deepEqual(covered(on('direct'), [lineOfDirect]), ['kernel command line']);
  assert.deepEqual(covered(on('direct'), [`${lineOfDirect} debug`, 'console=* quiet ima_template=* initrd=*']), []);
  const again = verified(
    editLog(parseEventLog(bootLog('direct')), (frames) => [
      ...frames,
      frameOf({ pcr: 9, type: 'EV_EVENT_TAG', data: tagged('quiet debug\0') }, ['sha256', 'sha384']),
    ]),
  );
  assert.equal(again.events.filter(({ role }) => role === 'kernel command line').length, 2);
  assert.deepEqual(covered(again, [lineOfDirect]), [], 'every line has to be that line');
});

/** The tagged event in which Linux measures its load options (TCG_PCClientTaggedEvent). */
function tagged(line: string): Uint8Array {
  const text = Buffer.from(line, 'utf16le');
  const head = Buffer.alloc(8);
  head.writeUInt32LE(0x8f3b22ed, 0);
  head.writeUInt32LE(text.length, 4);
  return Buffer.concat([head, text]);
}

test('a line that the policy allows covers its events: the line itself and the command it comes from', () => {
  const both = ['command that starts the kernel', 'kernel command line'];
  assert.deepEqual(covered(on('secure-boot'), ['console=ttyS0 quiet']), both);
  assert.deepEqual(covered(on('secure-boot'), ['console=* quiet']), both);
  for (const other of ['console=*', 'quiet', '/kernel console=ttyS0 quiet', 'console=ttyS0 quiet debug', '*'])
    assert.deepEqual(covered(on('secure-boot'), [other]), [], other);
  assert.deepEqual(covered(on('other-command-line'), ['console=ttyS0 quiet', 'console=* quiet *=/bin/bash']), []);
  assert.deepEqual(covered(booted('/k a'), []), []);
  assert.deepEqual(
    covered(booted('/k a b', '/k a b', [grub('set x=1'), grub('linux /k a c'), grub('/k a c', 'kernel_cmdline')]), [
      'a b',
    ]),
    [],
  );
});

test('a policy without allowed lines covers nothing, and an empty line is no command without a kernel', () => {
  assert.deepEqual(covered(on('secure-boot'), []), []);
  assert.deepEqual(covered(booted('/k', '/k'), ['']), ['command that starts the kernel', 'kernel command line']);
  assert.deepEqual(
    covered(booted('/k', '"/k"'), ['']),
    ['kernel command line'],
    'a path that cannot be told from words',
  );
  const more = [grub('initrd /initrd a b'), grub('insmod /evil a b'), grub('echo x a b')];
  const allowed = ['command that starts the kernel', 'kernel command line'];
  assert.deepEqual(covered(booted('/k a b', '/k a b', more), ['a b']), allowed, 'no other command, whatever it says');
});

test('what is said of a line that is not proven says why, and where it is measured', () => {
  const said = (of: ReturnType<typeof verified>, allow: string[] = []) =>
    commandLineFindings(testPolicy({ command_line: { require: ['quiet'], allow } }), of).map(({ seen, event }) => [
      seen,
      typeof event,
    ]);
  const none = verified(buildLog([0, 1, 2, 3, 4, 5, 6, 7].map(separator)));
  assert.deepEqual(said(none), [['no event measures it', 'undefined']]);
  assert.ok(
    commandLineFindings(testPolicy({ command_line: { require: ['quiet'] } }), none).every((one) => !('event' in one)),
  );
  assert.deepEqual(said(none, ['quiet']), [['no event measures it', 'undefined']], 'nor is it an allowed one');
  const twoReasons = verified(bootLog('direct'), [{ bank: 'sha256', pcrs: [0, 1, 2, 3, 4, 5, 6, 9] }]);
  assert.notEqual(twoReasons.claims.withheld[0]?.claim, 'commandLine');
  for (const host of [twoReasons, on('direct')]) {
    const { reason } = host.claims.withheld.find(({ claim }) => claim === 'commandLine') ?? assert.fail();
    assert.deepEqual(said(host), [[reason, 'number']], 'and not the reason of another claim');
  }
});

test('under Xen the policy speaks of the kernel’s line, not of the hypervisor’s', () => {
  const xen = verified(
    buildLog([
      ...[0, 1, 2, 3, 4, 5, 6, 7].map(separator),
      grub('multiboot2 /xen dom0_mem=1G'),
      grub('dom0_mem=1G', 'kernel_cmdline'),
      grub('module2 /vmlinuz quiet'),
      grub('quiet', 'module_cmdline'),
    ]),
  );
  assert.deepEqual(covered(xen, ['quiet']), ['command that starts the kernel', 'kernel command line']);
  assert.equal(xen.events.filter(({ role }) => role === 'command that starts the kernel').length, 2);
  assert.deepEqual(covered(xen, ['dom0_mem=1G']), []);
});

test('a text that is not proven is not made good by the digest of another line', () => {
  const digest = createHash('sha256').update(Buffer.from('quiet\0', 'utf16le')).digest();
  const option: EventWish = { pcr: 9, type: 'EV_EVENT_TAG', data: tagged('quiet\0'), digests: { sha256: digest } };
  const two = booted('/k debug', '/k quiet', [option]);
  assert.deepEqual(codes(two, { allow: ['quiet'], require: ['quiet'] }), ['command-line-unproven']);
  assert.deepEqual(covered(two, ['quiet']), []);
  assert.deepEqual(covered(verified(buildLog([...[0, 1, 2, 3, 4, 5, 6, 7].map(separator), option])), ['quiet']), [
    'kernel command line',
  ]);
});

test('a host whose command line the policy allows is trusted though nobody learnt it', () => {
  const golden = scene(bootLog('secure-boot'), defaultPcrs);
  const log = editLog(parseEventLog(bootLog('secure-boot')), (frames) =>
    frames.map((frame) => {
      const text = Buffer.from(frame.data).toString('latin1');
      if (frame.pcr !== 8 || !text.includes('console=ttyS0')) return frame;
      const [, prefix = '', words = ''] = /^(\w+): ?(.*?)\0*$/s.exec(text) ?? [];
      return frameOf({ ...grub(words.replace('ttyS0', 'ttyS1'), prefix), pcr: 8 }, ['sha1', 'sha256', 'sha384']);
    }),
  );
  assert.equal(golden.appraise({ log }).verdict.trust, 'untrusted');
  const policy = testPolicy({ command_line: { allow: ['console=* quiet'] } }, { pcrs: defaultPcrs });
  const { verdict } = golden.appraise({ log }, { policy });
  assert.equal(verdict.trust, 'trusted', verdict.reason);
  const stricter = testPolicy({ command_line: { allow: ['console=* quiet'], forbid: ['console=ttyS1'] } });
  assert.equal(golden.appraise({ log }, { policy: stricter }).verdict.trust, 'untrusted');
});

test('the path of the kernel hides no word: one that is not plain ASCII proves nothing', () => {
  const rules = { allow: ['root=1 ro'], require: ['ro'], forbid: ['init=*'] };
  assert.deepEqual(codes(booted('/k root=1 ro'), rules), []);
  for (const path of [
    '/k\u00e0init=/bin/sh',
    '/k\u00e0--',
    '/k\u00a0x',
    '/k\u2003init=/bin/sh',
    '/\u00fc',
    '/k\ufeff',
  ]) {
    const host = booted(`${path} root=1 ro`);
    assert.deepEqual(codes(host, rules), ['command-line-unproven'], JSON.stringify(path));
    assert.deepEqual(covered(host, rules.allow), [], JSON.stringify(path));
  }
  const [found] = commandLineFindings(testPolicy({ command_line: rules }), booted('/\u00e0 root=1 ro'));
  assert.equal(found?.seen, 'a line that does not begin with the path of a kernel, in ASCII');
});

test('a word may be forbidden that GRUB makes of the path', () => {
  assert.deepEqual(codes(booted('/evil quiet'), { forbid: ['BOOT_IMAGE=/evil'] }), ['command-line-forbidden']);
  assert.deepEqual(codes(booted('/k quiet'), { forbid: ['BOOT_IMAGE=/evil'] }), []);
});

test('a star of an allowed line stands for a part of one word, as the kernel splits them', () => {
  const fits = (pattern: string, line: string) => covered(booted(`/k ${line}`), [pattern]).length > 0;
  assert.ok(fits('root=* lockdown=integrity ro', 'root=UUID=1 lockdown=integrity ro'));
  for (const seen of ['\u00a0init=/bin/sh', '\u00e0init=/bin/sh', '"', '\\"', "'", ' init=/bin/sh', '\tx'])
    assert.ok(!fits('root=* lockdown=integrity ro', `root=1${seen} lockdown=integrity ro`), JSON.stringify(seen));
  for (const pattern of ['* lockdown=integrity', '-* lockdown=integrity', '*-* lockdown=integrity'])
    assert.ok(!fits(pattern, '-- lockdown=integrity'), `what follows -- is for init: ${pattern}`);
  assert.ok(!fits('"*" lockdown=integrity', '"--" lockdown=integrity'));
  assert.ok(fits('quiet -- *', 'quiet -- single'), 'where the policy says so');
  assert.ok(!fits('* -- *', '-- -- single'));
  assert.ok(fits('x="*" ro', 'x="a" ro'));
  assert.ok(fits('x="\u00fc b" *', 'x="\u00fc b" ro'), 'what the pattern says itself may be any text');
});

test('blanks that are none in ASCII are text, also at the end of a line', () => {
  for (const line of ['ro\u00a0', 'ro\ufeff', 'ro\u2003'])
    assert.deepEqual(covered(booted(`/k ${line}`), ['ro']), [], JSON.stringify(line));
  assert.equal(covered(booted('/k ro  '), [' ro']).length, 2);
});
