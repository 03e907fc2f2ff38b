// Everything that is fuzzed. A new target is a file beside this and a line here.
import { bootLog, bootLogReplay } from './boot-log.ts';
import { ekCertificate, revocationList } from './certificate.ts';
import { evidence } from './evidence.ts';
import { imaList, imaReplay, imaText } from './ima-list.ts';
import { list, packages, peImage } from './known-good.ts';
import { messages } from './messages.ts';
import { show } from './show.ts';
import { tagIndexContents } from './tags.ts';
import type { Target } from './target.ts';
import { attest, publicArea, signature, tpmResponse } from './tpm.ts';

export const targets: readonly Target[] = [
  bootLog,
  bootLogReplay,
  imaList,
  imaReplay,
  imaText,
  attest,
  signature,
  publicArea,
  tpmResponse,
  ekCertificate,
  revocationList,
  evidence,
  tagIndexContents,
  messages,
  show,
  peImage,
  packages,
  list,
];
