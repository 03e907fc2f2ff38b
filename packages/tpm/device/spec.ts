// Which TPM does an operator mean by `tpm = …`? The notation is that of tpm2-tools' TCTI option.
import { AssayError } from '@assay/core';

export type DeviceSpec =
  | { kind: 'character'; path: string }
  | { kind: 'unix'; path: string }
  | { kind: 'tcp'; host: string; port: number };

const expected = 'device:/dev/tpmrm0, swtpm:path=/run/tpm.sock or swtpm:host=127.0.0.1,port=2321';

/** @throws AssayError `tpm-spec` */
export function parseSpec(spec: string): DeviceSpec {
  const bad = () => new AssayError('tpm-spec', `TPM ${spec}`, expected, spec);
  if (spec.startsWith('/')) return { kind: 'character', path: spec };
  if (spec.startsWith('device:/')) return { kind: 'character', path: spec.slice('device:'.length) };
  if (!spec.startsWith('swtpm:')) throw bad();
  const rest = spec.slice('swtpm:'.length);
  if (rest.startsWith('path=')) {
    const path = rest.slice('path='.length);
    if (!path) throw bad();
    return { kind: 'unix', path };
  }
  const given = new Map<string, string>();
  for (const pair of rest.split(',')) {
    const [name = '', value = ''] = pair.split('=', 2);
    if (!['host', 'port'].includes(name) || given.has(name) || !value) throw bad();
    given.set(name, value);
  }
  const port = Number(given.get('port') ?? '2321');
  if (!Number.isInteger(port) || port < 1 || port > 65535) throw bad();
  return { kind: 'tcp', host: given.get('host') ?? '127.0.0.1', port };
}
