// In which order a boot goes, and what an operator may allow of it. Each rule with a host it has nothing against and one it has; the
// hosts sign correctly.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type BootEvent, linuxTags, parseEventLog } from '@assay/measurement';
import { corpusLog, type EventWish, editLog, frameOf, healthyLogs } from '@assay/measurement/testing';
import { allowedByDefault, type FindingCode } from '../../findings/catalogue.ts';
import { scene } from '../../testing/index.ts';
import { verifyEvidence } from '../../verify-evidence.ts';
import { bootPcrs } from '../policy.ts';

/** A machine of the corpus, golden as it is. */
function machine(name: Parameters<typeof corpusLog>[0]) {
  const host = scene(corpusLog(name));
  const log = parseEventLog(host.log);
  const banks = log.algorithms.flatMap(({ name: bank }) => (bank ? [bank] : []));
  /** Codes that count, but for measurements that are new to the reference values, as every change of the log is. */
  const codes = (edited: Uint8Array, allowed: readonly FindingCode[] = allowedByDefault) =>
    host
      .findings({ log: edited }, { policy: { ...host.input().policy, allowed } })
      .map(({ code }) => code)
      .filter((code) => code !== 'measurement-unknown');
  return {
    host,
    log,
    codes,
    event: (wish: EventWish) => frameOf(wish, banks),
    edit: (change: Parameters<typeof editLog>[1]) => editLog(log, change),
    /** Number of the first event like this. */
    at: (type: string, pcr?: number) =>
      log.events.findIndex((event) => event.type === type && (pcr === undefined || event.pcr === pcr)),
  };
}

const ubuntu = machine('event-gce-ubuntu-2104-log');
const lab = machine('ovmf-linux-6.1');
const none: FindingCode[] = [];
type EventFrame = BootEvent['frame'];

test('L02 an event in PCR 0–7 is of a type that the specification names', () => {
  const { edit, event, codes } = ubuntu;
  const stray = (type: number) => edit((frames) => frames.toSpliced(2, 0, event({ pcr: 0, type, data: Buffer.of(1) })));
  assert.deepEqual(codes(stray(0x0000_0001)), []);
  assert.deepEqual(codes(stray(0x0000_4711)), ['event-type-unknown']);
  assert.deepEqual(codes(stray(0x0000_4711), [...allowedByDefault, 'event-type-unknown']), []);
});

test('L03 the path of an image is a label: another one changes nothing, another image under the same path does', () => {
  const index = lab.at('EV_EFI_BOOT_SERVICES_APPLICATION', 4);
  const change = (part: (frame: EventFrame) => Partial<EventFrame>) =>
    lab.edit((frames) => frames.map((one, i) => (i === index ? { ...one, ...part(one) } : one)));
  const renamed = lab.host.appraise({ log: change(() => ({ data: new Uint8Array(32) })) });
  assert.equal(renamed.verdict.trust, 'trusted');
  const digest = new Uint8Array(32).fill(9);
  const swapped = change(({ digests }) => ({ digests: digests.map((one) => ({ ...one, digest })) }));
  const { verdict } = lab.host.appraise({ log: swapped });
  assert.deepEqual([verdict.trust, verdict.findings[0]?.code], ['untrusted', 'measurement-unknown']);
});

test('L18 a bank that one event has no digest in proves nothing, though all others have', () => {
  const { edit, host } = ubuntu;
  const without = edit((frames) =>
    frames.map((one, i) =>
      i === 30 ? { ...one, digests: one.digests.filter(({ algorithm }) => algorithm !== 0x0b) } : one,
    ),
  );
  const findings = host.findings({ log: without, bootedLog: host.log });
  assert.ok(findings.some(({ code }) => code === 'log-no-digest'));
  assert.deepEqual(host.findings(), []);
});

