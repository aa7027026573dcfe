import { fc } from '@fast-check/vitest'
import { describe, expect, test } from 'vitest'
import { MillraceError } from '../base/errors.ts'
import { frameOf, messageIn } from './any-frame.fixtures.ts'
import { apiOf } from './apis.ts'
import { capturedFrames } from './captured-frames.fixtures.ts'
import { messageArbitrary, messageCases, type MessageCase } from './messages.fixtures.ts'

/** What may come of bytes that anybody sends: a message, or FRAME_INVALID. */
function outcome(messageCase: MessageCase, frame: Uint8Array): 'message' | 'refused' {
  try {
    messageIn(messageCase, frame)
    return 'message'
  } catch (error) {
    if (error instanceof MillraceError && error.code === 'FRAME_INVALID') return 'refused'
    // The mutation made it a request of another key or version.
    if (error instanceof Error && error.message.startsWith('it is of an unknown')) return 'refused'
    throw new Error(`${JSON.stringify(messageCase)}: ${Buffer.from(frame).toString('hex')}`, { cause: error })
  }
}

/** More of them, or others: MILLRACE_FUZZ_FRAMES, MILLRACE_FUZZ_SEED. */
const frames = Number(process.env['MILLRACE_FUZZ_FRAMES'] ?? 100_000)
/** Ten times what it takes. */
const limitMs = 30_000 + frames / 5
const seed = Number(process.env['MILLRACE_FUZZ_SEED'] ?? 1)

/** Frames of each message in each version, always the same, and those that real clients sent. */
const samples = [
  ...messageCases.flatMap((messageCase) =>
    fc
      .sample(messageArbitrary(messageCase), { numRuns: 2, seed })
      .map((message) => ({ messageCase, frame: frameOf(messageCase, message) })),
  ),
  ...capturedFrames.map(({ frame, ...messageCase }) => ({ messageCase, frame })),
]
/** Without those of an API whose requests may have bytes behind them. */
const exact = samples.filter(({ messageCase: { kind, name } }) => kind === 'response' || apiOf(name).trailing !== 'ignored')

describe('SEC-14, SEC-15: a frame that is not what it says', () => {
  test('cut at any byte it is refused', () => {
    for (const { messageCase, frame } of exact)
      for (let end = 0; end < frame.length; end += frame.length > 300 ? 7 : 1)
        expect(outcome(messageCase, frame.subarray(0, end)), `${JSON.stringify(messageCase)} cut at ${end}`).toBe('refused')
  })

  test('with a byte behind its end it is refused', () => {
    for (const { messageCase, frame } of exact)
      expect(outcome(messageCase, Buffer.concat([frame, Uint8Array.of(0)]))).toBe('refused')
  })

  test(
    'changed at random it is a message, or refused, and nothing else happens',
    () => {
      const random = fc.sample(fc.infiniteStream(fc.nat()), { numRuns: 1, seed })[0]!
      const draw = (below: number): number => random.next().value! % below
      const counts = { message: 0, refused: 0 }
      for (let round = 0; round < frames; round++) {
        const { messageCase, frame } = samples[draw(samples.length)]!
        const changed = Uint8Array.from(frame)
        for (let changes = 1 + draw(3); changes > 0; changes--) change(changed, draw)
        counts[outcome(messageCase, changed)]++
      }
      expect(counts.message).toBeGreaterThan(frames / 10)
      expect(counts.refused).toBeGreaterThan(frames / 10)
    },
    limitMs,
  )
})

/** One byte, or four with a number that a size or a count might be. */
function change(bytes: Uint8Array, draw: (below: number) => number): void {
  const at = draw(bytes.length)
  if (draw(2) === 0) bytes[at] = draw(256)
  else bytes.set(boldNumbers[draw(boldNumbers.length)]!.slice(0, bytes.length - at), at)
}

const boldNumbers: readonly (readonly number[])[] = [
  [0x7f, 0xff, 0xff, 0xff],
  [0xff, 0xff, 0xff, 0xff],
  [0x80, 0, 0, 0],
  [0, 1, 0, 0],
  [0xff, 0xff, 0xff, 0xff, 0x0f],
  [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
]
