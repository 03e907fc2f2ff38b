// How is an operator's command told which attestation server is meant?
import type { Command } from 'commander';

export type AccessOptions = { server?: string; caFile?: string; authBlobFile?: string };

/** Adds the options; the environment and the lab here stand in for what is not given. */
export const withAccess = (command: Command): Command =>
  command
    .option('--server <url>', 'attestation server, https://NAME:PORT (else ASSAY_SERVER, else the lab here)')
    .option('--ca-file <file>', 'CA that vouches for it (else ASSAY_CA_FILE)')
    .option('--auth-blob-file <file>', 'file with its shared secret (else ASSAY_AUTH_BLOB_FILE)');
