import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Continuity, continuityOf, type TpmState } from './continuity.ts';

const minute = 60_000n;
type Said = { clock?: bigint; reset?: number; restart?: number; safe?: boolean; firmware?: bigint };
type Host = { boot?: string; up?: number; software?: boolean };

/** What a quote comes to that says this, on a host that says that. */
function after(previous: TpmState | undefined, said: Said = {}, host: Host = {}): Continuity {
  const { clock = 100n * minute, reset = 5, restart = 2, safe = true, firmware = 1n } = said;
  const { boot = 'boot 1', up = 3600, software = false } = host;
  const clockInfo = { clock, resetCount: reset, restartCount: restart, safe };
  return continuityOf(previous, { clockInfo, firmwareVersion: firmware }, { boot_id: boot, uptime_s: up }, software);
}
const first = after(undefined).next;
const codes = (...args: Parameters<typeof after>) => after(...args).findings.map(({ code }) => code);
/** A host that says to have booted a minute ago. */
const booted = { boot: 'boot 2', up: 60 };

test('a TPM that goes on, restarts or reboots with its host is the same one', () => {
  assert.deepEqual(codes(undefined), []);
  assert.deepEqual(codes(first), []);
  assert.deepEqual(codes(first, { clock: 100n * minute + 1n }), []);
  assert.deepEqual(codes(first, { clock: 101n * minute, restart: 3 }, booted), []);
  assert.deepEqual(codes(first, { clock: 110n * minute, reset: 6, restart: 0 }, booted), []);
});

test('Q25 what was read bit by bit is read on only while the TPM was neither reset nor restarted', () => {
  assert.equal(after(undefined).goesOn, false, 'nothing was read before');
  assert.equal(after(first, { clock: 101n * minute }).goesOn, true);
  for (const said of [
    { reset: 6, restart: 0 },
    { reset: 6, restart: 2 },
    { restart: 3 },
    { reset: 4 }, // set back
    { clock: 1n },
  ])
    for (const host of [{}, booted, { software: true }]) assert.equal(after(first, said, host).goesOn, false);
});

test('Q26 a clock that goes back is refused, but for a power cut that the TPM itself tells of', () => {
  const back = { clock: 99n * minute };
  assert.deepEqual(codes(first), []);
  assert.deepEqual(codes(first, back), ['tpm-clock-backwards']);
  assert.deepEqual(codes(first, { ...back, safe: false }), ['tpm-clock-backwards']);
  assert.deepEqual(codes(first, { ...back, reset: 6 }, booted), ['tpm-clock-backwards']);
  const cut = after(first, { ...back, reset: 6, safe: false }, booted);
  assert.deepEqual(
    cut.findings.map(({ code }) => code),
    ['tpm-clock-unsafe'],
    'shown while it lasts',
  );
  assert.deepEqual(codes(cut.next, { clock: 170n * minute, reset: 6 }, { ...booted, up: 4200 }), []);
});

test('Q27 counters that go back mean a TPM that was cleared or exchanged, until it is enrolled again', () => {
  assert.deepEqual(codes(first, { reset: 4, clock: 900n * minute }), ['tpm-counter-lower']);
  assert.deepEqual(codes(first, { restart: 1 }), ['tpm-counter-lower']);
  const { next } = after(first, { reset: 4 });
  assert.deepEqual(next, first, 'what is stored stays');
  assert.deepEqual(codes(next, { reset: 4, clock: 200n * minute }), ['tpm-counter-lower']);
  assert.deepEqual(codes(undefined, { reset: 4 }), []);
});

test('Q28 a TPM firmware other than at enrolment is told of, in each round', () => {
  assert.deepEqual(codes(first, { firmware: 1n }), []);
  const changed = after(first, { firmware: 0x0007_0055_0000_0001n });
  assert.equal(changed.findings[0]?.code, 'tpm-firmware-changed');
  assert.equal(changed.findings[0]?.expected, '0x0000000000000001, as at enrolment');
  assert.equal(changed.findings[0]?.seen, '0x0007005500000001');
  assert.deepEqual(codes(changed.next, { firmware: 0x0007_0055_0000_0001n }), ['tpm-firmware-changed']);
  assert.deepEqual(codes(changed.next, { firmware: 1n }), []);
});

