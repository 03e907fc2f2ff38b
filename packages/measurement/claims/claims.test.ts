// Which claims a log supports, and what takes them away.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  type ClaimName,
  type Claims,
  claimsOf,
  type HashName,
  parseEventLog,
  replay,
  writeEventLog,
} from '../index.ts';
import {
  action,
  application,
  buildLog,
  type CorpusLog,
  corpusLog,
  corpusLogs,
  type EventWish,
  editLog,
  grub,
  healthyLogs,
  labelled,
  logGuids,
  secureBoot,
  separator,
  signatureList,
  variableData,
} from '../testing/index.ts';

const of = (wishes: readonly EventWish[]): Claims => claimsOf(parseEventLog(buildLog(wishes)), ['sha256']);
const ofCorpus = (name: CorpusLog): Claims => claimsOf(parseEventLog(corpusLog(name)), ['sha256']);
const withheld = (claims: Claims, claim: ClaimName): string[] =>
  claims.withheld.filter((one) => one.claim === claim).map(({ reason }) => reason);
const names = (things: Claims['kernel']): string[] => things.map(({ value }) => `${value.role}: ${value.name}`);
const wide = (text: string) => Buffer.from(`${text}\0`, 'utf16le');

/** Firmware, shim, GRUB and a kernel. */
const boot: EventWish[] = [
  secureBoot([1]),
  { pcr: 7, type: 'EV_EFI_VARIABLE_DRIVER_CONFIG', data: variableData(logGuids.global, 'PK', new Uint8Array()) },
  ...[0, 1, 2, 3, 4, 5, 6, 7].map(separator),
  application('shim'),
  labelled(14, 'MokList', 'keys'),
  application('grub'),
  grub('linux /vmlinuz root=/dev/sda1 quiet'),
  labelled(9, '/vmlinuz', 'kernel file'),
  application('kernel'),
  grub('/vmlinuz root=/dev/sda1 quiet', 'kernel_cmdline'),
  grub('initrd /initrd.img'),
  labelled(9, '/initrd.img', 'initrd'),
  action(5, 'Exit Boot Services Invocation'),
  action(5, 'Exit Boot Services Returned with Success'),
];

test('a whole boot is claimed, each claim with its events', () => {
  const claims = of(boot);
  assert.deepEqual(claims.secureBoot, { value: 'on', events: [1] });
  assert.deepEqual(claims.secureBootKeys['PK']?.value, []);
  assert.deepEqual(claims.commandLine, { value: '/vmlinuz root=/dev/sda1 quiet', events: [17] });
  assert.deepEqual(
    claims.bootLoader.map(({ events }) => events),
    [[11], [13]],
  );
  assert.deepEqual(
    claims.kernel.map(({ events }) => events),
    [[15], [16]],
  );
  assert.deepEqual(names(claims.initrd), ['initrd file: /initrd.img']);
  assert.deepEqual(claims.withheld, []);
});

test('real boots are claimed as they were', () => {
  const gce = ofCorpus('event-gce-ubuntu-2104-log');
  assert.equal(gce.firmwareVersion?.value, 'GCE Virtual Firmware v1');
  assert.equal(gce.secureBoot?.value, 'off');
  assert.equal(gce.sbatLevel?.value, 'sbat,1,2021030218');
  assert.deepEqual(
    gce.secureBootKeys['PK']?.value.map(({ name }) => name),
    ['CN=newpk'],
  );
  assert.match(gce.commandLine?.value ?? '', /^\/boot\/vmlinuz-5\.11\.0-1008-gcp root=PARTUUID=/);
  assert.deepEqual(gce.withheld, []);
  const redhat = ofCorpus('event-moklisttrusted');
  assert.equal(redhat.secureBoot?.value, 'on');
  assert.deepEqual(
    redhat.authorities.map(({ value }) => [value.type, value.owner !== '']),
    [
      ['x509', true],
      ['x509', false],
    ],
  );
  assert.deepEqual(
    redhat.secureBootKeys['dbx']?.value.map(({ type }) => type),
    ['sha256'],
  );
  assert.deepEqual(
    redhat.kernel.map(({ events }) => events),
    [[89], [90], [91]],
  );
  const lab = ofCorpus('ovmf-linux-6.1');
  assert.equal(lab.commandLine, undefined);
  assert.deepEqual(withheld(lab, 'commandLine'), ['the log has its digest, not its text']);
  assert.equal(lab.loadOptions[0]?.value.pcr, 9);
  assert.equal(ofCorpus('event-sd-boot-fedora37').commandLine?.value, 'console=ttyS0 console=tty0 efi=debug');
});

