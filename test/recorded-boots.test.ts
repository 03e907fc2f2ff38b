// The recorded boots of test/corpus/boots, from the EK certificate to the verdict: what one boot teaches, the same boot again
// fulfils, and each other boot fails with a finding that names what was changed.
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { test } from 'node:test';
import {
  allowedByDefault,
  appraise,
  checkEndorsement,
  referenceFrom,
  trustStoreFrom,
  verifyEvidence,
} from '@assay/appraisal';
import { knownGoodOf, testPolicy } from '@assay/appraisal/testing';
import { imaListFromAscii, parseEventLog, readImaList, replay } from '@assay/measurement';
import { type Component, fromBase64 } from '@assay/protocol';
import { type BootName, boots } from './measured-boot/boots.ts';
import { corpusOfBoots, recordedCas, recordedHost, recordingOf } from './measured-boot/recording.ts';

const names = Object.keys(boots) as BootName[];
const bytes = (text: string) => fromBase64(text, 'recording');
const { ak, certificate, ek } = recordedHost();
const store = trustStoreFrom(recordedCas().map((file) => ({ ...file, kind: 'software' as const })));

/** Where its SHA-384 is a module, the kernel extends that bank by SHA-1 with zeros behind it: who quotes the bank has to allow it. */
const allowed = [...allowedByDefault, 'ima-padded-sha1'] as const;

type Reference = ReturnType<typeof referenceFrom>;

function input(name: BootName, reference: Reference = []) {
  const { evidence, nonce, pcrs, recorded_at } = recordingOf(name);
  const now = new Date(recorded_at);
  const endorsement = checkEndorsement(certificate, ek, [], store, now);
  const asked = { evidence, ak, nonce: bytes(nonce), wanted: pcrs, previous: undefined, now };
  const policy = testPolicy({}, { pcrs, allowed });
  return { ...asked, host: 'node1', endorsement, knownGood: knownGoodOf(reference), policy };
}
const taughtBy = (name: BootName): Reference => referenceFrom(appraise(input(name)));

test('every boot that scripts/record-boots knows is recorded', () => {
  const folders = readdirSync(corpusOfBoots, { withFileTypes: true }).filter((one) => one.isDirectory());
  assert.deepEqual(folders.map(({ name }) => name).sort(), [...names, 'tpm-ca'].sort());
});

/** What is strange about the evidence itself, whatever was booted. */
const strange: Partial<Record<BootName, readonly string[]>> = {
  // Without a SHA-1 bank this template's boot_aggregate is all zeros.
  'ima-sha1': ['ima-template-legacy', 'ima-boot-aggregate-unproven'],
  'ima-violation': ['ima-violation'],
};

for (const name of names) {
  const { evidence, imaText, made } = recordingOf(name);
  const log = parseEventLog(bytes(evidence.event_log));
  const list = bytes(evidence.ima_log?.data ?? '');

  test(`${name}: the evidence is true, boot log and IMA list included`, () => {
    const verified = verifyEvidence(input(name));
    assert.ok(verified.authentic);
    const counting = verified.findings.map(({ code }) => code).filter((code) => !allowed.some((one) => one === code));
    assert.deepEqual(counting, strange[name] ?? []);
    assert.deepEqual([...verified.unexplained], []);
    // Linux measures the words firmware handed it without writing them down; a boot loader writes.
    const said = made.chain === 'direct' ? undefined : made.command_line.replace(/^BOOT_IMAGE=/, '');
    assert.equal(verified.claims.commandLine?.value, said);
    assert.equal(verified.claims.secureBoot?.value, made.secure_boot ? 'on' : 'off');
  });

  test(`${name}: the boot log leads to the PCR values that were read, in both banks`, () => {
    for (const bank of ['sha256', 'sha384'] as const) {
      const values = replay(log.events, bank, log.startupLocality);
      assert.deepEqual([...values.keys()].filter((pcr) => pcr < 8).length, 8);
      for (const [pcr, value] of values) {
        const read = evidence.pcr_values?.find((one) => one.bank === bank && one.pcr === pcr)?.value;
        assert.equal(value.toHex(), read, `${bank} PCR ${pcr}`);
      }
    }
  });

  test(`${name}: IMA's list is the one that the kernel put into words`, () => {
    const { bytes: again, broken } = imaListFromAscii(Buffer.from(imaText));
    assert.deepEqual(broken, []);
    assert.deepEqual(Buffer.from(again), Buffer.from(list));
  });
}

