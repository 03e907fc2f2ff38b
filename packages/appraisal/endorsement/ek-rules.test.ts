// Every rule of an EK certificate has a test: one certificate that keeps it and one that does not, and is right otherwise.
import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { test } from 'node:test';
import { readDer } from '@assay/core/der';
import {
  basicConstraints,
  type CertificateWish,
  type Extension,
  ekExtensions,
  extendedKeyUsage,
  keyUsage,
  makeCa,
  oid,
  tlv,
  tpmAttributes,
  tpmNames,
} from '../testing/certificates.ts';
import { check, eccArea, eccEk, issue, listed, root, rsaEk } from '../testing/vendor.ts';
import { trustStoreFrom } from './trust-store.ts';

const [constraints, usage, purposes, names] = ekExtensions(0x20) as [Extension, Extension, Extension, Extension];
const [maker, model, version] = tpmAttributes as [[string, string], [string, string], [string, string]];
const other = (id: string, critical: boolean, value: Uint8Array = tlv(0x05)): Extension => ({
  oid: id,
  critical,
  value,
});
const keeps = (wish: Partial<CertificateWish>) => check(issue(wish));
const breaks = (wish: Partial<CertificateWish>) =>
  assert.throws(() => check(issue(wish)), { code: 'ek-certificate' }, JSON.stringify(wish));

/** `E06 …` for a rule: what keeps it, what breaks it. */
const rule = (name: string, kept: Partial<CertificateWish>[], broken: Partial<CertificateWish>[]) =>
  test(name, () => {
    keeps({});
    kept.forEach(keeps);
    broken.forEach(breaks);
  });
const extensions = (...list: Extension[]) => ({ extensions: list });

test('E06 nothing stands behind the certificate, padding neither: the agent has stripped it', () => {
  check(issue());
  for (const behind of [Uint8Array.of(0), Uint8Array.of(0xff), Buffer.from('3000', 'hex'), issue()])
    assert.throws(() => check(Buffer.concat([issue(), behind])), { code: 'ek-certificate' });
  for (const broken of [new Uint8Array(), issue().subarray(0, -1), Uint8Array.of(0x30, 0x80, 0, 0)])
    assert.throws(() => check(broken), { code: 'ek-certificate' });
});
rule('E06 the version is v3', [], [{ version: 0 }, { version: 1 }, { version: 3 }]);
rule('E06 the serial number is not zero', [{ serial: Uint8Array.of(1) }], [{ serial: Uint8Array.of(0) }]);
rule(
  'E06 the serial number is not negative',
  [{ serial: Uint8Array.of(0, 0x80) }],
  [{ serial: Uint8Array.of(0x80) }, { serial: Uint8Array.of(0xff) }],
);
rule(
  'E06 the serial number has at most 20 bytes',
  [{ serial: new Uint8Array(20).fill(1) }],
  [{ serial: new Uint8Array(21).fill(1) }],
);
rule('E06 the serial number is written in as few bytes as it can be', [], [{ serial: Uint8Array.of(0, 1) }]);
rule('E06 the serial number is there', [], [{ serial: new Uint8Array() }]);
rule('E06 one algorithm is named inside and outside', [], [{ claimedHash: 'sha384' }]);
test('E06 the issuer has a name', () => {
  check(issue());
  const nameless = makeCa('', { issuer: root });
  assert.throws(() => check(issue({ issuer: nameless }), { trust: trustStoreFrom(listed('hardware', root)) }), {
    code: 'ek-certificate',
  });
});

rule('E06 basicConstraints is there', [], [extensions(usage, purposes, names)]);
rule(
  'E06 basicConstraints is critical',
  [],
  [extensions(basicConstraints(false, undefined, false), usage, purposes, names)],
);
rule(
  'E06 the certificate is no CA, said by leaving it out or in words',
  [extensions({ ...constraints, value: tlv(0x30, tlv(0x01, Uint8Array.of(0))) }, usage, purposes, names)],
  [extensions(basicConstraints(true), usage, purposes, names)],
);
rule('E06 basicConstraints has no path length', [], [extensions(basicConstraints(false, 0), usage, purposes, names)]);
rule(
  'E06 basicConstraints holds nothing else',
  [],
  [extensions({ ...constraints, value: tlv(0x30, tlv(0x05)) }, usage, purposes, names)],
);