test('claims are data: as JSON they say all they say', () => {
  const claims = ofCorpus('event-moklisttrusted');
  assert.deepEqual(JSON.parse(JSON.stringify(claims)), structuredClone({ ...claims }));
  assert.match(JSON.stringify(claims), /Red Hat Secure Boot/);
});

test('nothing is claimed without a bank, from a bank that is missing, or from a PCR that is not proven', () => {
  const log = parseEventLog(buildLog(boot));
  for (const claims of [
    claimsOf(log, []),
    claimsOf(log, ['sha256', 'sha384']),
    claimsOf(log, ['sha256'], () => false),
  ]) {
    const { withheld: _, secureBootKeys, ...rest } = claims;
    assert.deepEqual(Object.values(rest).flat(), []);
    assert.deepEqual(secureBootKeys, {});
  }
  const without8 = claimsOf(log, ['sha256'], (pcr) => pcr !== 8);
  assert.equal(without8.commandLine, undefined);
  assert.equal(without8.secureBoot?.value, 'on');
});

test('L01 claims rest on what was extended, not on the types the log gives it', () => {
  const off = secureBoot([0]);
  const honest = of([off, separator(7)]);
  assert.equal(honest.secureBoot?.value, 'off');
  // Afterwards the running system extends what a firmware with Secure Boot would have measured, and relabels the truth.
  const forged = [
    { ...off, type: 'EV_EFI_BOOT_SERVICES_DRIVER', data: new Uint8Array(32), digests: digestsOf(off) },
    { ...separator(7), type: 'EV_EFI_ACTION' },
    secureBoot([1]),
    separator(7),
  ];
  assert.equal(of(forged).secureBoot, undefined);
  // Where the firmware measured no state at all, only the separator has to be hidden; its words still vouch for themselves.
  const hidden = of([{ ...separator(7), type: 'EV_EFI_ACTION' }, secureBoot([1]), separator(7)]);
  assert.deepEqual(withheld(hidden, 'secureBoot'), [
    'the variable SecureBoot was measured after the separator of PCR 7',
  ]);
  // Relabelled alone, it may hide another reading.
  assert.equal(of([forged[0] ?? off, secureBoot([1]), separator(7)]).secureBoot, undefined);
});
const digestsOf = (wish: EventWish) => {
  const { events } = parseEventLog(buildLog([wish]));
  return { sha256: events[1]?.digests.sha256 ?? new Uint8Array() };
};

test('L03 of an image its digest is claimed, whatever path the log gives it', () => {
  const path = (text: string) => {
    const file = Buffer.from(`${text}\0`, 'utf16le');
    const node = Buffer.concat([Buffer.from([4, 4, file.length + 4, 0]), file, Buffer.from('7fff0400', 'hex')]);
    const head = Buffer.alloc(32);
    head.writeBigUInt64LE(BigInt(node.length), 24);
    return Buffer.concat([head, node]);
  };
  const [good, forged] = ['\\EFI\\good.efi', '\\EFI\\evil.efi'].map((name) =>
    of([...boot.slice(0, 10), { ...application('image'), data: path(name) }, ...boot.slice(-2)]),
  );
  assert.deepEqual(good?.kernel[0]?.value.name, '\\EFI\\good.efi');
  assert.deepEqual(forged?.kernel[0]?.value.name, '\\EFI\\evil.efi');
  assert.deepEqual(good?.kernel[0]?.value.digests, forged?.kernel[0]?.value.digests);
});

test('L08 a Secure Boot state that was measured twice, or behind the separator, is not claimed', () => {
  assert.equal(of([secureBoot([1]), separator(7)]).secureBoot?.value, 'on');
  for (const wishes of [
    [secureBoot([1]), secureBoot([1]), separator(7)],
    [secureBoot([0]), separator(7), secureBoot([1])],
    [separator(7), secureBoot([1])],
    [secureBoot([1])],
  ]) {
    const claims = of(wishes);
    assert.equal(claims.secureBoot, undefined);
    assert.equal(withheld(claims, 'secureBoot').length, 1);
  }
});

test('L09 a Secure Boot variable that is empty or holds no truth value is no state', () => {
  for (const value of [[], [2], [1, 0]]) {
    const claims = of([secureBoot(value), separator(7)]);
    assert.equal(claims.secureBoot, undefined);
    assert.deepEqual(withheld(claims, 'secureBoot'), ['the variable SecureBoot holds neither 0 nor 1']);
  }
  assert.deepEqual(withheld(ofCorpus('event-arch-linux'), 'secureBoot').length, 1);
});

