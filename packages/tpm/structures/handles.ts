// Which handles are permanent (TPM_RH, TPM_RS), and where does the range of each kind begin (TPM_HT, the first byte)?

/** Permanent handles (Part 2, §7.4). */
export const Permanent = {
  owner: 0x40000001,
  null: 0x40000007,
  password: 0x40000009,
  lockout: 0x4000000a,
  endorsement: 0x4000000b,
  platform: 0x4000000c,
} as const;

/** First handle of each range (Part 2, §7.5): what a GetCapability over handles begins at. */
export const FirstHandle = {
  pcr: 0x00000000,
  nvIndex: 0x01000000,
  loadedSession: 0x02000000,
  savedSession: 0x03000000,
  permanent: 0x40000000,
  transient: 0x80000000,
  persistent: 0x81000000,
} as const;

/** `0x81010001`. */
export const handleText = (handle: number): string => `0x${handle.toString(16).padStart(8, '0')}`;
