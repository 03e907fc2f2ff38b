// What a manufacturer's certificate vouches for: that a key is the EK of a genuine TPM. Plain JSON, to be stored.

export type Endorsement = {
  /** SHA-256 of the certificate's DER, hex. */
  ek_sha256: string;
  /** Hex TPM2B_NAME content of the EK. */
  ek_name: string;
  issuer: string;
  /** Subject of the trust anchor the chain ended in. */
  anchor: string;
  /** The anchor came from the store of software TPM CAs. */
  software: boolean;
};
