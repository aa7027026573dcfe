import type { Serde, Serializer } from '@millrace/core'
import { windowGrid } from './window-grid.ts'
import { windowsName, type Windows } from './windows.ts'

/**
 * A key and the window that it was seen in, milliseconds since 1970: start <= timestamp < end. A sliding window and a session hold
 * their end too.
 */
export interface Windowed<out K> {
  readonly key: K
  readonly start: number
  readonly end: number
}

/** Kafka's bytes hold only the start, except of sessions; the end comes from the definition of the windows. */
export interface WindowedSerde<in out K> extends Serde<Windowed<K>> {
  /** Records with a windowed key lie in the partition of the key inside, as in Kafka (WindowedStreamPartitioner). */
  readonly inner: Serde<K>
  readonly windows: Windows
}

const timeBytes = 8
const utf8 = new TextEncoder()

/**
 * The bytes of Kafka's TimeWindowedSerializer: the key's own, then the start as a big-endian int64. Of sessions those of its
 * SessionWindowedSerializer: the key's own, the end, the start. A sliding window is to Kafka a time window whose size is the difference.
 */
export function windowed<K>(key: Serde<K>, windows: Windows): WindowedSerde<K> {
  const common = { name: `windowed(${key.name}, ${windowsName(windows)})`, inner: key, windows }
  if (windows.kind === 'session') {
    return {
      ...common,
      write: ({ key: inner, start, end }) => withTimes(key.write(inner), end, start),
      read: (bytes) => {
        const split = bytes.length - 2 * timeBytes
        const end = readTime(bytes, split, 2 * timeBytes)
        const start = readTime(bytes, split + timeBytes, timeBytes)
        if (start > end) throw new RangeError(`a session does not begin at ${start} and end at ${end}`)
        return { key: key.read(bytes.subarray(0, split)), start, end }
      },
    }
  }
  const endOf = endsOf(windows)
  return {
    ...common,
    write: (window) => withTimes(key.write(window.key), window.start),
    read: (bytes) => {
      const split = bytes.length - timeBytes
      const start = readTime(bytes, split, timeBytes)
      return { key: key.read(bytes.subarray(0, split)), start, end: endOf(start) }
    },
  }
}

/** The serializer whose bytes decide the partition, where it is another than that of the key itself. */
export function partitionerOf(key: Serializer<unknown>): Serializer<unknown> | null {
  if (!isWindowed(key)) return null
  const { inner } = key
  return { name: inner.name, write: (window) => inner.write((window as Windowed<unknown>).key) }
}

/** The windows of a serde that `windowed` made; null: it is another. */
export function windowsOf(key: Serializer<never>): Windows | null {
  return isWindowed(key) ? key.windows : null
}

function isWindowed(key: object): key is WindowedSerde<unknown> {
  return 'inner' in key
}

function endsOf(windows: Exclude<Windows, { readonly kind: 'session' }>): (start: number) => number {
  if (windows.kind === 'sliding') return (start) => start + windows.difference
  const grid = windowGrid(windows)
  return (start) => grid.endOf(start)
}

function withTimes(key: Uint8Array | string, ...times: readonly number[]): Uint8Array {
  const inner = typeof key === 'string' ? utf8.encode(key) : key
  const bytes = new Uint8Array(inner.length + timeBytes * times.length)
  bytes.set(inner)
  const view = new DataView(bytes.buffer)
  for (const [index, time] of times.entries()) {
    const at = inner.length + timeBytes * index
    view.setUint32(at, Math.floor(time / 2 ** 32))
    view.setUint32(at + 4, time % 2 ** 32)
  }
  return bytes
}

function readTime(bytes: Uint8Array, at: number, needed: number): number {
  if (at < 0) throw new RangeError(`a windowed key has at least ${needed} bytes, not ${bytes.length}`)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const time = view.getInt32(at) * 2 ** 32 + view.getUint32(at + 4)
  if (!Number.isSafeInteger(time) || time < 0) throw new RangeError(`the start of a window is not ${time}`)
  return time
}