test('L08 Secure Boot is read once and before the separator', () => {
  const { log, edit, codes, at } = ubuntu;
  const read = log.events[at('EV_EFI_VARIABLE_DRIVER_CONFIG')]?.frame;
  const separator = at('EV_SEPARATOR', 7);
  assert.ok(read);
  assert.deepEqual(codes(ubuntu.host.log), []);
  assert.deepEqual(codes(edit((frames) => frames.toSpliced(separator, 0, read))), ['secure-boot-twice']);
  const moved = edit((frames) =>
    frames.toSpliced(separator + 1, 0, read).toSpliced(at('EV_EFI_VARIABLE_DRIVER_CONFIG'), 1),
  );
  assert.deepEqual(codes(moved), ['secure-boot-late']);
  const off = { ...read, data: Uint8Array.from(read.data, (byte, i) => (i === read.data.length - 1 ? 0 : byte)) };
  assert.ok(codes(edit((frames) => frames.toSpliced(separator + 5, 0, off))).includes('secure-boot-twice'));
});

test('L33 a variable of another vendor or of nearly the same name is not SecureBoot', () => {
  const { log, edit, codes, at, event } = ubuntu;
  const read = log.events[at('EV_EFI_VARIABLE_DRIVER_CONFIG')]?.frame;
  assert.ok(read);
  const like = (change: (data: Buffer) => void) => {
    const data = Buffer.from(read.data);
    change(data);
    return edit((frames) => frames.toSpliced(3, 0, event({ pcr: 7, type: read.type, data })));
  };
  assert.deepEqual(codes(like(() => undefined)), ['secure-boot-twice']);
  assert.deepEqual(codes(like((data) => data.writeUInt8(data.readUInt8(0) ^ 1, 0))), [], 'another vendor');
  assert.deepEqual(codes(like((data) => data.writeUInt16LE(0x0405, 32))), [], 'a Cyrillic letter');
});

test('L09 a SecureBoot variable without a value says nothing; only where that is allowed the host may be trusted', () => {
  const arch = machine('event-arch-linux');
  assert.deepEqual(arch.codes(arch.host.log), []);
  assert.ok(arch.codes(arch.host.log, none).includes('secure-boot-unknown'));
  assert.ok(!ubuntu.codes(ubuntu.host.log, none).includes('secure-boot-unknown'));
  const { verdict } = arch.host.appraise();
  assert.ok(verdict.findings.some(({ code, allowed }) => code === 'secure-boot-unknown' && allowed));
  const without = ubuntu.edit((frames) => frames.toSpliced(ubuntu.at('EV_EFI_VARIABLE_DRIVER_CONFIG'), 1));
  assert.ok(ubuntu.codes(without, none).includes('secure-boot-unknown'));
});

test('L10 the firmware says that it calls an application before the first one runs', () => {
  const { edit, codes, at, event } = ubuntu;
  const call = at('EV_EFI_ACTION', 4);
  assert.deepEqual(codes(ubuntu.host.log, none), []);
  assert.deepEqual(
    codes(
      edit((frames) => frames.toSpliced(call, 1)),
      none,
    ),
    ['boot-call-missing'],
  );
  const said = edit((frames) =>
    frames.map((one, i) => (i === call ? { ...one, digests: event({ pcr: 4, type: one.type }).digests } : one)),
  );
  assert.deepEqual(codes(said, none), ['log-data-mismatch', 'boot-call-missing'], 'words alone do not count');
  const shell = event({ pcr: 4, type: 'EV_EFI_BOOT_SERVICES_APPLICATION', data: new Uint8Array(32) });
  assert.deepEqual(codes(edit((frames) => frames.toSpliced(call, 0, shell))), ['boot-call-late']);
  assert.deepEqual(codes(lab.host.log), [], 'a kernel the firmware starts itself is allowed by default');
  assert.deepEqual(codes(lab.host.log).concat(lab.codes(lab.host.log, none)), ['boot-direct-kernel']);
  const two = lab.edit((frames) =>
    frames.toSpliced(10, 0, lab.event({ pcr: 4, type: 'EV_EFI_BOOT_SERVICES_APPLICATION', data: new Uint8Array(32) })),
  );
  assert.deepEqual(lab.codes(two), ['boot-call-late'], 'with another application it is not that');
});

