// A host for a test: a real software TPM into which a real boot log was extended, and what an agent does with it, step by
// step, so that a test can do any step wrong.
import type { TestContext } from 'node:test';
import { logDigest } from '@assay/appraisal';
import { taggedTpm } from '@assay/appraisal/testing';
import { decode } from '@assay/core';
import { bootAggregateOf, parseEventLog } from '@assay/measurement';
import { buildIma, corpusLog, type ImaWish, imaExtends } from '@assay/measurement/testing';
import { type AgentFrame, fromBase64, type SentEvidence, type ServerFrame, toBase64 } from '@assay/protocol';
import { openTpm, type Tpm } from '@assay/tpm';
import { Attest } from '@assay/tpm/structures';
import { startTestTpm } from '@assay/tpm/testing';
import type { Peer } from './peer.ts';

export type Challenge = Extract<ServerFrame, { type: 'challenge' }>;
type Credential = Extract<ServerFrame, { type: 'credential' }>;

export type TestHost = {
  /** PEM files of the CA of this host's TPM, by name. */
  readonly cas: Record<string, string>;
  readonly tpm: Tpm;
  /** Hex. */
  readonly akName: string;
  /** The boot log that was extended. */
  readonly log: Uint8Array;
  /** As its kernel's IMA: into the list, and into PCR 10. The first entry is boot_aggregate over this boot. */
  measure(...wishes: ImaWish[]): Promise<void>;
  /** IMA's list as it is now; undefined until something was measured. What a test puts here is sent, whatever was measured. */
  imaList: Uint8Array | undefined;
  /** The TPM is reset and the boot measured again; IMA has not begun. */
  reboot(): Promise<void>;
  enrolFrame(): Promise<Extract<AgentFrame, { type: 'enrol' }>>;
  activatedFrame(credential: Credential): Promise<Extract<AgentFrame, { type: 'activated' }>>;
  /** Hello and, when wanted, enrolment. @returns the first challenge, not answered yet */
  greet(peer: Peer, name: string): Promise<Challenge>;
  /** An honest answer, but for what `wrong` changes before the TPM signs. */
  evidence(challenge: Challenge, wrong?: { nonce?: Uint8Array; pcrs?: Challenge['pcrs'] }): Promise<SentEvidence>;
  answer(challenge: Challenge): Promise<Extract<AgentFrame, { type: 'evidence' }>>;
  /** Puts this into the index of asset tags, as whoever is root does. */
  putTags(record: Uint8Array): Promise<void>;
};

export async function startTestHost(
  t: TestContext,
  { log = corpusLog('ovmf-linux-6.1'), ...who }: { log?: Uint8Array; identity?: string; ca?: string } = {},
): Promise<TestHost> {
  const swtpm = await startTestTpm(who);
  t.after(() => swtpm.stop());
  let tpm = await openTpm(swtpm.spec);
  t.after(() => tpm.close());
  const boot = async () => {
    for (const { kind, pcr, digests } of parseEventLog(log).events)
      if (kind !== 'no-action') await tpm.pcrExtend(pcr, digests);
  };
  await boot();
  let ek = await tpm.createEk();
  let ak = await tpm.loadAk();
  const akName = ak.name.toHex();
  const [issuer, root] = swtpm.ekCaPems;

  const host: TestHost = {
    cas: { 'issuer.pem': issuer, 'root.pem': root },
    get tpm() {
      return tpm;
    },
    akName,
    log,
    imaList: undefined,
    async measure(...wishes) {
      if (!host.imaList) {
        const { sha256 } = await tpm.pcrRead([{ hash: 'sha256', pcrs: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9] }]);
        wishes.unshift({
          path: 'boot_aggregate',
          digest: bootAggregateOf(sha256 ?? new Map(), 'sha256') ?? new Uint8Array(),
        });
      }
      for (const wish of wishes) await tpm.pcrExtend(wish.pcr ?? 10, { sha256: imaExtends(wish, 'sha256') });
      host.imaList = Buffer.concat([host.imaList ?? new Uint8Array(), buildIma(wishes)]);
    },
    async reboot() {
      await tpm.close();
      await swtpm.restart();
      tpm = await openTpm(swtpm.spec);
      [ek, ak] = [await tpm.createEk(), await tpm.loadAk()];
      host.imaList = undefined;
      await boot();
    },
    enrolFrame: async () => ({
      type: 'enrol',
      ek_certificate: toBase64(await tpm.readEkCertificate()),
      ek_public: toBase64(ek.publicArea),
      ak_public: toBase64(ak.publicArea),
    }),
    async activatedFrame({ credential_blob, secret }) {
      const recovered = await tpm.activateCredential({
        ak,
        ek,
        credentialBlob: fromBase64(credential_blob, 'credential_blob'),
        secret: fromBase64(secret, 'secret'),
      });
      return { type: 'activated', secret: toBase64(recovered) };
    },
    async greet(peer, name) {
      peer.send({ type: 'hello', version: 1, host: name, agent: 'test', ak_name: akName });
      const first = await peer.next();
      if (first.type === 'challenge') return first;
      if (first.type !== 'enrol-wanted') throw new Error(JSON.stringify(first));
      peer.send(await host.enrolFrame());
      peer.send(await host.activatedFrame(await peer.expect('credential')));
      await peer.expect('enrolled');
      return await peer.expect('challenge');
    },
    async evidence({ nonce, pcrs, event_log_sha256, ima_offset, ima_since, nv }, wrong = {}) {
      const selection = (wrong.pcrs ?? pcrs).map(({ bank, pcrs }) => ({ hash: bank, pcrs }));
      const { attest, signature } = await tpm.quote({
        ak,
        nonce: wrong.nonce ?? fromBase64(nonce, 'nonce'),
        selection,
      });
      const values = await tpm.pcrRead(selection);
      const { resetCount, restartCount } = decode(Attest, attest, 'TPMS_ATTEST').clockInfo;
      const same = ima_since?.reset_count === resetCount && ima_since.restart_count === restartCount;
      const offset = same ? (ima_offset ?? 0) : 0;
      const ima_log = host.imaList && { offset, data: toBase64(host.imaList.subarray(offset)) };
      return {
        quote: toBase64(attest),
        signature: toBase64(signature),
        pcr_values: selection.flatMap(({ hash, pcrs }) =>
          pcrs.map((pcr) => ({
            bank: hash,
            pcr,
            value: values[hash]?.get(pcr)?.toHex() ?? '',
          })),
        ),
        ...(event_log_sha256 === logDigest(log) ? { event_log_sha256 } : { event_log: toBase64(log) }),
        ...(ima_log && ima_offset !== undefined && { ima_log }),
        ...(nv &&
          (await tpm.nvReadPublic(nv.index)) && {
            nv: await (await taggedTpm(tpm)).certify(fromBase64(nonce, 'nonce')),
          }),
        boot_id: 'test',
        uptime_s: 60,
      };
    },
    putTags: async (record) => (await taggedTpm(tpm)).write(record),
    answer: async (challenge) => ({
      type: 'evidence',
      challenge: challenge.challenge,
      evidence: await host.evidence(challenge),
    }),
  };
  return host;
}
