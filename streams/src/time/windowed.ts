import type { Serde, Serializer } from '@millrace/core'
import type { Windows } from './windows.ts'

/** A key and the window that it was seen in: start <= timestamp < end, milliseconds since 1970. */
export interface Windowed<out K> {
  readonly key: K
  readonly start: number
  readonly end: number
}

/** Kafka's bytes hold only the start; the end comes from the definition of the windows. */
export interface WindowedSerde<in out K> extends Serde<Windowed<K>> {
  /** Records with a windowed key lie in the partition of the key inside, as in Kafka (WindowedStreamPartitioner). */
  readonly inner: Serde<K>
}

const startBytes = 8
const utf8 = new TextEncoder()

/** The bytes of Kafka's TimeWindowedSerializer: the key's own, then the start as a big-endian int64. */
export function windowed<K>(key: Serde<K>, windows: Windows): WindowedSerde<K> {
  return {
    name: `windowed(${key.name}, ${windows.kind} ${windows.size} ms)`,
    inner: key,
    write: (window) => withStart(key.write(window.key), window.start),
    read: (bytes) => {
      const split = bytes.length - startBytes
      const start = readStart(bytes, split)
      return { key: key.read(bytes.subarray(0, split)), start, end: start + windows.size }
    },
  }
}

/** The serializer whose bytes decide the partition, where it is another than that of the key itself. */
export function partitionerOf(key: Serializer<unknown>): Serializer<unknown> | null {
  if (!isWindowed(key)) return null
  const { inner } = key
  return { name: inner.name, write: (window) => inner.write((window as Windowed<unknown>).key) }
}

function isWindowed(key: object): key is WindowedSerde<unknown> {
  return 'inner' in key
}

function withStart(key: Uint8Array | string, start: number): Uint8Array {
  const inner = typeof key === 'string' ? utf8.encode(key) : key
  const bytes = new Uint8Array(inner.length + startBytes)
  bytes.set(inner)
  const view = new DataView(bytes.buffer)
  view.setUint32(inner.length, Math.floor(start / 2 ** 32))
  view.setUint32(inner.length + 4, start % 2 ** 32)
  return bytes
}

function readStart(bytes: Uint8Array, at: number): number {
  if (at < 0) throw new RangeError(`a windowed key has at least ${startBytes} bytes, not ${bytes.length}`)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const start = view.getInt32(at) * 2 ** 32 + view.getUint32(at + 4)
  if (!Number.isSafeInteger(start) || start < 0) throw new RangeError(`the start of a window is not ${start}`)
  return start
}
