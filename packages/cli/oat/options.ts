// How is a command told which other OpenAttestation server is meant, and how far it is to be trusted?
import type { Command } from 'commander';

export type OtherServer = {
  url: string;
  caFile?: string;
  fetchCertificate?: true;
  authBlobFile?: string;
  oldTls?: true;
};

/** @param prefix of what would be taken for this shell's own server: `old-` */
export const withOther = (command: Command, prefix = ''): Command =>
  command
    .requiredOption('--url <url>', 'that server, https://NAME:PORT')
    .option(`--${prefix}ca-file <file>`, 'CA that vouches for it, or its certificate itself (certfile.cer)')
    .option('--fetch-certificate', 'take the certificate it shows, as oat_cert does; only where nobody is between')
    .option(`--${prefix}auth-blob-file <file>`, 'file with the secret it asks for, if it asks for one')
    .option('--old-tls', 'speak TLS 1.0 and 1.1 with it too');
