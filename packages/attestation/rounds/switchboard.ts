// Which connection speaks for a host? The one that has proved it last. A newcomer only says to be that host: it takes over
// after its first evidence verified, so that nobody can push a host away by knowing its name.
import { AssayError } from '@assay/core';
import type { Clock } from '@assay/daemon';
import type { Conclusion } from './conclude.ts';
import { QuestionPace } from './wishes.ts';

/** A connection that claims a host and can be asked. */
export type Speaker = {
  readonly host: string;
  ask(): Promise<Conclusion>;
  question(maxAgeMs: number): Promise<Conclusion>;
  /** How long its last answer took. */
  readonly tookMs: number;
  /** Ends it. `replaced`: another connection speaks for the host, so a challenge under way counts for nothing. */
  dismiss(replaced: boolean): void;
};

/** Newcomers of one host at a time; one more pushes the oldest out. */
const mostNewcomers = 4;

type Place = { proven: Speaker | undefined; newcomers: Speaker[] };
export type Switchboard = ReturnType<typeof createSwitchboard>;

export function createSwitchboard(clock: Pick<Clock, 'uptimeMs'>) {
  const places = new Map<string, Place>();
  const speaking = (host: string) => places.get(host)?.proven ?? places.get(host)?.newcomers.at(-1);

  const speakerOf = (host: string): Speaker => {
    const speaker = speaking(host);
    if (!speaker)
      throw new AssayError('attest-unavailable', `host ${host}`, 'a connected agent', 'none', {
        hint: 'look at the log of assay agent on that host',
      });
    return speaker;
  };

  return {
    /** When questions may cost which host a quote. */
    pace: new QuestionPace(clock),

    join(speaker: Speaker): void {
      const place = places.get(speaker.host) ?? { proven: undefined, newcomers: [] };
      places.set(speaker.host, place);
      place.newcomers.push(speaker);
      if (place.newcomers.length > mostNewcomers) place.newcomers.shift()?.dismiss(true);
    },

    /** Its evidence verified: it speaks for the host from now on, and nobody else. */
    proved(speaker: Speaker): void {
      const place = places.get(speaker.host);
      if (!place || place.proven === speaker || !place.newcomers.includes(speaker)) return;
      const others = [place.proven, ...place.newcomers].filter((other) => other && other !== speaker);
      place.proven = speaker;
      place.newcomers = [];
      for (const other of others) other?.dismiss(true);
    },

    leave(speaker: Speaker): void {
      const place = places.get(speaker.host);
      if (!place) return;
      if (place.proven === speaker) place.proven = undefined;
      place.newcomers = place.newcomers.filter((other) => other !== speaker);
      if (!place.proven && place.newcomers.length === 0) places.delete(speaker.host);
    },

    /** Whether somebody else has proved to be this host and is connected. */
    provenElsewhere(speaker: Speaker): boolean {
      const proven = places.get(speaker.host)?.proven;
      return proven !== undefined && proven !== speaker;
    },

    /** How long a host’s last answer took, in milliseconds; 0: nobody knows. */
    tookMs: (host: string): number => speaking(host)?.tookMs ?? 0,

    connected: (host: string): boolean => speaking(host) !== undefined,

    /**
     * One round with a host, its challenge sent after this call.
     * @throws AssayError `attest-unavailable` when its agent is not connected, `attest-timeout`, `storage-…`
     */
    attestNow: async (host: string, { deadlineMs }: { deadlineMs: number }): Promise<Conclusion> =>
      await within(deadlineMs, host, speakerOf(host).ask()),

    /**
     * A round whose evidence is no older than `maxAgeMs`: shared with whoever asks as well, and no more often than once a second.
     * @throws AssayError as `attestNow`
     */
    question: async (host: string, { maxAgeMs, deadlineMs }: Question): Promise<Conclusion> =>
      await within(deadlineMs, host, speakerOf(host).question(maxAgeMs)),

    /** Asks every connected host now; what comes of it the registry tells. */
    attestAll(): void {
      for (const host of places.keys())
        speaking(host)
          ?.ask()
          .catch(() => undefined); // the connection's own log has it
    },

    /** The host was removed: whoever says to be it has to begin anew. */
    drop(host: string): void {
      const place = places.get(host);
      for (const speaker of [place?.proven, ...(place?.newcomers ?? [])]) speaker?.dismiss(true);
    },
  };
}

export type Question = { maxAgeMs: number; deadlineMs: number };

async function within<T>(deadlineMs: number, host: string, answer: Promise<T>): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => reject(new AssayError('attest-timeout', `host ${host}`, `a verdict within ${deadlineMs} ms`, 'none')),
    deadlineMs,
  );
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}
