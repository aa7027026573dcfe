import type { Serde } from './serde.ts'

/** Bytes as they are. What is read is a view into the batch: copy a small piece that you keep. */
export const bytes: Serde<Uint8Array> = {
  name: 'bytes',
  write: (value) => value,
  read: (view) => view,
}
