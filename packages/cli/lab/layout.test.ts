import assert from 'node:assert/strict';
import { test } from 'node:test';
import { layout, socketsFit } from './layout.ts';

test('every path of a lab lies below its folder', () => {
  const paths = layout('/srv/lab');
  assert.equal(paths.host('node1').assayConf, '/srv/lab/etc/node1/assay.conf');
  assert.equal(paths.host('node1').tpmSocket, '/srv/lab/hosts/node1/tpm.sock');
  assert.equal(paths.ca.keyOf('metadata-api'), '/srv/lab/ca/certs/metadata-api-key.pem');
});

test('a folder too long for Unix sockets is told, and the sockets can lie elsewhere', () => {
  const long = `/srv/${'x'.repeat(90)}`;
  assert.equal(socketsFit('/srv/lab', ['node1']), true);
  assert.equal(socketsFit(long, ['node1']), false);
  assert.equal(layout(long, '/tmp/assay-1').host('node1').tpmSocket, '/tmp/assay-1/node1.sock');
});
