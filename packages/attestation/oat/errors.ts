// How does OpenAttestation tell a failure? By a name and a text of its own, which its clients look up: any other name makes the Java ones throw.
// What is foreseen there is an OatError; everything else (access, size, a bug) gets the name that comes nearest.
import { AssayError } from '@assay/core';
import type { Failure } from '@assay/daemon/https';

/** OpenAttestation 2's names and texts, with one blank at the end of one of them as it has it; `%s` are the values. */
const texts = {
  SYSTEM_ERROR: 'System error: %s',
  UNKNOWN_ERROR: 'Error',
  AS_HOST_NOT_FOUND: "Host '%s' not found.",
  AS_BIOS_INCORRECT: "Bios '%s', version '%s' or oem '%s' is incorrect.",
  AS_VMM_INCORRECT: "VMM '%s' or version '%s', os '%s' or os version '%s' is incorrect.",
  AS_HOST_EXISTS: "Host '%s' already exists.",
  AS_IPADDRESS_EXISTS: "IPAddress '%s' already used.",
  AS_MISSING_INPUT: "Missing or invalid input '%s'.",
  WS_OEM_DOES_NOT_EXIST: "OEM '%s' is not configured in the system.",
  WS_OEM_ALREADY_EXISTS: "OEM '%s' is already configured in the system.",
  WS_OEM_ASSOCIATION_EXISTS: "OEM '%s' cannot be deleted as it is associated with %s MLEs.",
  WS_OS_DOES_NOT_EXIST: "OS '%s' of version '%s' is not configured in the system.",
  WS_OS_ALREADY_EXISTS: "OS '%s' of version '%s' is already configured in the system.",
  WS_OS_ASSOCIATION_EXISTS: "OS '%s' of version '%s' cannot be deleted as it is associated with %s MLEs.",
  WS_MLE_ALREADY_EXISTS: "MLE '%s' is already configured in the system.",
  WS_MLE_DOES_NOT_EXIST: "MLE '%s' of version '%s' is not configured in the system.",
  WS_MLE_ASSOCIATION_EXISTS: "MLE '%s' of version '%s' cannot be deleted as it is associated with '%s' hosts.",
  WS_MLE_DATA_MISSING: "Required input parameter '%s' is either null or empty. ",
  WS_OEM_OS_DATA_CANNOT_COEXIST: 'Both OEM and OS information cannot be provided together.',
  WS_PCR_WHITELIST_ALREADY_EXISTS: "White list for the PCR '%s' is already configured in the system.",
  WS_PCR_WHITELIST_DOES_NOT_EXIST: "White list for the PCR '%s' is not configured in the system.",
  WS_MLE_SOURCE_MAPPING_ALREADY_EXISTS: "White list host mapping already exists for the MLE '%s'.",
  WS_MLE_SOURCE_MAPPING_DOES_NOT_EXIST: "White list host mapping does not exist for the MLE '%s'.",
  WS_MLE_OEM_DOES_NOT_EXIST: "MLE name '%s' version '%s' oem '%s' is not configured in the system.",
  WS_MLE_OS_DOES_NOT_EXIST: "MLE name '%s' version '%s' os '%s' os version '%s' is not configured in the system.",
  WS_MLE_PCR_NOT_VALID: "White list for the PCR '%s' is not a valid value",
} as const;
export type OatErrorName = keyof typeof texts;

/** Answered with status 400 and this name and text, as OpenAttestation 2 answers whatever it refuses. */
export class OatError extends AssayError {
  readonly text: string;

  /** @param values in the order of the text  @param more behind the text: what would be right, where the text does not say it */
  constructor(name: OatErrorName, values: readonly string[] = [], more = '') {
    let at = 0;
    const text = `${texts[name].replace(/%s/g, () => values[at++] ?? '')}${more}`;
    super(codeOf(name), `OAT ${name}`, 'what it asks for', values.join(', '));
    this.text = text;
    this.message = text;
  }
}

/** `oat-ws-oem-already-exists` */
const codeOf = (name: string): string => `oat-${name.toLowerCase().replaceAll('_', '-')}`;
const names = new Map(Object.keys(texts).map((name) => [codeOf(name), name]));

/** OpenAttestation's services: 1.5 and later, and before. */
const services = ['/AttestationService', '/WLMService', '/OpenAttestationWebServices'];

/** Whether a request is for this API, so that its failures are told in OpenAttestation's words. */
export const isOat = (url: string): boolean =>
  services.some((service) => url === service || url.startsWith(`${service}/`) || url.startsWith(`${service}?`));

/** `error_code` is a name, as OpenAttestation 2 has them; never a stack or what is inside a bug: see `failureOf`. */
export function renderOat({ status, code, message }: Failure): { error_code: string; error_message: string } {
  const name = names.get(code);
  if (name !== undefined) return { error_code: name, error_message: message };
  if (status === 401) return { error_code: 'HTTP_UNAUTHORIZED', error_message: 'HTTP 401 UNAUTHORIZED' };
  if (status === 403)
    return {
      error_code: 'HTTP_FORBIDDEN',
      error_message: 'HTTP 403 FORBIDDEN: this takes a secret of auth_blob_file, not one that only asks',
    };
  if (status === 404 || status === 405) return { error_code: 'UNKNOWN_ERROR', error_message: `Error: ${message}` };
  if (status >= 500) return { error_code: 'SYSTEM_ERROR', error_message: `System error: ${message}` };
  return { error_code: 'AS_MISSING_INPUT', error_message: `Missing or invalid input: ${message}` };
}
