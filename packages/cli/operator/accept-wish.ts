// Which difference of a host is meant? A component or a claim of it; a file of IMA's list is always of the operating system.
import { AssayError } from '@assay/core';
import type { AcceptRequest } from '@assay/protocol';

type Given = { component?: string; path?: string; pool?: string };

/** @throws AssayError `cli-option` where nothing is named, and for a file of anything but the operating system */
export function acceptWish({ component, path, pool }: Given): Pick<AcceptRequest, 'component' | 'path' | 'pool'> {
  if (path === undefined && component === undefined)
    throw new AssayError('cli-option', '--component', 'the component that differs, or --path FILE', 'neither', {
      hint: 'assay host explain says what differs',
    });
  if (path !== undefined && component !== undefined && !/^operating[_ -]system$/i.test(component.trim()))
    throw new AssayError('cli-option', '--component', 'operating_system with --path, or none', component, {
      hint: 'IMA’s list is of the operating system',
    });
  return {
    component: component ?? 'operating_system',
    ...(path !== undefined && { path }),
    ...(pool !== undefined && { pool }),
  };
}
