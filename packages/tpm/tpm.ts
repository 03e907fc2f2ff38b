// A TPM 2.0 as the rest of Assay uses it. Each method is one thing a host does; the bytes are in commands/ and structures/.
import { AssayError } from '@assay/core';
import { type Attestation, certify, nvCertify, quote } from './attestations.ts';
import { type Capability, capability } from './capability.ts';
import { FlushContext, TestParms } from './commands/keys.ts';
import type { Runner } from './commands/runner.ts';
import { PolicyOr } from './commands/session.ts';
import {
  ClockSet,
  DictionaryAttackLockReset,
  DictionaryAttackParameters,
  GetCapability,
  GetRandom,
  ReadClock,
  Shutdown,
  Startup,
} from './commands/state.ts';
import { activateCredential } from './credential/activate.ts';
import type { TpmDevice } from './device/device.ts';
import { checkedAk, type LoadedAk, makeAk, type SavedAk } from './keys/ak.ts';
import { loadEk } from './keys/ek.ts';
import { readEkCertificate, readEkChain } from './keys/ek-certificate.ts';
import {
  type Creation,
  create,
  evictControl,
  type LoadedKey,
  load,
  readPublic,
  type WrappedKey,
} from './keys/object.ts';
import { createPrimary, type Hierarchy } from './keys/primary.ts';
import { type EkProfile, ekProfiles } from './keys/templates.ts';
import { type NvAuth, nvDefineSpace, nvRead, nvReadPublic, nvUndefineSpace, nvWrite } from './nv.ts';
import { type DigestsByBank, pcrExtend, pcrRead, pcrReset } from './pcr.ts';
import { password } from './session/authorization.ts';
import { policySecret, startAuthSession } from './session/policy.ts';
import { pcrBanks, readState, type TpmState } from './state.ts';
import type { HashName } from './structures/algorithms.ts';
import type { TimeInfo } from './structures/attest.ts';
import { type CapabilityName, Property } from './structures/capability.ts';
import { FirstHandle, Permanent } from './structures/handles.ts';
import type { NvAttributes, NvPublic } from './structures/nv.ts';
import type { PcrBanks, PcrSelection } from './structures/pcr-selection.ts';
import type { Public, PublicParms } from './structures/public-area.ts';
import type { SessionType } from './structures/session.ts';

export class Tpm {
  readonly #device: TpmDevice;
  readonly #runner: Runner;
  readonly #endorsementAuth: Uint8Array;
  readonly #eks = new Map<EkProfile, Promise<LoadedKey>>();
  readonly #aks = new Map<string, Promise<LoadedAk>>();

  constructor(device: TpmDevice, runner: Runner, endorsementAuth: Uint8Array) {
    this.#device = device;
    this.#runner = runner;
    this.#endorsementAuth = endorsementAuth;
  }