test('L11 images in PCR 4 are claimed only when the firmware said that it gave the machine away', () => {
  const without = of(boot.slice(0, -2));
  assert.deepEqual([without.bootLoader, names(without.kernel)], [[], ['kernel file: /vmlinuz']]);
  assert.match(withheld(without, 'kernel').join(), /ExitBootServices/);
  const relabelled = of([
    ...boot.slice(0, -2),
    { ...action(5, 'Exit Boot Services Invocation'), digests: digestsOf(separator(5)) },
  ]);
  assert.deepEqual(relabelled.bootLoader, [], 'words that no digest vouches for');
  assert.equal(of(boot).bootLoader.length, 2);
});

test('L25 claims do not depend on the order of events in different PCRs', () => {
  const whatItSays = (bytes: Uint8Array) => {
    const log = parseEventLog(bytes);
    const plain = JSON.stringify(claimsOf(log, ['sha256']), (key, value) => (key === 'events' ? undefined : value));
    return {
      said: JSON.parse(plain),
      values: [...replay(log.events, 'sha256', log.startupLocality)].sort(([a], [b]) => a - b),
    };
  };
  const logs = [buildLog(boot), ...healthyLogs.map(corpusLog)].map((bytes) => ({ bytes, is: whatItSays(bytes) }));
  fc.assert(
    fc.property(
      fc.constantFrom(...logs),
      fc.array(fc.nat(1000), { minLength: 24, maxLength: 24 }),
      ({ bytes, is }, order) => {
        // Each PCR's events keep their order; whole PCRs go before others.
        const swapped = editLog(parseEventLog(bytes), ([header, ...frames]) => [
          ...(header ? [header] : []),
          ...frames.toSorted((a, b) => (order[a.pcr] ?? 0) - (order[b.pcr] ?? 0)),
        ]);
        const now = whatItSays(swapped);
        assert.deepEqual(now.values, is.values);
        // Things of several PCRs are listed in log order.
        for (const claim of ['kernel', 'initrd', 'firmware', 'operatingSystem', 'withheld']) {
          const sorted = (list: unknown[]) => list.map((one) => JSON.stringify(one)).sort();
          now.said[claim] = sorted(now.said[claim]);
          is = { ...is, said: { ...is.said, [claim]: sorted(is.said[claim]) } };
        }
        assert.deepEqual(now.said, is.said);
      },
    ),
    { numRuns: 40 },
  );
});

test('L31 SBAT text among the authorities is a level, not a certificate', () => {
  const text = Buffer.from('sbat,1,2024010900\nshim,4\n');
  for (const name of ['SbatLevel', 'MokListX']) {
    const wish = { pcr: 7, type: 'EV_EFI_VARIABLE_AUTHORITY', data: variableData(logGuids.shim, name, text) };
    const claims = of([secureBoot([1]), separator(7), wish]);
    assert.equal(claims.sbatLevel?.value, 'sbat,1,2024010900\\u{a}shim,4');
    assert.deepEqual(claims.authorities, []);
    const changed = {
      ...wish,
      data: variableData(logGuids.shim, name, Buffer.from('sbat,1,2099010100\n')),
      digests: digestsOf(wish),
    };
    assert.equal(of([secureBoot([1]), separator(7), changed]).sbatLevel, undefined);
  }
  assert.equal(ofCorpus('event-moklisttrusted').sbatLevel?.value, 'sbat,1,2021030218');
});

test('L01 no authority and no SBAT level is claimed beside an event of PCR 7 that may be another one', () => {
  const wish = (name: string, value: Uint8Array) => ({
    pcr: 7,
    type: 'EV_EFI_VARIABLE_AUTHORITY',
    data: variableData(logGuids.shim, name, value),
  });
  const level = (year: number) => wish('SbatLevel', Buffer.from(`sbat,1,${year}010100\n`));
  const key = wish('Shim', Buffer.concat([Buffer.alloc(16), Buffer.alloc(32, 1)]));
  const start = [secureBoot([1]), separator(7)];
  const honest = of([...start, level(2021), key]);
  assert.deepEqual([honest.sbatLevel?.value, honest.authorities.length], ['sbat,1,2021010100', 1]);
  for (const hidden of [
    { ...level(2021), type: 'EV_EFI_ACTION' },
    { ...level(2021), type: 'EV_EFI_VARIABLE_BOOT2' },
    { ...level(2021), data: new Uint8Array(32), digests: digestsOf(level(2021)) },
    labelled(7, 'a label', 'anything'),
  ]) {
    const claims = of([...start, hidden, level(2024), key]);
    assert.deepEqual([claims.sbatLevel, claims.authorities], [undefined, []], String(hidden.type));
    assert.equal(withheld(claims, 'sbatLevel').length + withheld(claims, 'authorities').length, 2);
  }
});

