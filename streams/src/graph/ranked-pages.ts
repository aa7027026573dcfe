import type { Serde } from '@millrace/core'
import { Packer, Unpacker } from './packed.ts'

/** A row of a group with its bytes, which break ties of its rank, and tell it from others. */
interface Ranked<V> {
  readonly value: V
  readonly bytes: Uint8Array
}

/** Some rows of a group in their order; or, as its directory, the numbers of its pages and the rows between them. */
interface RankedPage<V> {
  readonly numbers: readonly number[]
  readonly rows: readonly Ranked<V>[]
}

/** Bytes are copied: each row would hold on to the page that it was read with. */
export function rankedPages<V>(value: Serde<V>): Serde<RankedPage<V>> {
  return {
    name: `rankedPages(${value.name})`,
    write: ({ numbers, rows }) => {
      const packer = new Packer().int32(numbers.length)
      for (const number of numbers) packer.int32(number)
      for (const { bytes } of rows) packer.part(bytes)
      return packer.bytes
    },
    read: (given) => {
      const packed = new Unpacker(given)
      const numbers = Array.from({ length: packed.int32() }, () => packed.int32())
      const rows: Ranked<V>[] = []
      while (!packed.isDone) {
        const bytes = packed.part()!.slice()
        rows.push({ value: value.read(bytes), bytes })
      }
      return { numbers, rows }
    },
  }
}
