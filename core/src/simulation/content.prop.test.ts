import fc from 'fast-check'
import { expect, test } from 'vitest'
import { chunkBytes, Content } from './content.ts'

const anyPosition = fc.integer({ min: 0, max: 4 * chunkBytes })
const anyChange = fc.oneof(
  fc.record({ kind: fc.constant('write' as const), position: anyPosition, bytes: fc.uint8Array({ maxLength: 2 * chunkBytes }) }),
  fc.record({ kind: fc.constant('zeros' as const), position: anyPosition, length: anyPosition }),
  fc.record({ kind: fc.constant('resize' as const), sizeBytes: anyPosition }),
)
type Change = typeof anyChange extends fc.Arbitrary<infer T> ? T : never

/** The dumb twin: a plain array. */
function plainly(bytes: Uint8Array, change: Change): Uint8Array {
  if (change.kind === 'resize') {
    const cut = new Uint8Array(change.sizeBytes)
    cut.set(bytes.subarray(0, change.sizeBytes))
    return cut
  }
  const given = change.kind === 'write' ? change.bytes : new Uint8Array(change.length)
  const written = new Uint8Array(given.length === 0 ? bytes.length : Math.max(bytes.length, change.position + given.length))
  written.set(bytes)
  if (given.length > 0) written.set(given, change.position)
  return written
}

function applied(content: Content, change: Change): Content {
  if (change.kind === 'resize') return content.resize(change.sizeBytes)
  return content.write(change.position, change.kind === 'write' ? change.bytes : new Uint8Array(change.length))
}

test('a content is what a plain array would be, and old contents stay as they were', () => {
  fc.assert(
    fc.property(fc.array(anyChange, { maxLength: 12 }), anyPosition, anyPosition, (changes, position, length) => {
      let content = Content.empty
      let twin: Uint8Array = new Uint8Array(0)
      const past: [Content, Uint8Array][] = []
      for (const change of changes) {
        past.push([content, twin])
        content = applied(content, change)
        twin = plainly(twin, change)
      }
      for (const [one, other] of [...past, [content, twin] as const]) expect(Buffer.compare(one.toBytes(), other)).toBe(0)
      const part = new Uint8Array(length)
      expect(content.read(part, position)).toBe(Math.max(0, Math.min(length, twin.length - position)))
      expect(
        Buffer.compare(part.subarray(0, Math.max(0, twin.length - position)), twin.subarray(position, position + length)),
      ).toBe(0)
    }),
    { numRuns: 300 },
  )
})

test('contents hash alike when and only when their bytes are alike, however they came about', () => {
  fc.assert(
    fc.property(
      fc.array(anyChange, { maxLength: 8 }),
      anyPosition,
      fc.integer({ min: 1, max: 255 }),
      (changes, position, bits) => {
        const content = changes.reduce(applied, Content.empty)
        const rebuilt = Content.empty.write(0, content.toBytes()).resize(content.sizeBytes)
        expect(rebuilt.hash()).toEqual(content.hash())
        if (position >= content.sizeBytes) return
        expect(content.flip(position, bits).hash()).not.toEqual(content.hash())
        expect(content.flip(position, bits).flip(position, bits).hash()).toEqual(content.hash())
      },
    ),
    { numRuns: 300 },
  )
})

test('only filling holes takes room', () => {
  const content = Content.empty.resize(10 * chunkBytes)
  expect(content.filledChunks).toBe(0)
  expect(content.room(100, 5 * chunkBytes, 2)).toBe(2 * chunkBytes - 100)
  expect(content.room(100, 50, 0)).toBe(0)
  const filled = content.write(0, new Uint8Array(3 * chunkBytes))
  expect(filled.filledChunks).toBe(3)
  expect(filled.room(10, 3 * chunkBytes - 10, 0)).toBe(3 * chunkBytes - 10)
  expect(filled.room(2 * chunkBytes, 2 * chunkBytes, 0)).toBe(chunkBytes)
  expect(filled.resize(chunkBytes).filledChunks).toBe(1)
})
