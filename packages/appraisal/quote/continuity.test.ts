import assert from 'node:assert/strict';
import { test } from 'node:test';
import { continuityFindings, type TpmState } from './continuity.ts';

const state = (change: Partial<TpmState> = {}): TpmState => ({
  clock: '5000',
  reset_count: 5,
  restart_count: 2,
  safe: true,
  firmware_version: '1',
  ...change,
});
const codes = (previous: TpmState | undefined, now: TpmState) =>
  continuityFindings(previous, now).map(({ code }) => code);

test('a TPM that goes on, restarts or reboots is the same one', () => {
  assert.deepEqual(codes(undefined, state()), []);
  assert.deepEqual(codes(state(), state()), []);
  assert.deepEqual(codes(state(), state({ clock: '5001' })), []);
  assert.deepEqual(codes(state(), state({ clock: '5001', restart_count: 3 })), []);
  assert.deepEqual(codes(state(), state({ clock: '6000', reset_count: 6, restart_count: 0 })), []);
});

test('Q26 a clock that goes back is refused, but for a power cut that the TPM itself tells of', () => {
  assert.deepEqual(codes(state(), state({ clock: '4999' })), ['tpm-clock-backwards']);
  assert.deepEqual(codes(state(), state({ clock: '4999', safe: false })), ['tpm-clock-backwards']);
  assert.deepEqual(codes(state(), state({ clock: '4999', reset_count: 6, safe: false })), []);
  assert.deepEqual(codes(state(), state({ clock: '4999', reset_count: 6 })), ['tpm-clock-backwards']);
});

test('Q27 counters that go back mean a TPM that was cleared or exchanged', () => {
  assert.deepEqual(codes(state(), state({ reset_count: 4, clock: '9000' })), ['tpm-counter-lower']);
  assert.deepEqual(codes(state(), state({ restart_count: 1 })), ['tpm-counter-lower']);
});

test('a counter may pass 2³² when the TPM hides its true value', () => {
  assert.deepEqual(codes(state({ reset_count: 0xffff_ffff }), state({ reset_count: 0, clock: '6000' })), []);
  assert.deepEqual(codes(state({ reset_count: 0 }), state({ reset_count: 0xffff_ffff })), ['tpm-counter-lower']);
});
