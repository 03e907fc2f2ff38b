// Did the host run an image that its own list of forbidden signatures names? The dbx it measured is proven, and so is the digest of each image
// (the Authenticode hash, which is what dbx lists). Says nothing of what newer lists revoke: those are a policy's.
import { finding } from '../../findings/finding.ts';
import { eventName, mostOfOneRule, type Rule } from '../rule.ts';

/** Whatever the log calls the event, in whatever PCR: nothing but the image has its digest. */
export const revoked: Rule = {
  name: 'revoked',
  find({ log, banks, claims }) {
    const listed = claims.secureBootKeys['dbx']?.value ?? [];
    if (!banks.includes('sha256')) return [];
    const forbidden = new Set(listed.filter(({ type }) => type === 'sha256').map(({ name }) => name));
    return log.events
      .filter(({ digests }) => digests.sha256 && forbidden.has(digests.sha256.toHex()))
      .slice(0, mostOfOneRule)
      .map((event) =>
        finding('image-revoked', eventName(event), 'an image that dbx does not name', event.description, {
          event: event.index,
          pcr: event.pcr,
          component: event.pcr === 4 ? 'boot_loader' : 'firmware',
        }),
      );
  },
};