test('L33 a look-alike of SecureBoot is not SecureBoot', () => {
  const named = (name: string | Uint8Array, guid = logGuids.global) => ({
    ...secureBoot([1]),
    data: variableData(guid, name, Uint8Array.of(1)),
  });
  assert.equal(of([named('SecureBoot'), separator(7)]).secureBoot?.value, 'on');
  const surrogate = Buffer.concat([Buffer.from('SecureBoot', 'utf16le'), Buffer.from([0x00, 0xd8])]);
  for (const look of ['Ѕ' + 'ecureBoot', 'SecureBoot\0', 'SecureBoot\u200b', 'secureboot', surrogate, ''])
    assert.equal(of([named(look), separator(7)]).secureBoot, undefined);
  assert.equal(of([named('SecureBoot', logGuids.shim), separator(7)]).secureBoot, undefined);
  assert.equal(of([named('SecureBoot'), named('Ѕ' + 'ecureBoot'), separator(7)]).secureBoot?.value, 'on');
  // Of that name, but of another vendor: neither the state nor a second reading of it.
  for (const own of [[1], [0]]) {
    const claims = of([secureBoot(own), named('SecureBoot', logGuids.shim), separator(7)]);
    assert.deepEqual(claims.secureBoot, { value: own[0] ? 'on' : 'off', events: [1] });
  }
});

test('a command line is claimed only when nothing beside it could be another one', () => {
  const [linux, line] = [grub('linux /k root=a'), grub('/k root=a', 'kernel_cmdline')];
  assert.equal(of([linux, line]).commandLine?.value, '/k root=a');
  const quoted = [grub('linux /k dyndbg="file a +p"'), grub('/k "dyndbg=file a +p"', 'kernel_cmdline')];
  assert.equal(of(quoted).commandLine?.value, '/k "dyndbg=file a +p"');
  const reasons = (...wishes: EventWish[]) => {
    const claims = of(wishes);
    assert.equal(claims.commandLine, undefined);
    return withheld(claims, 'commandLine').join();
  };
  assert.match(reasons(linux, { ...line, digests: digestsOf(separator(8)) }), /does not vouch for its data/);
  // A command that was only said, relabelled as the line: the command that starts the kernel says otherwise.
  assert.match(reasons(grub('linux /k root=evil'), grub('/k root=a', 'kernel_cmdline')), /says something else/);
  assert.match(reasons(linux, line, { pcr: 8, type: 0x1234, data: Buffer.of(1) }), /does not vouch/);
  assert.match(reasons(linux, line, grub('linux /k root=b'), grub('/k root=b', 'kernel_cmdline')), /more than one/);
  assert.match(reasons(labelled(12, wide('a'), 'not a')), /does not vouch/);
});

test('L01 no command line is claimed beside an event of PCR 8 that hides what it measured', () => {
  const says = (line: string) => [grub(`linux ${line}`), grub(line, 'kernel_cmdline')];
  const [good, evil] = [says('/k root=a'), says('/k root=a init=/bin/evil')];
  assert.equal(of(good).commandLine?.value, '/k root=a');
  /** As the log tells it whose digests cannot be changed; then what the running system extends. */
  const forged = (...told: EventWish[]) => {
    const claims = of([...told, ...good]);
    assert.equal(claims.commandLine, undefined);
    return withheld(claims, 'commandLine').join();
  };
  const asAction = (words: string) => action(8, words);
  assert.match(
    forged(asAction('linux /k root=a init=/bin/evil'), asAction('/k root=a init=/bin/evil')),
    /none of GRUB’s/,
  );
  // The line alone under another prefix, which no digest covers: its command has none then.
  const [command, line] = evil as [EventWish, EventWish];
  assert.match(forged(command, grub('/k root=a init=/bin/evil')), /no command line follows/);
  assert.match(forged(grub('linux /k root=a init=/bin/evil', 'module_cmdline'), line), /more than one/);
  assert.match(
    forged(grub('true'), { pcr: 8, type: 'EV_IPL', data: Buffer.from('not of GRUB') }),
    /none of GRUB’s|more than one/,
  );
  // Of Xen the command line of the module that is the kernel.
  const xen = (line: string) => [
    grub('multiboot2 /xen a=b'),
    grub('a=b', 'kernel_cmdline'),
    grub(`module2 /k ${line}`),
    grub(line, 'module_cmdline'),
  ];
  assert.equal(of(xen('root=a')).commandLine?.value, 'root=a');
  const told = [...xen('root=evil').slice(0, 3), grub('root=evil'), ...xen('root=a')];
  assert.match(withheld(of(told), 'commandLine').join(), /no command line follows/);
});

