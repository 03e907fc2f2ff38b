import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import fc from 'fast-check';
import { xmlDocument } from './xml.ts';

const head = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>';

test('elements nest, attributes keep their order, absent ones are left out', () => {
  assert.equal(
    xmlDocument({ name: 'a', children: [{ name: 'b', attributes: { Z: 1, A: null, T: true, E: '' } }, { name: 'c' }] }),
    `${head}<a><b Z="1" T="true" E=""/><c/></a>`,
  );
});

test('whatever is in a name stays a value: no markup, no entity, no blank that a reader would fold', () => {
  assert.equal(
    xmlDocument({ name: 'a', attributes: { N: `"/><Host Trust_Status='1'&quot;\n\t\r\0\ud800\uffff` } }),
    `${head}<a N="&quot;/&gt;&lt;Host Trust_Status=&apos;1&apos;&amp;quot;&#10;&#9;&#13;\ufffd\ufffd\ufffd"/>`,
  );
});

const reader =
  'import sys,json,xml.etree.ElementTree as e\nprint(json.dumps([[x.get("N") for x in e.fromstring(d.encode())] for d in json.load(sys.stdin)]))';

test('any text comes out of another reader’s hands as it went in, but for what XML has no room for', () => {
  const texts = fc.sample(fc.array(fc.string({ unit: 'binary' }), { maxLength: 5 }), 200);
  const documents = texts.map((list) =>
    xmlDocument({ name: 'a', children: list.map((N) => ({ name: 'b', attributes: { N } })) }),
  );
  const read = JSON.parse(
    execFileSync('python3', ['-c', reader], { input: JSON.stringify(documents), encoding: 'utf8' }),
  );
  // biome-ignore lint/suspicious/noControlCharactersInRegex: what XML 1.0 has no room for
  const allowed = (text: string) => text.toWellFormed().replace(/[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]/g, '\ufffd');
  assert.deepEqual(
    read,
    texts.map((list) => list.map(allowed)),
  );
});