rule('E06 keyUsage is there', [], [extensions(constraints, purposes, names)]);
rule('E06 keyUsage is critical', [], [extensions(constraints, keyUsage(0x20, false), purposes, names)]);
rule(
  'E06 an RSA key may be used for keyEncipherment',
  [extensions(constraints, keyUsage(0xa0), purposes, names)],
  [
    extensions(constraints, keyUsage(0x80), purposes, names),
    extensions(constraints, keyUsage(0x08), purposes, names),
    extensions(constraints, keyUsage(0), purposes, names),
  ],
);
test('E06 an ECC key may be used for keyAgreement', () => {
  const ecc = (bits: number) => issue({ publicKey: eccEk.publicKey, extensions: ekExtensions(bits) });
  check(ecc(0x08), { area: eccArea });
  for (const bits of [0x20, 0x80, 0])
    assert.throws(() => check(ecc(bits), { area: eccArea }), { code: 'ek-certificate' });
});
rule('E06 the key signs no certificates', [], [extensions(constraints, keyUsage(0x24), purposes, names)]);
rule('E06 the key signs no revocation lists', [], [extensions(constraints, keyUsage(0x22), purposes, names)]);

rule('E06 extendedKeyUsage is there', [], [extensions(constraints, usage, names)]);
rule(
  'E06 one purpose is that of EK certificates',
  [extensions(constraints, usage, extendedKeyUsage('1.3.6.1.5.5.7.3.2', '2.23.133.8.1'), names)],
  [
    extensions(constraints, usage, extendedKeyUsage('1.3.6.1.5.5.7.3.2'), names),
    extensions(constraints, usage, extendedKeyUsage('2.23.133.8.3'), names),
    extensions(constraints, usage, extendedKeyUsage('2.5.29.37.0'), names),
    extensions(constraints, usage, extendedKeyUsage(), names),
  ],
);

rule(
  'E06 no extension is there twice',
  [],
  [purposes, usage, constraints, names].map((twice) => extensions(constraints, usage, purposes, names, twice)),
);
rule(
  'E06 no critical extension is unknown',
  [extensions(constraints, usage, purposes, names, other('1.2.3.4', false))],
  [extensions(constraints, usage, purposes, names, other('1.2.3.4', true))],
);
for (const [what, id] of Object.entries({
  authorityInfoAccess: '1.3.6.1.5.5.7.1.1',
  cRLDistributionPoints: '2.5.29.31',
  authorityKeyIdentifier: '2.5.29.35',
  subjectKeyIdentifier: '2.5.29.14',
  nameConstraints: '2.5.29.30',
}))
  rule(
    `E06 ${what} is not critical`,
    [extensions(constraints, usage, purposes, names, other(id, false, tlv(0x30)))],
    [extensions(constraints, usage, purposes, names, other(id, true, tlv(0x30)))],
  );
rule(
  'E06 policies and attributes of the subject may be there, critical or not',
  [
    extensions(constraints, usage, purposes, names, other('2.5.29.32', true, tlv(0x30)), other('2.5.29.9', true)),
    extensions(constraints, usage, purposes, names, other('2.5.29.32', false, tlv(0x30)), other('2.5.29.9', false)),
  ],
  [],
);
rule(
  'E06 without a subject the TPM’s names are critical',
  [{ subject: '' }, extensions(constraints, usage, purposes, { ...names, critical: false })],
  [{ subject: '', ...extensions(constraints, usage, purposes, { ...names, critical: false }) }],
);

test('E06 an RSA key may be declared for OAEP alone, as older vendors did', () => {
  const pkcs1 = rsaEk.publicKey.export({ type: 'pkcs1', format: 'der' });
  const bits = tlv(0x03, Uint8Array.of(0), pkcs1);
  const declared = (id: string) => ({ keyInfo: tlv(0x30, tlv(0x30, oid(id), tlv(0x30)), bits) });
  keeps(declared('1.2.840.113549.1.1.7'));
  assert.throws(() => check(issue(declared('1.2.840.113549.1.1.10'))), { code: 'ek-certificate' });
});

test('E06 what vendors’ certificates have in common with no textbook is no fault', () => {
  const texts = { utf8: 0x0c, printable: 0x13, ia5: 0x16 };
  const explicitFalse = { ...constraints, value: tlv(0x30, tlv(0x01, Uint8Array.of(0))) };
  const noUnusedBits = { ...usage, value: tlv(0x03, Uint8Array.of(0, 0x20)) };
  const unusedBits = { ...usage, value: tlv(0x03, Uint8Array.of(5, 0x20)) };
  const twoBytes = { ...usage, value: tlv(0x03, Uint8Array.of(7, 0x20, 0)) };
  const addresses = [other('1.3.6.1.5.5.7.1.1', false, tlv(0x30)), other('2.5.29.31', false, tlv(0x30))];
  for (const tag of Object.values(texts))
    for (const bits of [noUnusedBits, unusedBits, twoBytes])
      keeps({
        subject: '',
        hash: 'sha384',
        notAfter: new Date('9999-12-31T23:59:59Z'),
        // Attributes of one relative name ought to be sorted; not everybody does.
        extensions: [...addresses, tpmNames([[version, maker, model]], tag), purposes, bits, explicitFalse],
      });
  breaks({ extensions: [tpmNames([[maker, model, version]], 0x04), purposes, usage, constraints] });
});

