import { fc, test } from '@fast-check/vitest'
import { describe, expect } from 'vitest'
import { bytes, string, type Header } from '@millrace/core'
import { markedNull, pendingInput, type PendingInput } from './pending-input.ts'

const body: fc.Arbitrary<Uint8Array> = fc.uint8Array({ maxLength: 20 })
const bodyOrNull: fc.Arbitrary<Uint8Array | null> = fc.option(body)
const text = fc.string({ unit: 'grapheme' })
const header: fc.Arbitrary<Header> = fc.tuple(text, bodyOrNull)
const input: fc.Arbitrary<PendingInput<string | null>> = fc.record({
  value: fc.option(text),
  place: fc.record({
    topic: text,
    partition: fc.integer({ min: -1, max: 2 ** 31 - 1 }),
    offset: fc.integer({ min: -1, max: Number.MAX_SAFE_INTEGER }),
    timestamp: fc.integer({ min: -1, max: Number.MAX_SAFE_INTEGER }),
    headers: fc.array(header, { maxLength: 4 }),
  }),
})
const serde = pendingInput<string | null>(string as never)

/** Buffers as plain lists, so that bytes are compared and not classes. */
function plain({ value, place }: PendingInput<string | null>): unknown {
  return { value, place: { ...place, headers: place.headers.map(([name, own]) => [name, own && [...own]]) } }
}

function written(given: PendingInput<string | null>): Uint8Array {
  return serde.write(given) as Uint8Array
}

describe('an input that waits', () => {
  test.prop([input])('comes back as it was', (given) => {
    expect(plain(serde.read(written(given)))).toEqual(plain(given))
  })

  test.prop([input, fc.nat()])('that is cut short does not pass for another', (given, cut) => {
    const whole = written(given)
    const valueSize = given.value === null ? 1 : 1 + Buffer.byteLength(given.value)
    const size = cut % Math.max(1, whole.length - valueSize)
    expect(() => serde.read(whole.subarray(0, size))).toThrow(RangeError)
  })

  test.prop([fc.option(body)])('keeps a null key apart from an empty one', (key) => {
    const keys = markedNull(bytes)
    const back = keys.read(keys.write(key) as Uint8Array)
    expect(back && [...back]).toEqual(key && [...key])
  })
})
