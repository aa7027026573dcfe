import type { Stamped } from '../task/stores.ts'

/** Stands for a value that was not decoded yet: a restored row that nobody has asked for. */
export const unread: unique symbol = Symbol('unread')

/**
 * What one layer holds for a row. A new one for every change, because a reader may still hold the old one; only the bytes
 * change in place: they come with the freeze and go when the engine has them.
 */
export class Entry<V> implements Stamped<V> {
  /** `unread` never leaves the layers. */
  value: V
  readonly timestamp: number
  /** What the serde made of the value: undefined while nobody needs it, null for a deletion. A string counts as UTF-8. */
  bytes: Uint8Array | string | null | undefined

  constructor(value: V, timestamp: number, bytes: Uint8Array | string | null | undefined) {
    this.value = value
    this.timestamp = timestamp
    this.bytes = bytes
  }
}

/** A row that is gone: it hides what the layers below hold. */
export function deletion<V>(timestamp: number): Entry<V> {
  return new Entry<V>(unread as V, timestamp, null)
}

/** A row whose value is decoded when it is first read. */
export function undecoded<V>(bytes: Uint8Array, timestamp: number): Entry<V> {
  return new Entry<V>(unread as V, timestamp, bytes)
}
