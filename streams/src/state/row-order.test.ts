import { fc, test as property } from '@fast-check/vitest'
import { expect } from 'vitest'
import { KeyValueRowKeys } from './row-keys.ts'
import { orderedWithin, RowOrder } from './row-order.ts'
import { textSerde } from './state.fixtures.ts'

const keys = new KeyValueRowKeys<string>(textSerde)
const bytes = fc.option(fc.string({ maxLength: 2 }).map((text) => Buffer.from(text)))

property.prop([
  fc.array(fc.array(fc.string({ maxLength: 3, unit: 'binary' }), { maxLength: 40 }), { maxLength: 6 }),
  bytes,
  bytes,
])('rows stand in the order of their bytes, each once, whenever they came', (batches, from, to) => {
  const order = new RowOrder(keys)
  const all = new Map<string, null>()
  for (const batch of batches) {
    for (const key of batch) {
      const row = keys.keys.textOf(key)
      order.add(row)
      all.set(row, null)
    }
    const found = order.within({ from, to })
    expect(found).toEqual(orderedWithin(keys, [all], { from, to }))
    const written = [...all.keys()].map((row) => Buffer.from(row.startsWith('\0s') ? row.slice(2) : row))
    const isIn = (one: Buffer): boolean =>
      (from === null || Buffer.compare(one, from) >= 0) && (to === null || Buffer.compare(one, to) < 0)
    expect(found.map((one) => Buffer.from(one.bytes))).toEqual(written.filter(isIn).toSorted((a, b) => Buffer.compare(a, b)))
  }
})
