import assert from 'node:assert/strict';
import { test } from 'node:test';
import { layout } from './layout.ts';

test('every path of a lab lies below its folder', () => {
  const paths = layout('/srv/lab');
  assert.equal(paths.host('node1').assayConf, '/srv/lab/etc/node1/assay.conf');
  assert.equal(paths.host('node1').tpmSocket, '/srv/lab/hosts/node1/tpm.sock');
  assert.equal(paths.ca.keyOf('metadata-api'), '/srv/lab/ca/certs/metadata-api-key.pem');
});

test('a folder named from here is made absolute', () => {
  assert.equal(layout('.assay').root, `${process.cwd()}/.assay`);
});
