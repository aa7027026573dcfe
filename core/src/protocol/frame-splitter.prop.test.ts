import { fc, test } from '@fast-check/vitest'
import { describe, expect } from 'vitest'
import { FrameSplitter } from './frame-splitter.ts'

function framed(contents: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat(
    contents.flatMap((content) => {
      const size = Buffer.alloc(4)
      size.writeInt32BE(content.length)
      return [size, content]
    }),
  )
}

/** Pieces that end where the numbers say. */
function cut(bytes: Uint8Array, places: readonly number[]): Uint8Array[] {
  const ends = [...new Set(places.map((place) => place % (bytes.length + 1)))].sort((a, b) => a - b)
  return [...ends, bytes.length].map((end, i) => bytes.subarray(i === 0 ? 0 : ends[i - 1], end))
}

function framesOf(splitter: FrameSplitter): Uint8Array[] {
  const frames: Uint8Array[] = []
  for (let frame = splitter.next(); frame !== undefined; frame = splitter.next()) frames.push(frame)
  return frames
}

const contents = fc.array(fc.uint8Array({ maxLength: 50 }), { maxLength: 6 })
const places = fc.array(fc.nat(400), { maxLength: 10 })

describe('FrameSplitter', () => {
  test.prop([contents, places])('gives the same frames however the bytes arrive', (frames, ends) => {
    const splitter = new FrameSplitter(50)
    const found: Uint8Array[] = []
    for (const piece of cut(framed(frames), ends)) {
      splitter.push(piece)
      found.push(...framesOf(splitter))
    }
    expect(found.map((frame) => [...frame])).toEqual(frames.map((frame) => [...frame]))
    expect(splitter.pendingBytes).toBe(0)
  })

  test.prop([contents])('gives the same frames byte by byte', (frames) => {
    const splitter = new FrameSplitter(50)
    const found = [...framed(frames)].flatMap((byte) => {
      splitter.push(Uint8Array.of(byte))
      return framesOf(splitter)
    })
    expect(found.map((frame) => [...frame])).toEqual(frames.map((frame) => [...frame]))
  })

  test('gives frames of one piece as views, and takes more before all are taken', () => {
    const splitter = new FrameSplitter(10)
    const piece = framed([Uint8Array.of(1), Uint8Array.of(2, 3)])
    splitter.push(piece)
    const first = splitter.next()!
    expect(first.buffer).toBe(piece.buffer)
    splitter.push(framed([Uint8Array.of(4)]))
    expect(framesOf(splitter).map((frame) => [...frame])).toEqual([[2, 3], [4]])
  })

  test('SEC-14: refuses a size above the limit before it keeps anything of the frame, and stays broken', () => {
    const splitter = new FrameSplitter(100)
    splitter.push(framed([new Uint8Array(100)]))
    expect(splitter.next()).toHaveLength(100)
    splitter.push(framed([new Uint8Array(101)]).subarray(0, 20))
    expect(() => splitter.next()).toThrow('FRAME_TOO_LARGE: a frame is too large: expected at most 100 bytes, received 101')
    expect(splitter.pendingBytes).toBe(0)
    splitter.push(framed([Uint8Array.of(1)]))
    expect(splitter.next()).toBeUndefined()
  })

  test('refuses it too when the size comes in pieces', () => {
    const splitter = new FrameSplitter(100)
    for (const byte of [0x7f, 0xff, 0xff]) {
      splitter.push(Uint8Array.of(byte))
      expect(splitter.next()).toBeUndefined()
    }
    splitter.push(Uint8Array.of(0xff))
    expect(() => splitter.next()).toThrow('FRAME_TOO_LARGE')
  })

  test('SEC-14: refuses a negative size', () => {
    const splitter = new FrameSplitter(100)
    splitter.push(Uint8Array.of(0xff, 0xff, 0xff, 0xff))
    expect(() => splitter.next()).toThrow('FRAME_INVALID: the size of a frame is negative')
  })

  test('SEC-14: keeps no more than twice what came, whatever the size says', () => {
    const splitter = new FrameSplitter(2 ** 31 - 1)
    const before = process.memoryUsage().arrayBuffers
    splitter.push(Uint8Array.of(0x7f, 0xff, 0xff, 0xff, ...new Uint8Array(100)))
    expect(splitter.next()).toBeUndefined()
    expect(splitter.pendingBytes).toBe(104)
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(10_000_000)
  })

  test('takes a larger limit from the next frame on', () => {
    const splitter = new FrameSplitter(1)
    splitter.push(framed([Uint8Array.of(1), Uint8Array.of(2, 3)]))
    expect(splitter.next()).toHaveLength(1)
    splitter.limitBytes = 2
    expect(splitter.next()).toHaveLength(2)
  })
})