test('L11 without ExitBootServices nothing is claimed of PCR 4 but what may stand there anyway', () => {
  const { edit, codes, at } = ubuntu;
  const cut = edit((frames) => frames.toSpliced(at('EV_EFI_ACTION', 5), 2));
  assert.deepEqual(codes(cut, none), ['boot-exit-missing']);
  assert.deepEqual(codes(cut), []);
  const claims = (log: Uint8Array) => {
    const verified = verifyEvidence(ubuntu.host.input({ log }));
    assert.ok(verified.authentic);
    return verified.claims;
  };
  assert.equal(claims(ubuntu.host.log).bootLoader.length, 2);
  assert.equal(claims(cut).bootLoader.length, 0);
  assert.ok(claims(cut).withheld.some(({ claim }) => claim === 'bootLoader'));
});

test('L12 the allowance for a missing end of boot services is a label, and hides nothing that was measured after one', () => {
  const { edit, event, codes, at } = ubuntu;
  const late = event({ pcr: 5, type: 'EV_EFI_ACTION', data: Buffer.from('Something else') });
  const hidden = edit((frames) => [...frames, late]);
  assert.deepEqual(codes(hidden), ['boot-exit-after']);
  assert.deepEqual(codes(edit((frames) => frames.toSpliced(at('EV_EFI_ACTION', 5), 0, late))), []);
  const old = machine('event-arch-linux');
  assert.deepEqual(old.codes(old.host.log, none).sort(), [
    'boot-call-missing',
    'boot-exit-missing',
    'secure-boot-unknown',
  ]);
  const extended = old.edit((frames) => [
    ...frames,
    old.event({ pcr: 5, type: 'EV_EFI_ACTION', data: Buffer.from('x') }),
  ]);
  const verdict = old.host.appraise({ log: extended }).verdict;
  assert.equal(verdict.trust, 'untrusted', 'what was added is an event too many');
  const labelled = old.host.appraise().verdict.findings.find(({ code }) => code === 'boot-exit-missing');
  assert.equal(labelled?.allowed, true);
});

test('L27 a boot PCR that holds something and of which the log tells nothing is refused', () => {
  const { host, log } = lab;
  const cut = lab.edit((frames) => frames.filter(({ pcr }) => pcr !== 2));
  const codes = host.findings({ log: cut, bootedLog: host.log }).map(({ code, pcr }) => [code, pcr]);
  assert.ok(codes.some(([code, pcr]) => code === 'log-replay-mismatch' && pcr === 2));
  assert.ok(log.events.some(({ pcr }) => pcr === 2));
  assert.deepEqual(host.findings(), []);
});

test('L28 a PCR that is extended while the system runs counts only where the policy rests on it', () => {
  const running = new Map([[11, new Uint8Array(32).fill(7)]]);
  assert.deepEqual(lab.host.findings({ pcrs: running }), []);
  const strict = scene(lab.host.log, [{ bank: 'sha256', pcrs: [...(bootPcrs[0]?.pcrs ?? []), 11] }]);
  assert.deepEqual(strict.findings(), []);
  assert.deepEqual(
    strict.findings({ pcrs: running }).map(({ code, pcr }) => [code, pcr]),
    [['log-replay-mismatch', 11]],
  );
});

