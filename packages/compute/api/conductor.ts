// What the API asks of the conductor. Each call returns once the wish is taken on, not once it came true: the row tells that.

export type PowerAction = 'stop' | 'start' | 'reboot';

export type Conductor = {
  /** Find a host for an instance that is `building`/`scheduling`, and start it there. Never throws for a boot that fails. */
  build(instanceId: string): void;
  /** The row says wanted `deleted`, task_state `deleting`: end it on its host, then set vm_state `deleted`. */
  remove(instanceId: string): void;
  /** The row says which task_state; the conductor clears it when done. */
  setPower(instanceId: string, action: PowerAction): void;
  /**
   * The end of the console log, at most `length` lines when given.
   * @throws AssayError `console-unavailable` when the host cannot be asked
   */
  console(instanceId: string, length?: number): Promise<string>;
};
