// What is one check of a server, and what may come of it? Effects are told from the side of who asks: Nova's stock filter, OAT's tools, programs.
import type { Answer, Ask, Peer } from '../peer.ts';

/** `less safe`: it works, and somebody may be trusted or served who should not be. */
export type Effect = 'fine' | 'no matter' | 'less safe' | 'breaks';
export type Outcome = {
  effect: Effect;
  got: string;
  /** Who breaks or is less safe, and how; or why it does not matter. */
  because?: string;
};
export type Finding = Outcome & { check: string; expected: string };

export type Check = {
  /** Kebab-case, stable: scripts look for it. */
  name: string;
  expected: string;
  /** @returns nothing where there is nothing to try it on */
  run(world: World): Promise<Outcome | undefined>;
};

/** What all checks share. */
export type World = {
  peer: Peer;
  ask: Ask;
  /** Empty: none was given. */
  secret: string;
  /** Names the operator gave, else some that the server lists. */
  hosts: readonly string[];
  /** The way PollHosts works on this server. */
  way: Way;
  /** Where the plain API of generation C would listen. */
  plainPort: number;
};
export type Way = { method: 'POST' | 'PUT'; base: string };

export const newBase = '/AttestationService/resources';
export const oldBase = '/OpenAttestationWebServices/V1.0';
export const wlm = '/WLMService/resources';

export const fine = (got: string): Outcome => ({ effect: 'fine', got });
export const noMatter = (got: string, because: string): Outcome => ({ effect: 'no matter', got, because });
export const lessSafe = (got: string, because: string): Outcome => ({ effect: 'less safe', got, because });
export const breaks = (got: string, because: string): Outcome => ({ effect: 'breaks', got, because });

/** A poll as Nova sends it, unless `body` says otherwise. */
export const poll = ({ ask, way }: World, hosts: readonly string[], body?: unknown): Promise<Answer> =>
  ask(way.method, `${way.base}/PollHosts`, body ?? { count: hosts.length, hosts }, { accept: 'application/json' });

/** An answer in a few words: `400 application/json {"error_code":…`. */
export function brief({ status, type, text }: Answer): string {
  const line = text
    .slice(0, 2_000)
    .replace(/<[^>]{0,200}>/g, ' ') // a container's page of an error
    .replace(/\s+/g, ' ')
    .trim();
  return [status, type, line.length > 100 ? `${line.slice(0, 100)}…` : line].filter((part) => part !== '').join(' ');
}

/** An object with an `error_code` and an `error_message`, as OAT's services say what is wrong. */
export function errorOf({ json }: Answer): { code: string; message: string } | undefined {
  if (typeof json !== 'object' || json === null) return undefined;
  const { error_code: code, error_message: message } = json as Record<string, unknown>;
  return code === undefined || typeof message !== 'string' ? undefined : { code: String(code), message };
}

/** Inner parts of a server that should stay inside: the name of a Java exception, lines of a stack. */
export const tellsInside = ({ text }: Answer): string | undefined =>
  /[\w.]{0,80}Exception\b(?:: [^"<]{0,60})?|\bat [a-z]{1,30}(?:\.[\w$]{1,60}){1,20}\(/.exec(
    text.slice(0, 64 << 10),
  )?.[0];
