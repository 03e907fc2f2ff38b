// Findings of the comparison with what is known good. Each is sound: the evidence says truly what was measured, and a golden host may have it.
import type { FindingKind } from './kind.ts';

export const referenceFindings = {
  'reference-missing': {
    weight: 'unknown',
    meaning: 'Nothing is known to be good of this component.',
    remedy:
      'Import it from its source: assay reference import-package FILE. What is in no package, learn from a host whose making you know: assay reference learn HOST.',
    sound: true,
  },
  'pcr-not-quoted': {
    weight: 'unknown',
    meaning:
      'What is known good of the component names a PCR that the host was not asked for, and holds in all others.',
    remedy:
      'Let the policy ask for it (evidence.pcrs), or take that PCR off: white lists of OpenAttestation name PCR 17 to 20 for a dynamic launch.',
    sound: true,
  },
  'measurement-unknown': {
    weight: 'untrusted',
    meaning: 'The component measured something that is not known to be good.',
    remedy:
      'assay host explain HOST says what differs. After an update of your own, import it from its source: assay reference import-package FILE. What no package brings: assay host accept HOST, when you know why the host shows it.',
    sound: true,
  },
  'measurement-retired': {
    weight: 'untrusted',
    meaning: 'The component measured something that was known to be good, and was retired.',
    remedy:
      'Bring the host up to date: the message names the value, when it was retired and why. To take that back: assay reference reinstate ID.',
    sound: true,
  },
  'measurement-early': {
    weight: 'untrusted',
    meaning: 'The component measured something that is planned to be good, and is not yet.',
    remedy:
      'The message says from when on it is. Wait, or go back to what is good now; if it may be good already: assay reference promote ID.',
    sound: true,
  },
} as const satisfies Record<string, FindingKind>;
