// Who changes what is good? What this machine says of whoever types: the server knows one secret, not persons, and keeps this as their own word.
import { hostname, userInfo } from 'node:os';

/** `ASSAY_USER`, else login name and host name. */
export function who(environment = process.env): string {
  const told = environment['ASSAY_USER']?.trim();
  return (told || `${loginName()}@${hostname()}`).slice(0, 255);
}

function loginName(): string {
  try {
    return userInfo().username;
  } catch {
    return `uid ${process.getuid?.() ?? 'unknown'}`; // a container's user may have no name
  }
}