  /** The vendor's certificate of the endorsement key, DER. @throws AssayError `tpm-no-ek-certificate` */
  readEkCertificate(profile: EkProfile = 'rsa2048'): Promise<Uint8Array> {
    return readEkCertificate(this.#runner, profile);
  }

  /** The CAs between EK certificate and root that the vendor left in NV, DER. Only ever a hint; empty for most TPMs. */
  readEkChain(): Promise<Uint8Array[]> {
    return readEkChain(this.#runner);
  }

  /** Which profiles this TPM has an EK certificate for. */
  async ekCertificates(): Promise<EkProfile[]> {
    const { handles } = await capability(this.#runner, 'handles', FirstHandle.nvIndex + 0xc00000, 0x100);
    return (Object.keys(ekProfiles) as EkProfile[]).filter((p) => handles.includes(ekProfiles[p].certificateIndex));
  }

  /** The endorsement key, loaded once. */
  createEk(profile: EkProfile = 'rsa2048'): Promise<LoadedKey> {
    return once(this.#eks, profile, () => loadEk(this.#runner, profile, this.#endorsementAuth));
  }

  /** An attestation key; the same arguments give the same key. `label`: at most 32 bytes. */
  createAk({ algorithm = 'ecc256', label = new Uint8Array() }: AkChoice = {}): Promise<LoadedAk> {
    return this.loadAk({ algorithm, label: label.toHex() });
  }

  /**
   * The attestation key as it was made, loaded once: after a restart of the TPM too, and without anything stored.
   * @param saved what `createAk` gave as `saved`; unless given, the key `createAk()` makes
   * @throws AssayError `tpm-ak-changed`
   */
  async loadAk(saved: SavedAk = { algorithm: 'ecc256', label: '' }): Promise<LoadedAk> {
    const { algorithm, label } = saved;
    const made = () => makeAk(this.#runner, { algorithm, label }, this.#endorsementAuth);
    return checkedAk(await once(this.#aks, `${algorithm} ${label}`, made), saved);
  }

  /** The secret in a credential. @throws AssayError `tpm-rc-integrity`, `tpm-rc-value`, `tpm-rc-failure`: not for these keys */
  activateCredential(given: {
    ak: LoadedKey;
    ek: LoadedKey;
    credentialBlob: Uint8Array;
    secret: Uint8Array;
  }): Promise<Uint8Array> {
    return activateCredential(this.#runner, given, this.#endorsementAuth);
  }

  /**
   * A key made from the seed of a hierarchy: the same template gives the same key, but in the null hierarchy.
   * @param hierarchyAuth empty unless an administrator has set one, or it was given when opening
   * @param auth the password of the key; absent: empty
   */
  createPrimary(
    hierarchy: Hierarchy,
    template: Public,
    { hierarchyAuth, auth }: { hierarchyAuth?: Uint8Array; auth?: Uint8Array } = {},
  ): Promise<LoadedKey & Creation> {
    const opened = hierarchy === 'endorsement' ? this.#endorsementAuth : new Uint8Array();
    return createPrimary(this.#runner, hierarchy, template, hierarchyAuth ?? opened, auth);
  }

  /** A key, or, with a keyedhash template, sealed `data` of at most 128 bytes, below a storage key. */
  create(given: {
    parent: LoadedKey;
    template: Public;
    auth?: Uint8Array;
    data?: Uint8Array;
  }): Promise<WrappedKey & Creation> {
    return create(this.#runner, given);
  }

  /** @throws AssayError `tpm-rc-integrity` when it was made under another parent */
  load(parent: LoadedKey, key: WrappedKey): Promise<LoadedKey> {
    return load(this.#runner, parent, key);
  }

  /** What is under a handle, `undefined` when nothing is. */
  readPublic(handle: number): Promise<(LoadedKey & { qualifiedName: Uint8Array }) | undefined> {
    return readPublic(this.#runner, handle);
  }

  /** Keeps a loaded key under a persistent handle (0x81000000 on), or removes the key that is under it. */
  evictControl(key: LoadedKey, persistentHandle: number, ownerAuth: Uint8Array = new Uint8Array()): Promise<LoadedKey> {
    return evictControl(this.#runner, { key, persistentHandle, ownerAuth });
  }

  /** Whether this TPM can have keys of this kind and size. */
  async testParms(parameters: PublicParms): Promise<boolean> {
    try {
      await this.#runner.run(TestParms, { parameters });
      return true;
    } catch (error) {
      if (error instanceof AssayError && error.where === `${TestParms.name} parameter 1`) return false;
      throw error;
    }
  }

  /**
   * PCR values signed over a nonce, with the scheme of the key.
   * @param nonce at most as long as the largest digest of the TPM, 32 bytes are always taken
   * @returns TPMS_ATTEST and TPMT_SIGNATURE
   */
  quote(given: { ak: LoadedKey; nonce: Uint8Array; selection: PcrSelection }): Promise<Attestation> {
    return quote(this.#runner, given);
  }

  /** That this TPM holds a key of this name, signed. */
  certify(given: { ak: LoadedKey; key: LoadedKey; nonce: Uint8Array }): Promise<Attestation> {
    return certify(this.#runner, given);
  }

  /** What is in an NV index, signed. `size` and `offset` in bytes; all of the index unless told. */
  nvCertify(given: {
    ak: LoadedKey;
    index: number;
    nonce: Uint8Array;
    size?: number;
    offset?: number;
  }): Promise<Attestation> {
    return nvCertify(this.#runner, given);
  }

  /** All selected values by bank and index. @throws AssayError `tpm-pcr-absent`, `tpm-pcr-busy` */
  pcrRead(selection: PcrSelection): Promise<PcrBanks> {
    return pcrRead(this.#runner, selection);
  }

  /** Extends one PCR (0–23) by a digest for each bank: `{ sha256: … }`. Banks not named stay as they are. */
  pcrExtend(pcr: number, digests: DigestsByBank): Promise<void> {
    return pcrExtend(this.#runner, pcr, digests);
  }

  /** Zeroes a PCR: 16 and 23, others only from the locality that may. @throws AssayError `tpm-rc-locality` */
  pcrReset(pcr: number): Promise<void> {
    return pcrReset(this.#runner, pcr);
  }

  /** Banks that are active, and their PCRs. */
  pcrBanks(): Promise<PcrSelection> {
    return pcrBanks(this.#runner);
  }

  async readClock(): Promise<TimeInfo> {
    return (await this.#runner.run(ReadClock, {})).currentTime;
  }

  /**
   * Sets the clock forward.
   * @param milliseconds more than the clock says now
   * @param ownerAuth empty unless an administrator has set one
   * @throws AssayError `tpm-rc-value` for a time that has passed
   */
  async setClock(milliseconds: bigint, ownerAuth: Uint8Array = new Uint8Array()): Promise<void> {
    await this.#runner.run(ClockSet, { auth: Permanent.owner, newTime: milliseconds }, [password(ownerAuth)]);
  }

  /** Vendor, firmware, lockout and hierarchies, as the TPM itself says. */
  state(): Promise<TpmState> {
    return readState(this.#runner);
  }

  /** `undefined` when nothing is defined under this index. */
  nvReadPublic(index: number): Promise<NvPublic | undefined> {
    return nvReadPublic(this.#runner, index);
  }

  /** All of an NV index. @throws AssayError `tpm-nv-absent`, `tpm-rc-…` */
  nvRead(index: number, passwords?: NvAuth): Promise<Uint8Array> {
    return nvRead(this.#runner, index, passwords);
  }

  /** @param wanted `size` in bytes; `attributes` where they differ from: read and written by owner and password, no lockout */
  nvDefineSpace(
    wanted: { index: number; size: number; attributes?: Partial<NvAttributes> },
    passwords?: NvAuth,
  ): Promise<void> {
    return nvDefineSpace(this.#runner, wanted, passwords);
  }

  nvUndefineSpace(index: number, passwords?: NvAuth): Promise<void> {
    return nvUndefineSpace(this.#runner, index, passwords);
  }

  /** @param offset where `data` begins in the index, in bytes */
  nvWrite(index: number, data: Uint8Array, offset = 0, passwords?: NvAuth): Promise<void> {
    return nvWrite(this.#runner, index, data, offset, passwords);
  }

  /**
   * A session without secret. When it satisfies a key's policy it goes into the key's `policySession`, for one use.
   * @param authHash the nameAlg of that key
   * @returns its handle, to be flushed unless used
   */
  startAuthSession(type: SessionType, authHash: HashName): Promise<number> {
    return startAuthSession(this.#runner, type, authHash);
  }

  /** Shows in a policy session that the password of an entity is known: a hierarchy's, an object's. */
  policySecret(session: number, entity: number, auth: Uint8Array = new Uint8Array()): Promise<void> {
    return policySecret(this.#runner, session, entity, auth);
  }

  /** @param digests two to eight, one of them what the session has come to. @throws AssayError `tpm-rc-value` when none is */
  async policyOr(session: number, digests: Uint8Array[]): Promise<void> {
    await this.#runner.run(PolicyOr, { policySession: session, hashList: digests });
  }

  /**
   * What the TPM has of one kind, all of it, however many answers that takes.
   * @param first where to begin: an algorithm, handle, command code or property
   */
  getCapability<N extends CapabilityName>(name: N, first?: number, count?: number): Promise<Capability<N>> {
    return capability(this.#runner, name, first, count);
  }

  /** @param size in bytes, any number */
  async getRandom(size: number): Promise<Uint8Array> {
    const parts: Uint8Array[] = [];
    for (let left = size; left > 0; ) {
      const { randomBytes } = await this.#runner.run(GetRandom, { bytesRequested: Math.min(left, 32) });
      if (randomBytes.length === 0) throw new AssayError('tpm-response', 'TPM2_GetRandom', 'at least one byte', 'none');
      parts.push(randomBytes);
      left -= randomBytes.length;
    }
    return Buffer.concat(parts).subarray(0, size);
  }

  /** Flushes an object or session. */
  async flushContext(handle: number): Promise<void> {
    await this.#runner.run(FlushContext, { flushHandle: handle });
    for (const keys of [this.#eks, this.#aks])
      for (const [name, key] of keys)
        if ((await key.catch(() => undefined))?.handle === handle) keys.delete(name as never);
  }

  /** What firmware says first to a TPM that has power. @throws AssayError `tpm-rc-initialize` when it was said before */
  async startup(type: 'clear' | 'state' = 'clear'): Promise<void> {
    await this.#runner.run(Startup, { startupType: type });
  }

  /** Tells the TPM that it is about to lose power, as an operating system does: its clock is then safe at the next start. */
  async shutdown(type: 'clear' | 'state' = 'clear'): Promise<void> {
    await this.#runner.run(Shutdown, { shutdownType: type });
  }

  /**
   * Ends a lockout and sets when the next begins. A TPM counts a power cut after a key with a password was used as a
   * failure, so that the few tries software TPMs come with are soon used up.
   * @param lockoutAuth empty unless an administrator has set one
   */
  async resetLockout(
    { maxTries, recoverySeconds }: { maxTries: number; recoverySeconds: number },
    lockoutAuth: Uint8Array = new Uint8Array(),
  ): Promise<void> {
    const lockHandle = Permanent.lockout;
    const proof = [password(lockoutAuth)];
    await this.#runner.run(DictionaryAttackLockReset, { lockHandle }, proof);
    await this.#runner.run(
      DictionaryAttackParameters,
      { lockHandle, newMaxTries: maxTries, newRecoveryTime: recoverySeconds, lockoutRecovery: recoverySeconds },
      proof,
    );
  }

  /** @throws AssayError `tpm-timeout` when it does not answer, and whatever else keeps it from working */
  async greet(timeoutMs: number): Promise<void> {
    const question = { capability: 'properties', property: Property.familyIndicator, propertyCount: 1 } as const;
    await this.#runner.run(GetCapability, question, [], timeoutMs);
  }

  /** Flushes what was loaded and frees the TPM for the next program. Never throws. */
  async close(): Promise<void> {
    // Without a resource manager what stays loaded takes room from the next program.
    if (!this.#device.managed)
      for (const handle of this.#runner.own)
        await this.#runner.run(FlushContext, { flushHandle: handle }, [], 5_000).catch(() => undefined);
    await this.#device.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

export type AkChoice = { algorithm?: SavedAk['algorithm']; label?: Uint8Array };

/** What was begun under this name, or begun now; a failure is not kept. */
function once<K, T>(known: Map<K, Promise<T>>, name: K, begin: () => Promise<T>): Promise<T> {
  const before = known.get(name);
  if (before) return before;
  const begun = begin();
  known.set(name, begun);
  begun.catch(() => known.delete(name));
  return begun;
}
