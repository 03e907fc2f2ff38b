// A running attestation server for a test: real TLS on a free port, state in a folder of its own, gone after the test.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { labDocument } from '@assay/appraisal';
import { type Clock, createLog, httpsRequest } from '@assay/daemon';
import { testPki } from '@assay/daemon/testing';
import type { Host, PolicyDocument } from '@assay/protocol';
import type { AttestationOptions } from '../options.ts';
import { type AttestationServer, startAttestationServer } from '../server.ts';

export type TestServer = {
  readonly url: string;
  readonly ca: string;
  readonly caFile: string;
  /** The secret that may do everything, and the one that only asks. */
  readonly blob: string;
  readonly readOnlyBlob: string;
  readonly options: AttestationOptions;
  readonly server: AttestationServer;
  /** With the right secret unless `headers` say otherwise. */
  call(
    method: string,
    path: string,
    body?: unknown,
    headers?: Record<string, string>,
  ): Promise<{ status: number; body: unknown }>;
  /** GET /v1/hosts/NAME */
  host(name: string): Promise<Host>;
  /** The same state, a new life. */
  restart(): Promise<TestServer>;
};

export type TestServerOptions = Partial<AttestationOptions> & {
  clock?: Clock;
  /** Applied before anything else; null: none. What a lab asks for unless told. */
  policy?: PolicyDocument | null;
  /** PEM files by name for `software_tpm_ca_dir`, which is absent without. */
  softwareTpmCas?: Record<string, string>;
};

const pki = testPki();
const { certFile, keyFile } = pki.issue('attestation-server', 'IP:127.0.0.1,DNS:localhost,DNS:attestation-server');
const ca = pki.ca.toString();
const secret = 'a-secret-of-tests-alone';
const readOnlySecret = 'another-secret-that-only-asks';

export async function startTestServer(t: TestContext, given: TestServerOptions = {}): Promise<TestServer> {
  const { clock, softwareTpmCas, policy = labDocument, ...overrides } = given;
  const folder = mkdtempSync(join(tmpdir(), 'assay-attestation-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const file = (name: string) => join(folder, name);
  writeFileSync(file('auth-blob'), `${secret}\n`, { mode: 0o600 });
  writeFileSync(file('read-only-auth-blob'), `${readOnlySecret}\n`, { mode: 0o600 });
  if (softwareTpmCas) {
    mkdirSync(file('software-tpm-ca'));
    for (const [name, pem] of Object.entries(softwareTpmCas)) writeFileSync(join(file('software-tpm-ca'), name), pem);
  }
  const options: AttestationOptions = {
    listen: '127.0.0.1',
    port: 0,
    oat_port: 0,
    tls_cert_file: certFile,
    tls_key_file: keyFile,
    auth_blob_file: file('auth-blob'),
    read_only_auth_blob_file: file('read-only-auth-blob'),
    ek_vendors: [],
    ek_ca_dir: undefined,
    ek_crl_dir: undefined,
    virtual_tpm_ca_dir: undefined,
    software_tpm_ca_dir: softwareTpmCas ? file('software-tpm-ca') : undefined,
    ticket_key_file: file('ticket-key.pem'),
    attestation_period: 3600,
    verdict_lifetime: 7200,
    challenge_timeout: 10,
    brake_percent: 20,
    brake_window: 300,
    alarm_url: undefined,
    alarm_ca_file: undefined,
    history_days: 90,
    database: `sqlite:${file('attestation.db')}`,
    ...overrides,
  };
  const first = await live();
  if (policy) {
    const { status, body } = await first.call('POST', '/v1/policies', { document: policy });
    if (status !== 200) throw new Error(JSON.stringify(body));
  }
  return first;

  async function live(): Promise<TestServer> {
    const log = createLog('attestation-server', process.env['ASSAY_LOG_LEVEL'] ? undefined : 'silent');
    const server = await startAttestationServer(options, { log, ...(clock ? { clock } : {}) });
    let running = true;
    const close = async () => {
      if (running) await server.close();
      running = false;
    };
    t.after(close);
    const url = `https://127.0.0.1:${server.port}`;
    const call: TestServer['call'] = async (method, path, body, headers) => {
      const answer = await httpsRequest({
        url: `${url}${path}`,
        method,
        ca,
        body,
        headers: { 'x-auth-blob': secret, ...headers },
        timeoutMs: 20_000,
      });
      const text = answer.body.toString();
      return { status: answer.status, body: text === '' ? undefined : JSON.parse(text) };
    };
    return {
      url,
      ca,
      caFile: pki.caFile,
      blob: secret,
      readOnlyBlob: readOnlySecret,
      options,
      server,
      call,
      host: async (name) => (await call('GET', `/v1/hosts/${name}`)).body as Host,
      async restart() {
        await close();
        return await live();
      },
    };
  }
}
