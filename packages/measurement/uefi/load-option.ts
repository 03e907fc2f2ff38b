// What would the firmware start (EFI_LOAD_OPTION, UEFI 2.10, §3.1.3)? The value of Boot####, Driver####, SysPrep####.
import { AssayError, struct, take, u16le, u32le } from '@assay/core';
import { devicePathText } from './device-path.ts';
import { ucs2 } from './primitives.ts';

export type LoadOption = {
  /** LOAD_OPTION_ACTIVE. */
  active: boolean;
  /** LOAD_OPTION_*, as in the variable. */
  attributes: number;
  description: string;
  /** EFI_DEVICE_PATH_PROTOCOL: the first path is what is started. */
  devicePath: Uint8Array;
  /** `devicePath` in words. */
  path: string;
  /** What is handed to it: for a kernel its command line, for Windows BCD data. */
  optionalData: Uint8Array;
};

const Head = struct({ attributes: u32le, filePathListLength: u16le });

/** @throws AssayError when it ends before what it announces */
export function readLoadOption(value: Uint8Array): LoadOption {
  const c = { bytes: value, at: 0 };
  const { attributes, filePathListLength } = Head.read(c, 'EFI_LOAD_OPTION');
  const start = c.at;
  while (c.at + 2 <= value.length && (value[c.at] !== 0 || value[c.at + 1] !== 0)) c.at += 2;
  if (c.at + 2 > value.length)
    throw new AssayError(
      'load-option',
      `EFI_LOAD_OPTION.Description at byte ${start}`,
      'UTF-16 that ends with NUL',
      'none',
    );
  const description = ucs2(value.subarray(start, c.at));
  c.at += 2;
  const devicePath = take(c, filePathListLength, 'EFI_LOAD_OPTION.FilePathList');
  const path = devicePathText(devicePath);
  return {
    active: (attributes & 1) === 1,
    attributes,
    description,
    devicePath,
    path,
    optionalData: value.subarray(c.at),
  };
}
