// Each kind of thing with its report, for programs and for people. The one list of kinds.
import { type BootLogReport, bootLogReport } from './boot-log.ts';
import { bootLogBlocks } from './boot-log-text.ts';
import { type CertificateReport, certificateBlocks, certificateReport } from './certificate.ts';
import { type ImaReport, imaReport } from './ima-list.ts';
import { imaBlocks } from './ima-list-text.ts';
import { type KeyReport, keyBlocks, keyReport } from './key.ts';
import type { Block } from './page.ts';
import { type PcrReport, pcrBlocks, pcrReport } from './pcr-values.ts';
import type { Piece } from './piece.ts';
import {
  type AttestReport,
  attestBlocks,
  attestReport,
  type SignatureReport,
  signatureBlocks,
  signatureReport,
} from './quote.ts';
import { strangeBlocks } from './strange.ts';

export type Report =
  | BootLogReport
  | ImaReport
  | CertificateReport
  | KeyReport
  | PcrReport
  | AttestReport
  | SignatureReport;

/** @param now to tell whether a certificate is valid */
export async function reportOf(piece: Piece, now: Date): Promise<Report> {
  switch (piece.kind) {
    case 'boot-log':
      return bootLogReport(piece);
    case 'ima-list':
      return imaReport(piece);
    case 'attest':
      return attestReport(piece);
    case 'signature':
      return signatureReport(piece);
    case 'public-key':
      return keyReport(piece);
    case 'certificate':
      return certificateReport(piece, now);
    case 'pcr-values':
      return pcrReport(piece);
  }
}

/** @param all whether long lists are shown in full */
export async function* blocksOf(report: Report, all: boolean): AsyncGenerator<Block> {
  switch (report.kind) {
    case 'boot-log':
      yield* bootLogBlocks(report, all);
      break;
    case 'ima-list':
      yield* imaBlocks(report, all);
      break;
    case 'attest':
      yield* attestBlocks(report);
      break;
    case 'signature':
      yield* signatureBlocks(report);
      break;
    case 'public-key':
      yield* keyBlocks(report);
      break;
    case 'certificate':
      yield* certificateBlocks(report);
      yield* strangeBlocks(report.strange, all);
      break;
    case 'pcr-values':
      yield* pcrBlocks(report);
  }
}
