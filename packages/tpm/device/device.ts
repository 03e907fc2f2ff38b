// What every way to a TPM offers: bytes of a command in, bytes of its response out.

/** One open TPM. Commands are sent one at a time; `Runner` sees to that. */
export interface TpmDevice {
  /** What was opened, for messages: `swtpm:path=/run/tpm.sock`. */
  readonly where: string;
  /** True when a resource manager stands between: others' objects are out of sight and take no room from us. */
  readonly managed: boolean;
  /**
   * @param command a whole command, header first
   * @returns the whole response, as long as its header says
   * @throws AssayError `tpm-timeout` or `tpm-gone`: whether the command took effect is then unknown, the device is closed
   */
  transmit(command: Uint8Array, timeoutMs: number): Promise<Uint8Array>;
  /** Frees the TPM for the next program. May be called twice. */
  close(): Promise<void>;
}
