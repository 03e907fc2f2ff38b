// Does this signature of an instance id come from somebody who knows the shared secret? As Nova and Neutron compute it.
// Covers the id alone: not the tenant, the path or the time, so whoever has seen one can repeat it; TLS is what hides it.
import { createHmac, timingSafeEqual } from 'node:crypto';

/** Lower-case hex of HMAC-SHA256 over the id, key and message in UTF-8. */
export function signInstanceId(secret: string, instanceId: string): string {
  return createHmac('sha256', secret).update(instanceId).digest('hex');
}

/** Takes the same time wherever a wrong signature differs. */
export function isSignatureOf(signature: string, secret: string, instanceId: string): boolean {
  const expected = Buffer.from(signInstanceId(secret, instanceId), 'latin1');
  const got = Buffer.from(signature, 'latin1');
  return got.length === expected.length && timingSafeEqual(got, expected);
}