test('E06 a key of another kind is no EK’s', () => {
  check(issue());
  for (const publicKey of [generateKeyPairSync('ed25519').publicKey, generateKeyPairSync('x25519').publicKey])
    assert.throws(() => check(issue({ publicKey, extensions: ekExtensions(0x28) })), { code: 'ek-key-mismatch' });
});

const named = (...relatives: [string, string][][]) => extensions(constraints, usage, purposes, tpmNames(relatives));

rule(
  'E07 manufacturer, model and version are there, in one relative name or in three, among others',
  [
    named([maker, model, version]),
    named([maker], [model], [version]),
    named([version, maker], [model]),
    named([maker], [model], [version], [['2.5.4.3', 'Somebody']]),
    named([maker], [model], [version], [['2.5.4.3', 'Somebody']], [['2.5.4.3', 'x'.repeat(257)]], [['2.5.4.11', '']]),
  ],
  [named(), named([model], [version]), named([maker], [version]), named([maker], [model])],
);
rule('E07 subjectAltName is there', [], [extensions(constraints, usage, purposes)]);
rule(
  'E07 none of them is there twice, in a second relative name neither',
  [],
  [
    named([maker, maker, model, version]),
    named([maker, model, version], [['2.23.133.2.1', 'id:494E5443']]),
    named([maker], [model], [version], [version]),
    named([maker, model], [model, version]),
  ],
);
test('E07 a second directoryName is refused, other kinds of names are left alone', () => {
  const { value } = tpmNames([tpmAttributes]);
  const directory = value.subarray(2);
  const mail = tlv(0x81, Buffer.from('somebody@example.org'));
  const withNames = (...parts: Uint8Array[]) =>
    extensions(constraints, usage, purposes, { ...names, value: tlv(0x30, ...parts) });
  keeps(withNames(directory));
  keeps(withNames(mail, directory));
  breaks(withNames(directory, directory));
  breaks(withNames(mail));
  const { content } = readDer(directory, 'x');
  keeps(withNames(tlv(0xa4, content)));
  breaks(withNames(tlv(0xa4, content, content)));
});
test('E07 an attribute has one value', () => {
  const text = (of: string) => tlv(0x0c, Buffer.from(of));
  const relative = ([type, value]: [string, string], ...more: string[]) =>
    tlv(0x31, tlv(0x30, oid(type), text(value), ...more.map(text)));
  const withMaker = (made: Uint8Array) => {
    const value = tlv(0x30, tlv(0xa4, tlv(0x30, made, relative(model), relative(version))));
    return extensions(constraints, usage, purposes, { ...names, value });
  };
  keeps(withMaker(relative(maker)));
  breaks(withMaker(relative(maker, 'id:494E5443')));
});
test('E07 text that looks like several names when printed is one value', () => {
  const forged = named([maker], [['2.23.133.2.2', 'Real TPM, 2.23.133.2.1=id:494E5443/2.23.133.2.3=id:9']], [version]);
  const { tpm } = keeps(forged);
  assert.equal(tpm?.manufacturer, 'TEST');
  assert.match(tpm?.model ?? '', /^Real TPM, /);
  const control = keeps(named([maker], [['2.23.133.2.2', 'a\u001b[2Jb']], [version]));
  assert.ok(!control.tpm?.model.includes('\u001b'));
});
rule(
  'E07 each is text, of a length that fits',
  [named([maker], [['2.23.133.2.2', 'x'.repeat(256)]], [version])],
  [named([maker], [['2.23.133.2.2', '']], [version]), named([maker], [['2.23.133.2.2', 'x'.repeat(257)]], [version])],
);
test('E07 a vendor’s id is told as the TCG writes it, and anything else as it stands', () => {
  for (const [text, told] of [
    ['id:49465800', 'IFX'],
    ['id:494E5443', 'INTC'],
    ['id:53544d20', 'STM'],
    ['id:00001014', 'id:00001014'],
    ['Infineon', 'Infineon'],
  ] as const)
    assert.equal(keeps(named([['2.23.133.2.1', text]], [model], [version])).tpm?.manufacturer, told);
});
test('E06 keyUsage that is missing is told apart from one that is not critical', () => {
  const got = (wish: Partial<CertificateWish>, said: string) => assert.throws(() => keeps(wish), { got: said });
  got(extensions(constraints, purposes, names), 'none');
  got(extensions(constraints, keyUsage(0x20, false), purposes, names), 'not critical');
});