test('Q29 a TPM that restarts under a running host is an alarm until the host boots', () => {
  assert.deepEqual(codes(first, { clock: 101n * minute, restart: 3 }, booted), []);
  const woken = after(first, { restart: 3 });
  assert.deepEqual(
    woken.findings.map(({ code }) => code),
    ['tpm-restart-unexplained'],
  );
  assert.deepEqual(codes(woken.next, { restart: 3 }), ['tpm-restart-unexplained'], 'the next round does not forget it');
  const again = after(woken.next, { clock: 110n * minute, reset: 6, restart: 0 }, booted);
  assert.deepEqual(again.findings, []);
});

test('Q30 a TPM that was reset while the host says that it did not boot is an alarm', () => {
  const reset = { clock: 101n * minute, reset: 6, restart: 0 };
  assert.deepEqual(codes(first, reset, booted), []);
  const alone = after(first, reset);
  assert.deepEqual(
    alone.findings.map(({ code }) => code),
    ['tpm-reset-unexplained'],
  );
  assert.deepEqual(codes(alone.next, reset), ['tpm-reset-unexplained'], 'the next round does not forget it');
  assert.deepEqual(codes(first, reset, { software: true }), [], 'a software TPM is restarted without its host');
});

test('Q30 a host that changes its boot id and goes on counting did not boot', () => {
  const reset = { clock: 101n * minute, reset: 6, restart: 0 };
  const lying = after(first, reset, { boot: 'boot 2', up: 3660 });
  assert.equal(lying.findings[0]?.code, 'tpm-reset-unexplained');
  assert.deepEqual(codes(lying.next, reset, { boot: 'boot 2', up: 3720 }), ['tpm-reset-unexplained']);
  const later = { ...reset, clock: 9000n * minute };
  assert.deepEqual(codes(lying.next, later, { boot: 'boot 2', up: 540_000 }), ['tpm-reset-unexplained']);
  assert.deepEqual(codes(first, { ...reset, safe: false }, { boot: 'boot 2', up: 3660 }), ['tpm-clock-unsafe']);
  // It booted, and slept for most of a day: its TPM's clock stood still, and cannot say for how long.
  assert.deepEqual(codes(first, { ...reset, restart: 1 }, { boot: 'boot 2', up: 86_400 }), []);
  // A day without attestation, then a boot; and a clock that is 15 % slow.
  const day = { clock: 1540n * minute, reset: 7, restart: 0 };
  assert.deepEqual(codes(first, day, { boot: 'boot 2', up: 86_400 * 1.15 }), []);
});

test('what an older version stored is read, and completed by the next quote', () => {
  const { boot, ...old } = first;
  assert.ok(boot);
  const next = after(old, { clock: 101n * minute, reset: 6, restart: 0 });
  assert.deepEqual(next.findings, []);
  assert.deepEqual(next.next.boot, { id: 'boot 1', reset_count: 6, restart_count: 0 });
});

test('a counter may pass 2³² when the TPM hides its true value', () => {
  const high = after(undefined, { reset: 0xffff_ffff, restart: 0 }).next;
  assert.deepEqual(codes(high, { reset: 0, restart: 0, clock: 110n * minute }, booted), []);
  const low = after(undefined, { reset: 0 }).next;
  assert.deepEqual(codes(low, { reset: 0xffff_ffff }), ['tpm-counter-lower']);
});

test('an honest host, whatever its fate, raises no alarm', () => {
  const fate = fc.constantFrom('round', 'reboot', 'restart', 'power cut');
  fc.assert(
    fc.property(fc.array(fc.tuple(fate, fc.nat(100_000)), { maxLength: 30 }), (fates) => {
      let [clock, saved, reset, restart, up, boot] = [1000n, 1000n, 1, 0, 10, 1];
      let state: TpmState | undefined;
      for (const [what, seconds] of fates) {
        const safe = what !== 'power cut';
        if (what === 'round') up += seconds;
        else [up, boot] = [seconds, boot + 1];
        if (what === 'restart') restart++;
        if (what === 'reboot' || what === 'power cut') [reset, restart] = [reset + 1, 0];
        clock = (safe ? clock : saved) + BigInt(seconds) * 1000n;
        if (safe) saved = clock;
        const { findings, next } = after(
          state,
          { clock, reset, restart, safe },
          { up: Number(up), boot: `boot ${boot}` },
        );
        assert.deepEqual(
          findings.filter(({ code }) => code !== 'tpm-clock-unsafe'),
          [],
        );
        state = next;
      }
    }),
  );
});
