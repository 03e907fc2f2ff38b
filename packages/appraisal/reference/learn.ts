// What does a golden host teach? The measurements of each component, in order, of evidence that verified.
import type { ReferenceValue } from '@assay/protocol';

/** One for each component, in the order of `components`; no events: none measured, which is a value too. */
export type Measured = readonly Pick<ReferenceValue, 'component' | 'events'>[];
