import type { Header } from '@millrace/core'

/** A record of `processValues`: made here only, so that nobody can give it another key. */
export class FixedKey<K, V> {
  readonly key: K
  readonly value: V
  readonly timestamp: number
  readonly headers: readonly Header[]

  constructor(key: K, value: V, timestamp: number, headers: readonly Header[]) {
    this.key = key
    this.value = value
    this.timestamp = timestamp
    this.headers = headers
  }

  withValue<V2>(value: V2): FixedKey<K, V2> {
    return new FixedKey(this.key, value, this.timestamp, this.headers)
  }

  withTimestamp(timestamp: number): FixedKey<K, V> {
    return new FixedKey(this.key, this.value, timestamp, this.headers)
  }

  withHeaders(headers: readonly Header[]): FixedKey<K, V> {
    return new FixedKey(this.key, this.value, this.timestamp, headers)
  }
}