test('L29 behind a separator stands only what healthy machines measure there', () => {
  const { edit, event, codes } = ubuntu;
  const added = (wish: EventWish) =>
    codes(edit((frames) => [...frames.slice(0, -2), event(wish), ...frames.slice(-2)]));
  const data = Buffer.from('x');
  assert.deepEqual(added({ pcr: 4, type: 'EV_EFI_BOOT_SERVICES_APPLICATION', data }), []);
  assert.deepEqual(added({ pcr: 5, type: 'EV_EFI_ACTION', data }), []);
  assert.deepEqual(added({ pcr: 4, type: 'EV_OMIT_BOOT_DEVICE_EVENTS', data }), []);
  const tagged = (tag: number) => Buffer.concat([Buffer.from(Uint32Array.of(tag, 1).buffer), data]);
  assert.deepEqual(added({ pcr: 5, type: 'EV_EVENT_TAG', data: tagged(linuxTags.loaderConf) }), []);
  assert.deepEqual(added({ pcr: 1, type: 'EV_EVENT_TAG', data: tagged(linuxTags.smbiosBoard) }), []);
  assert.deepEqual(added({ pcr: 5, type: 'EV_EVENT_TAG', data: tagged(linuxTags.initrd) }), ['event-after-separator']);
  assert.deepEqual(added({ pcr: 0, type: 'EV_POST_CODE', data }), ['event-after-separator']);
  assert.deepEqual(added({ pcr: 2, type: 'EV_EFI_BOOT_SERVICES_DRIVER', data }), ['event-after-separator']);
  assert.deepEqual(added({ pcr: 3, type: 'EV_EFI_ACTION', data }), ['event-after-separator']);
  assert.deepEqual(added({ pcr: 4, type: 'EV_IPL', data }), ['event-after-separator']);
  assert.deepEqual(added({ pcr: 7, type: 'EV_EFI_VARIABLE_BOOT', data }), ['event-after-separator']);
});

test('L01 a separator that calls itself something else is one all the same', () => {
  const { edit, codes } = lab;
  const separator = lab.at('EV_SEPARATOR', 3);
  const hidden = edit((frames) => [...frames, { ...(frames[separator] as (typeof frames)[0]), type: 0x8000_0007 }]);
  assert.ok(codes(hidden).includes('separator-twice'));
  const renamed = edit((frames) => frames.map((one, i) => (i === separator ? { ...one, type: 0x8000_0007 } : one)));
  assert.ok(codes(renamed).includes('separator-value'));
});

test('L30 an image that the host’s own dbx forbids is refused', () => {
  const host = machine('event-moklisttrusted');
  const index = host.at('EV_EFI_BOOT_SERVICES_APPLICATION', 4);
  const dbx = host.log.events.find(
    ({ kind, content }) => kind === 'variable' && content && 'name' in content && content.name === 'dbx',
  );
  assert.ok(dbx);
  const listed = dbx.data.subarray(-32); // its one EFI_CERT_SHA256 entry
  assert.deepEqual(host.codes(host.host.log), []);
  const edited = host.edit((frames) =>
    frames.map((one, i) =>
      i === index
        ? {
            ...one,
            digests: one.digests.map((digest) => (digest.algorithm === 0x0b ? { ...digest, digest: listed } : digest)),
          }
        : one,
    ),
  );
  assert.deepEqual(host.codes(edited), ['image-revoked']);
  const component = (log: Uint8Array) =>
    host.host.findings({ log }).find(({ code }) => code === 'image-revoked')?.component;
  assert.equal(component(edited), 'boot_loader');
  const optionRom = (digest: Uint8Array) =>
    host.edit((frames) => {
      const rom = host.event({
        pcr: 2,
        type: 'EV_EFI_BOOT_SERVICES_DRIVER',
        digests: { sha256: digest },
      });
      return frames.toSpliced(host.at('EV_SEPARATOR', 2), 0, rom);
    });
  assert.deepEqual(host.codes(optionRom(new Uint8Array(32).fill(3))), []);
  assert.deepEqual(host.codes(optionRom(listed)), ['image-revoked']);
  assert.equal(component(optionRom(listed)), 'firmware');
});

test('what healthy machines of the corpus need is allowed by default, and nothing else of this kind', () => {
  const needed = new Set(healthyLogs.flatMap((name) => machine(name).codes(corpusLog(name), none)));
  const ofLogs = allowedByDefault.filter((code) => !code.startsWith('tpm-'));
  assert.deepEqual([...needed].sort(), [...ofLogs].sort());
});