test('a command line is claimed only when the kernel measured the same as its load options', () => {
  const loadOptions = (text: string): EventWish => ({
    pcr: 9,
    type: 'EV_EVENT_TAG',
    data: Buffer.concat([Buffer.from(Uint32Array.of(0x8f3b22ed, 4).buffer), Buffer.from('said')]),
    digests: digestsOf({ pcr: 9, type: 'EV_IPL', data: Buffer.from(text, 'utf16le') }),
  });
  const line = '/vmlinuz root=/dev/sda1 quiet';
  const grubBoot = [grub(`linux ${line}`), grub(line, 'kernel_cmdline')];
  for (const text of [line, `${line}\0`, `BOOT_IMAGE=${line}`, `BOOT_IMAGE=${line}\0`])
    assert.equal(of([...grubBoot, loadOptions(text)]).commandLine?.value, line);
  // A host without GRUB, whose running system extends PCR 8 by what GRUB would have said.
  const options = loadOptions('root=/dev/sda1 init=/bin/evil\0');
  for (const told of [
    [options, ...grubBoot],
    [...grubBoot, options, loadOptions(line)],
  ]) {
    const claims = of(told);
    assert.equal(claims.commandLine, undefined);
    assert.deepEqual(withheld(claims, 'commandLine'), ['the kernel measured other load options']);
  }
  const unified = { pcr: 12, type: 'EV_IPL', data: wide('root=/dev/vda2') };
  assert.equal(of([unified, loadOptions('root=/dev/vda2\0')]).commandLine?.value, 'root=/dev/vda2');
  assert.equal(of([unified, loadOptions('root=/dev/vda2 init=/bin/evil\0')]).commandLine, undefined);
});

test('systemd’s command line is claimed from its UTF-16, with or without the NUL hashed', () => {
  const text = wide('root=/dev/vda2 quiet');
  for (const hashed of [text, text.subarray(0, -2)]) {
    const digests = digestsOf({ pcr: 12, type: 'EV_IPL', data: hashed });
    assert.equal(of([{ pcr: 12, type: 'EV_IPL', data: text, digests }]).commandLine?.value, 'root=/dev/vda2 quiet');
  }
});

test('Xen comes before the kernel it starts, each with its own command line', () => {
  const claims = of([
    grub('multiboot2 /xen.gz dom0_mem=4G'),
    labelled(9, '/xen.gz', 'xen'),
    grub('dom0_mem=4G', 'kernel_cmdline'),
    grub('module2 /vmlinuz root=/dev/sda1'),
    labelled(9, '/vmlinuz', 'kernel'),
    grub('root=/dev/sda1', 'module_cmdline'),
    grub('module2 --nounzip /initrd.img'),
    labelled(9, '/initrd.img', 'initrd'),
    grub('', 'module_cmdline'),
  ]);
  assert.deepEqual(names(claims.hypervisor), ['hypervisor file: /xen.gz']);
  assert.deepEqual(names(claims.kernel), ['kernel file: /vmlinuz']);
  assert.deepEqual(names(claims.initrd), ['initrd file: /initrd.img']);
  assert.equal(claims.hypervisorCommandLine?.value, 'dom0_mem=4G');
  assert.equal(claims.commandLine?.value, 'root=/dev/sda1');
});

test('a unified kernel image is claimed by its parts, and what was added to it', () => {
  const section = (name: string) => [
    {
      pcr: 11,
      type: 'EV_IPL',
      data: wide(name),
      digests: digestsOf({ pcr: 11, type: 'EV_IPL', data: Buffer.from(`${name}\0`) }),
    },
    labelled(11, wide(name), `content of ${name}`),
  ];
  const addon = Buffer.concat([Buffer.from(Uint32Array.of(0x49dffe0f, 4).buffer), Buffer.from('a.efi').subarray(0, 4)]);
  const claims = of([
    ...['.linux', '.osrel', '.cmdline', '.initrd'].flatMap(section),
    labelled(12, addon, 'an initrd', 'EV_EVENT_TAG'),
    labelled(12, wide('Credentials initrd'), 'credentials'),
    labelled(13, wide('System extension initrd'), 'extension'),
  ]);
  assert.deepEqual(names(claims.kernel), ['kernel image: .linux']);
  assert.deepEqual(names(claims.initrd), ['initrd: .initrd', 'initrd: a.ef']);
  assert.deepEqual(names(claims.operatingSystem), [
    'part of a unified kernel image: .osrel',
    'part of a unified kernel image: .cmdline',
    'credentials: Credentials initrd',
    'system extension: System extension initrd',
  ]);
});

