// What does the attestation server say of its hosts, for a person?
import { escaped } from '@assay/core';
import { componentName, type Host } from '@assay/protocol';
import { age, table } from './table.ts';

export const hostTable = (hosts: readonly Host[]): string =>
  hosts.length === 0
    ? 'no hosts are registered: assay host register NAME'
    : table(
        ['name', 'verdict', 'reason', 'age'],
        hosts.map(({ name, verdict, age_ms }) => [name, verdict.trust, escaped(verdict.reason), age(age_ms)]),
      );

/** Everything about one host, a line for each thing. */
export function hostDetails({ name, verdict, age_ms, ...host }: Host): string {
  const lines: [string, string][] = [
    ['name', name],
    ['verdict', verdict.trust],
    ['reason', verdict.reason],
    ...verdict.components.map(({ component, trust, reason }): [string, string] => [
      componentName(component),
      `${trust}: ${reason.replace(`${componentName(component)}: `, '')}`,
    ]),
    // Said once: what is a component's reason stands there already.
    ...verdict.findings.map(({ code, message, allowed }): [string, string] => [
      allowed ? 'allowed' : 'finding',
      verdict.components.some(({ reason }) => reason === message) ? code : `${code}: ${message}`,
    ]),
    ['verified', `${verdict.verified_at} (${age(age_ms)} ago)`],
    ['expires', verdict.expires_at],
    ['TPM', host.enrolled_at === undefined ? 'not enrolled' : tpmKind(verdict)],
    ['EK certificate', host.ek_sha256 ?? 'none'],
    ['AK name', host.ak_name ?? 'none'],
    ['TPM resets', verdict.reset_count === undefined ? 'unknown' : String(verdict.reset_count)],
    ['agent', host.connected ? 'connected' : 'not connected'],
    ['registered', host.registered_at],
  ];
  return lines.map(([label, value]) => `${label.padEnd(17)} ${escaped(value)}`).join('\n');
}

const tpmKind = ({ software_tpm, virtual_tpm }: Host['verdict']): string =>
  software_tpm ? 'software' : virtual_tpm ? 'virtual, of a cloud' : 'hardware';
