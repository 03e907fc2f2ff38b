// What does an operator's command work with? The server's resources as functions, and the terminal. Loaded when a command is called.
import type { AccessOptions } from './access.ts';
import { attestationClient } from './attestation-client.ts';
import { hostsOf } from './hosts.ts';
import { brakeOf, policiesOf } from './policies-client.ts';
import { journalOf, referenceOf } from './reference-client.ts';
import { terminal } from './terminal.ts';

/** @throws AssayError as `attestationClient` does */
export function openSession(options: AccessOptions) {
  const client = attestationClient(options);
  return {
    hosts: hostsOf(client),
    reference: referenceOf(client),
    policies: policiesOf(client),
    brake: brakeOf(client),
    journal: journalOf(client),
    terminal: terminal(),
  };
}