test('templates, a signature, a buffer and a violation are in the recorded lists', () => {
  const entries = (name: BootName) => [...readImaList(bytes(recordingOf(name).evidence.ima_log?.data ?? ''))];
  const templates = (name: BootName) => [...new Set(entries(name).map(({ template }) => template))].sort();
  assert.deepEqual(templates('secure-boot'), ['ima-sig']);
  assert.deepEqual(templates('direct'), ['ima-ng']);
  assert.deepEqual(templates('ima-sha1'), ['ima']);
  assert.deepEqual(templates('ima-modsig'), ['ima-buf', 'ima-modsig']);
  const violations = entries('ima-violation').filter(({ violation }) => violation);
  assert.equal(violations.length, 1);
  assert.ok(entries('ima-violation').some(({ fields }) => fields?.signature?.length));
});

test('a boot that changed nothing is trusted', () => {
  const { verdict } = appraise(input('secure-boot-again', taughtBy('secure-boot')));
  assert.equal(verdict.trust, 'trusted', verdict.reason);
  assert.equal(verdict.software_tpm, true);
});

type Change = { from: BootName; to: BootName; says: Partial<Record<Component, RegExp>> };
/** Which components differ, and what is said of each. All others are as known good. */
const changes: readonly Change[] = [
  {
    from: 'secure-boot',
    to: 'other-command-line',
    says: {
      boot_loader: /PCR 9, EV_IPL, file of the boot loader/, // its configuration has the words
      hypervisor: /linuxefi \/kernel console=ttyS0 quiet”.*got .*linuxefi \/kernel console=ttyS0 quiet init=\/bin\/sh”/,
    },
  },
  { from: 'secure-boot', to: 'other-kernel', says: { hypervisor: /PCR 9, EV_IPL, kernel file\)/ } },
  { from: 'secure-boot', to: 'other-initrd', says: { operating_system: /PCR 9, EV_IPL, initrd file\)/ } },
  {
    from: 'secure-boot',
    to: 'extra-application',
    says: { boot_loader: /PCR 4, EV_EFI_BOOT_SERVICES_APPLICATION, boot loader image\)/ },
  },
  {
    from: 'no-secure-boot',
    to: 'unsigned-application',
    says: {
      boot_loader: /PCR 4, EV_EFI_BOOT_SERVICES_APPLICATION, boot loader image\): expected no further measurement/,
    },
  },
  {
    from: 'secure-boot',
    to: 'no-secure-boot',
    // OVMF's code runs in memory and is measured there, after it looked at the keys. Only shim measures the kernel as an image.
    says: { firmware: /firmware code/, hypervisor: /kernel image.*got none/ },
  },
];
for (const { from, to, says } of changes)
  test(`${to} is told apart from ${from}, and named`, () => {
    const { verdict } = appraise(input(to, taughtBy(from)));
    assert.equal(verdict.trust, 'untrusted');
    const found = verdict.findings.filter((finding) => !finding.allowed);
    assert.deepEqual(
      found.map(({ code, component }) => `${code} ${component}`),
      Object.keys(says).map((component) => `measurement-unknown ${component}`),
    );
    for (const { component, message } of found) assert.match(message, says[component as Component] ?? /(?!)/);
  });

test('evidence put together of two boots is refused, by the part that does not belong', () => {
  const honest = input('secure-boot', taughtBy('secure-boot'));
  const other = recordingOf('other-command-line');
  assert.equal(appraise(honest).verdict.trust, 'trusted');
  const codes = (evidence: Partial<typeof other.evidence>, nonce = honest.nonce) => {
    const { verdict } = appraise({ ...honest, nonce, evidence: { ...honest.evidence, ...evidence } });
    assert.notEqual(verdict.trust, 'trusted');
    return verdict.findings.filter((finding) => !finding.allowed).map(({ code }) => code);
  };
  const { event_log, ima_log, signature } = other.evidence;
  assert.ok(ima_log);
  assert.ok(codes({ event_log }).includes('log-replay-mismatch'));
  assert.deepEqual(codes({ ima_log }), ['ima-list-behind']); // no entry of it leads to the quoted PCR 10
  assert.deepEqual(codes({ signature }), ['quote-signature']);
  assert.deepEqual(codes({}, bytes(other.nonce)), ['quote-nonce']);
});
