// The endorsement key: the key a vendor's certificate speaks of. Made again from the TPM's seed, or found persistent.
// Whether it is the certificate's key is for the verifier to compare.
import { AssayError, decode, encode } from '@assay/core';
import type { Runner } from '../commands/runner.ts';
import { nvReadIfDefined } from '../nv.ts';
import { Public } from '../structures/public-area.ts';
import { type LoadedKey, readPublic } from './object.ts';
import { createPrimary } from './primary.ts';
import { type EkProfile, type EkProfileData, ekProfiles } from './templates.ts';

/**
 * Loads the endorsement key of this profile.
 * The usual persistent handle is taken when a key of this very template is there: making an RSA key takes a
 * hardware TPM many seconds.
 */
export async function loadEk(runner: Runner, profile: EkProfile, endorsementAuth: Uint8Array): Promise<LoadedKey> {
  const data: EkProfileData = ekProfiles[profile];
  const template = await templateOf(runner, data);
  const persistent = await readPublic(runner, data.persistentHandle);
  if (persistent && sameButKey(persistent.publicArea, template)) return persistent;
  return await createPrimary(runner, 'endorsement', template, endorsementAuth);
}

/** The vendor's own template and nonce where NV has them (EK Credential Profile, §2.2.1), else the profile's. */
async function templateOf(runner: Runner, data: EkProfileData): Promise<Public> {
  const own = await nvReadIfDefined(runner, data.templateIndex);
  const template = own ? decode(Public, own, 'EK template in NV') : data.template;
  const nonce = data.nonceIndex === undefined ? undefined : await nvReadIfDefined(runner, data.nonceIndex);
  if (!nonce) return template;
  if (template.type === 'rsa') return { ...template, unique: filled(nonce, 256) };
  if (template.type === 'ecc') return { ...template, unique: { x: filled(nonce, 32), y: new Uint8Array(32) } };
  throw new AssayError('tpm-ek-template', 'EK template in NV', 'an RSA or ECC key', template.type);
}

const filled = (nonce: Uint8Array, size: number): Uint8Array => {
  const out = new Uint8Array(size);
  out.set(nonce.subarray(0, size));
  return out;
};

function sameButKey(publicArea: Uint8Array, template: Public): boolean {
  const without = (area: Public) =>
    area.type === 'rsa'
      ? encode(Public, { ...area, exponent: area.exponent === 65537 ? 0 : area.exponent, unique: new Uint8Array() })
      : area.type === 'ecc'
        ? encode(Public, { ...area, unique: { x: new Uint8Array(), y: new Uint8Array() } })
        : encode(Public, area);
  return Buffer.compare(without(decode(Public, publicArea, 'TPMT_PUBLIC')), without(template)) === 0;
}
