// The attester: answers what the attestation server asks of this host, with the TPM of this host.
import { AssayError } from '@assay/core';
import type { Clock, Log } from '@assay/daemon';
import { readPrivate, systemClock } from '@assay/daemon';
import { type AgentFrame, type ServerFrame, toBase64 } from '@assay/protocol';
import { openTpm, type Tpm } from '@assay/tpm';
import { collectEvidence } from './collect/evidence.ts';
import { type AgentConversation, callServer } from './connection.ts';
import { activate, enrolment, remember } from './enrol.ts';
import type { AgentOptions } from './options.ts';
import { readAkState } from './state.ts';
import { writeTags } from './tags.ts';

const agentVersion = 'assay-agent/0.1.0';

/** Runs until `stop`. The TPM is opened for each answer and closed after it: between them it is free for others. */
export function startAgent(
  options: AgentOptions,
  { log, clock = systemClock }: { log: Log; clock?: Clock },
): { stop(): Promise<void> } {
  const withTpm = async <T>(work: (tpm: Tpm) => Promise<T>): Promise<T> => {
    const tpm = await openTpm(options.tpm);
    try {
      return await work(tpm);
    } finally {
      await tpm.close();
    }
  };

  const answerTo = async (frame: ServerFrame): Promise<AgentFrame | undefined> => {
    switch (frame.type) {
      case 'enrol-wanted':
        log.info({ host: options.host }, 'enrolling');
        return await withTpm(enrolment);
      case 'credential':
        return { type: 'activated', secret: toBase64(await withTpm((tpm) => activate(tpm, frame))) };
      case 'enrolled':
        await withTpm((tpm) => remember(tpm, frame.ak_name, options.state_dir));
        log.info({ host: options.host, ak_name: frame.ak_name }, 'enrolled');
        return undefined;
      case 'tag':
        await withTpm((tpm) => writeTags(tpm, frame, ownerAuth(options)));
        log.info({ host: options.host, serial: frame.serial }, 'asset tags written');
        return { type: 'tagged', serial: frame.serial };
      case 'challenge':
        return {
          type: 'evidence',
          challenge: frame.challenge,
          evidence: await withTpm((tpm) => collectEvidence(frame, tpm, options, clock)),
        };
      case 'result':
        log[frame.trust === 'trusted' ? 'info' : 'warn']({ trust: frame.trust, reason: frame.reason }, 'attested');
        return undefined;
      case 'refused':
        return undefined; // the connection has ended by it
    }
  };

  const conversation: AgentConversation = {
    async hello(send) {
      const known = await readAkState(options.state_dir);
      send({
        type: 'hello',
        version: 1,
        host: options.host,
        agent: agentVersion,
        writes_tags: true,
        ...(known && { ak_name: known.ak_name }),
      });
    },
    async answer(frame, send) {
      try {
        const answer = await answerTo(frame);
        if (answer) send(answer);
      } catch (error) {
        // The server learns that this host cannot answer, in words; it decides what that means.
        if (!(error instanceof AssayError)) throw error;
        log.error({ code: error.code, frame: frame.type }, error.message);
        send({
          type: 'failed',
          ...(frame.type === 'challenge' && { challenge: frame.challenge }),
          ...(frame.type === 'tag' && { tag: frame.serial }),
          code: error.code.slice(0, 64),
          message: error.message.slice(0, 1024),
        });
      }
    },
  };

  return callServer(options.attestation_server, { caFile: options.ca_file, conversation, log });
}

/** Read when it is needed. @throws AssayError `config-value` */
function ownerAuth({ owner_auth_file: file }: AgentOptions): Uint8Array {
  if (file === undefined) return new Uint8Array();
  const told = { what: 'the password of the TPM’s owner', option: '[agent] owner_auth_file' };
  const text = readPrivate(file, told);
  return text.subarray(0, text.length - (/\r?\n$/.exec(text.toString('latin1'))?.[0].length ?? 0));
}
