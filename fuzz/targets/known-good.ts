// What reference values are read from: packages, EFI applications, lists. All of them come from elsewhere, and none is believed.
import { gzipSync } from 'node:zlib';
import { AssayError } from '@assay/core';
import { authenticodeDigest, readPe } from '@assay/measurement';
import { buildPe } from '@assay/measurement/testing';
import { check, type NewReferenceValue, ReferenceRequest } from '@assay/protocol';
import { valuesOfList } from '../../packages/cli/known-good/list.ts';
import { valuesOfPackage } from '../../packages/cli/known-good/package.ts';
import { buildDeb, buildRpm } from '../../packages/cli/known-good/testing/index.ts';
import { foreseen, holds } from '../oracle.ts';
import { type Target, words } from './target.ts';

const image = () => buildPe({ sections: { '.text': Buffer.from('what runs') }, certificates: Buffer.alloc(16, 1) });

export const peImage: Target = {
  name: 'pe-image',
  seeds: () => [
    image(),
    buildPe({ sections: { '.linux': Buffer.alloc(99), '.cmdline': Buffer.from('quiet') } }),
    buildPe({ plus: false }),
  ],
  words: words('MZ', 'PE\0\0', '.linux', '.vendor_cert'),
  run(input) {
    return foreseen(() => {
      const pe = readPe(input, 'image');
      const size = pe.hashed.reduce((sum, part) => sum + part.length, 0);
      holds(size <= input.length * (pe.sections.length + 1), 'more is hashed than there is');
      return authenticodeDigest(pe, 'sha256');
    });
  },
};

const fit = (values: NewReferenceValue[]) => check(ReferenceRequest, { values }, 'values');

export const packages: Target = {
  name: 'package',
  seeds: () => {
    const files = [
      { name: './boot/vmlinuz-1', data: image() },
      { name: './bin/x', data: '#!/bin/sh\n', mode: 0o100755 },
    ];
    const pack = (data: Buffer) => gzipSync(data);
    return [buildDeb(files), buildDeb(files, { pack, suffix: '.gz' }), buildRpm(files, { pack })];
  },
  words: words('!<arch>\n', 'ustar', '070701', '07070X', 'TRAILER!!!', '../', 'control.tar', 'data.tar'),
  msPerMiB: 5000,
  async run(input) {
    const pieces = async function* () {
      yield input;
    };
    try {
      fit(await valuesOfPackage(pieces(), input.length, 'some.deb'));
    } catch (error) {
      if (!(error instanceof AssayError)) throw error;
    }
    return undefined;
  },
};

const digest = 'ab'.repeat(32);

export const list: Target = {
  name: 'list',
  seeds: () =>
    [
      `${digest}  /usr/bin/x\n\\${digest} */a\\nb\n`,
      `SHA256 (/usr/bin/x) = ${digest}\n`,
      `path,sha256,description\n"/a",${digest},"b ""c"""\n`,
      `[{"claim":"initrd","sha256":"${digest}"}]`,
    ].map((text) => Buffer.from(text)),
  words: words(digest, ',', '"', '""', '\r\n', 'sha384', '{', '__proto__'),
  msPerMiB: 1000,
  run: (input) => foreseen(() => fit(valuesOfList(Buffer.from(input), 'list', digest, {}))),
};
