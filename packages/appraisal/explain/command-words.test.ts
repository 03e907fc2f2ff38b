import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { commandWords, parseEventLog } from '@assay/measurement';
import { buildLog, type EventWish, grub, labelled } from '@assay/measurement/testing';
import fc from 'fast-check';
import { quotedEvents } from '../reference/learn.ts';
import { changesInWords, knownWords, provenWords, wordChanges } from './command-words.ts';

const changes = (before: string, after: string) => changesInWords(wordChanges(before, after));

test('words that came and went are told, and another order', () => {
  assert.equal(changes('/k root=/dev/sda quiet', '/k root=/dev/sda quiet debug'), '… debug');
  assert.equal(changes('/k quiet', '/k debug init=/bin/sh'), 'without quiet, … debug init=/bin/sh');
  assert.equal(changes('/k a b', '/k b a'), 'the same words in another order');
  assert.equal(changes('/k a', '/k a a'), '… a', 'how often counts');
  assert.equal(changes('/k a', '/k  a '), '', 'blanks do not');
  assert.deepEqual(commandWords('a="b c" d "e f"'), ['a="b c"', 'd', '"e f"']);
  assert.equal(changes('/k', '/k \u001b[2J'), '… \\u{1b}[2J');
  assert.ok(changes('/k', `/k ${'x'.repeat(10_000)}`).length < 600);
});

test('nothing is told of the same line, and of two lines no word that both have as often', () => {
  const line = fc.array(fc.constantFrom('a', 'b', 'c=1', '"d e"'), { maxLength: 8 }).map((words) => words.join(' '));
  fc.assert(
    fc.property(line, line, (before, after) => {
      assert.equal(changes(before, before), '');
      const { added, removed } = wordChanges(before, after);
      assert.ok(added.every((word) => !removed.includes(word)));
      const count = (words: string[]) => words.length;
      assert.equal(count(commandWords(after)) - count(commandWords(before)), added.length - removed.length);
    }),
  );
});

test('the words of a value count when its digest is the hash of them', () => {
  const event = (words: string, measured: Buffer, prefix = 'kernel_cmdline: ') => ({
    ...{ pcr: 8, type: 'EV_IPL', description: `kernel command line: “${prefix}${words}”` },
    digests: { sha256: createHash('sha256').update(measured).digest('hex') },
  });
  assert.equal(knownWords(event('/k quiet', Buffer.from('/k quiet')), 'sha256'), '/k quiet');
  assert.equal(knownWords(event('quiet', Buffer.from('quiet\0', 'utf16le'), ''), 'sha256'), 'quiet');
  assert.equal(knownWords(event('/k quiet', Buffer.from('/k init=/bin/evil')), 'sha256'), undefined);
  assert.equal(knownWords(event('/k quiet', Buffer.from('/k quiet')), 'sha384'), undefined);
});

test('the words of an event count when its digest vouches for them', () => {
  const words = (wish: EventWish) => {
    const [part] = quotedEvents(parseEventLog(buildLog([wish])), [{ hash: 'sha256', pcrs: [8, 9] }]);
    return part && provenWords(part, 'sha256');
  };
  assert.equal(words(grub('/k quiet', 'kernel_cmdline')), '/k quiet');
  const lie = { ...grub('/k quiet', 'kernel_cmdline'), digests: grub('/k init=/bin/evil').digests };
  assert.equal(words(lie as EventWish), undefined);
  assert.equal(words(labelled(9, '/boot/vmlinuz', 'a file')), undefined, 'a label is no command');
});
