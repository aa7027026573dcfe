/** Turns values into bytes. A string counts as UTF-8, so that no buffer stands between the value and the batch. */
export interface Serializer<in T> {
  readonly name: string
  /**
   * Set by `nullable` alone: null is a value, and in the log it is no bytes. So whoever calls a serde handles null itself:
   * with this mark it passes null on, without it the record is dropped and counted. Neither `write` nor `read` sees a null.
   */
  readonly nullable?: true
  readonly write: (value: T) => Uint8Array | string
}

/** Both ways, and exact in T: a `Serde<string>` does not pass for a `Serde<OrderId>`. */
export interface Serde<in out T> extends Serializer<T> {
  /** @throws any error when the bytes are not a T; the caller says where they came from. */
  readonly read: (bytes: Uint8Array) => T
}
