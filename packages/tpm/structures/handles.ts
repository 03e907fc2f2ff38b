// What kind of thing does a handle name (TPM_HT, the first byte), and which handles are permanent (TPM_RH, TPM_RS)?

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
export type HandleKind = keyof typeof FirstHandle;

/** The kind a handle is of, `undefined` for ranges the specification has not given away. */
export function handleKind(handle: number): HandleKind | undefined {
  const first = (handle >>> 24) * 0x1000000;
  return (Object.keys(FirstHandle) as HandleKind[]).find((kind) => FirstHandle[kind] === first);
}

/** `0x81010001`. */
export const handleText = (handle: number): string => `0x${handle.toString(16).padStart(8, '0')}`;
