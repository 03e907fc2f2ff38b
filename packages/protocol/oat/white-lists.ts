// OpenAttestation's objects of its white list service, as its generation 2 writes them: names, order and nulls are its own.
import { type Static, Type } from 'typebox';

const MaybeText = Type.Union([Type.String(), Type.Null()]);

export const OatOem = Type.Object({ Name: Type.String(), Description: MaybeText });
export type OatOem = Static<typeof OatOem>;

export const OatOs = Type.Object({ Name: Type.String(), Version: Type.String(), Description: MaybeText });
export type OatOs = Static<typeof OatOs>;

/** PCR number as decimal text, digest in upper-case hex. */
export const OatManifest = Type.Object({ Name: Type.String(), Value: Type.String() });
export type OatManifest = Static<typeof OatManifest>;

/** A measured launch environment: a BIOS of an OEM, or a VMM of an OS. */
export const OatMle = Type.Object({
  Name: Type.String(),
  Version: Type.String(),
  Attestation_Type: Type.String(),
  MLE_Type: Type.Union([Type.Literal('BIOS'), Type.Literal('VMM')]),
  Description: MaybeText,
  OsName: MaybeText,
  OsVersion: MaybeText,
  OemName: MaybeText,
  /** Null in lists. */
  MLE_Manifests: Type.Union([Type.Array(OatManifest), Type.Null()]),
});
export type OatMle = Static<typeof OatMle>;