test('keys are claimed once each, and not when they are malformed', () => {
  const db = (value: Uint8Array): EventWish => ({
    pcr: 7,
    type: 'EV_EFI_VARIABLE_DRIVER_CONFIG',
    data: variableData(logGuids.imageSecurity, 'db', value),
  });
  const one = signatureList(logGuids.sha256, [Buffer.alloc(48, 1)]);
  assert.deepEqual(
    of([db(one), separator(7)]).secureBootKeys['db']?.value.map(({ name }) => name),
    ['01'.repeat(32)],
  );
  for (const wishes of [[db(one), db(one)], [db(one.subarray(0, -1))]]) {
    const claims = of([...wishes, separator(7)]);
    assert.deepEqual(claims.secureBootKeys, {});
    assert.equal(withheld(claims, 'secureBootKeys').length, 1);
  }
});

test('firmware is claimed from before the separator alone', () => {
  const blob = { pcr: 0, type: 'EV_EFI_PLATFORM_FIRMWARE_BLOB', data: Buffer.alloc(16) };
  const version = { pcr: 0, type: 'EV_S_CRTM_VERSION', data: wide('1.2') };
  const honest = of([version, blob, separator(0)]);
  assert.deepEqual([honest.firmwareVersion?.value, honest.firmware.length], ['1.2', 1]);
  const late = of([separator(0), version, blob]);
  assert.deepEqual([late.firmwareVersion, late.firmware.length], [undefined, 0]);
  assert.equal(of([version, version, separator(0)]).firmwareVersion, undefined);
});

test('a byte of the words that a claim rests on cannot be changed without losing the claim', () => {
  const inWords = (claims: Claims) =>
    [
      claims.firmwareVersion,
      claims.secureBoot,
      claims.sbatLevel,
      claims.commandLine,
      ...Object.values(claims.secureBootKeys),
    ]
      .concat(claims.authorities as never)
      .flatMap((claim) => (claim ? [claim] : []));
  for (const name of corpusLogs) {
    const log = parseEventLog(corpusLog(name));
    for (const bank of Object.keys(log.events[1]?.digests ?? {}) as HashName[])
      for (const { events } of inWords(claimsOf(log, [bank])))
        for (const index of events) {
          const length = log.events[index]?.data.length ?? 0;
          for (let at = 0; at < length; at += Math.max(1, Math.floor(length / 5))) {
            const changed = editLog(log, (frames) =>
              frames.map((frame, i) => (i === index ? { ...frame, data: flipped(frame.data, at) } : frame)),
            );
            const now = inWords(claimsOf(parseEventLog(changed), [bank]));
            const still = now.filter((claim) => claim.events.includes(index) && bytesMeant(name, index, at));
            assert.deepEqual(
              still.map(({ events: of }) => of),
              [],
              `${name} ${bank} event ${index} byte ${at}`,
            );
          }
        }
  }
});
const flipped = (data: Uint8Array, at: number) => Uint8Array.from(data, (byte, i) => (i === at ? byte ^ 0x20 : byte));
/** GRUB's prefix is not hashed: it may change into another word, but never without changing what is said. */
const bytesMeant = (name: CorpusLog, index: number, at: number) => {
  const event = parseEventLog(corpusLog(name)).events[index];
  return event?.kind !== 'ipl' || at >= (event.content?.command?.length ?? 0) + 2;
};

test('claims come from any bytes, never an exception', () => {
  const lab = buildLog(boot);
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(lab.length - 1), fc.nat(255)), { maxLength: 12 }), (changes) => {
      const bytes = Uint8Array.from(lab);
      for (const [at, value] of changes) bytes[at] = value;
      const log = parseEventLog(bytes);
      JSON.stringify(claimsOf(log, ['sha256']));
      assert.deepEqual(Buffer.from(writeEventLog(log)), Buffer.from(bytes));
    }),
  );
});
