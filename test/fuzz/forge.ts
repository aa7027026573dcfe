import { readFileSync } from 'node:fs'
import { encodeRequest, type ApiName } from '@millrace/core/testing'
import { anyRequest, type Surroundings } from './any-request.ts'
import type { Draws } from './draws.ts'

/** Bytes as they go to a socket, the size first. */
export interface Forged {
  readonly kind: 'content' | 'changed' | 'noise' | 'size'
  readonly bytes: Buffer
}

/**
 * Makes frames that are wrong in some way.
 *
 *   content   the form is right, what it says is anything, record batches with flaws among it
 *   changed   such a frame, or one that a real client has sent, with bytes changed, cut out, put in, or cut off; the size fits
 *   noise     random bytes behind a random or a known API key and version
 *   size      the size is not that of the frame
 */
export class Forge {
  private readonly draws: Draws
  private readonly around: () => Surroundings

  constructor(draws: Draws, around: () => Surroundings) {
    this.draws = draws
    this.around = around
  }

  next(correlationId: number): Forged {
    const lot = this.draws.below(100)
    if (lot < 20) return { kind: 'content', bytes: framed(this.content(correlationId)) }
    if (lot < 90) return { kind: 'changed', bytes: framed(this.changed(correlationId)) }
    if (lot < 97) return { kind: 'noise', bytes: framed(this.noise(correlationId)) }
    return { kind: 'size', bytes: this.wrongSize(correlationId) }
  }

  private content(correlationId: number): Buffer {
    const { name, version, message } = anyRequest(this.draws, this.around())
    const { chunks } = encodeRequest(name, { version, correlationId, clientId: 'fuzz' }, message as never)
    return Buffer.concat(chunks).subarray(4)
  }

  private captured(correlationId: number): Buffer {
    const frame = Buffer.from(this.draws.pick(capturedRequests))
    frame.writeInt32BE(correlationId, 4)
    return frame
  }

  private changed(correlationId: number): Buffer {
    const { draws } = this
    let frame = draws.chance(0.5) ? this.captured(correlationId) : this.content(correlationId)
    for (let changes = 1 + draws.below(3); changes > 0; changes--) frame = this.change(frame)
    return frame
  }

  private change(frame: Buffer): Buffer {
    const { draws } = this
    if (frame.length === 0) return frame
    const at = draws.chance(0.1) ? draws.below(Math.min(8, frame.length)) : draws.below(frame.length)
    switch (draws.below(8)) {
      case 0:
        return frame.subarray(0, at)
      case 1:
        return Buffer.concat([frame, Buffer.alloc(1 + draws.below(8), draws.below(256))])
      case 2:
        return Buffer.concat([frame.subarray(0, at), frame.subarray(Math.min(frame.length, at + 1 + draws.below(4)))])
      case 3:
        return Buffer.concat([frame.subarray(0, at), Buffer.alloc(1 + draws.below(4), draws.below(256)), frame.subarray(at)])
      case 4:
      case 5: {
        const bold = draws.pick(boldBytes)
        frame.set(bold.subarray(0, frame.length - at), at)
        return frame
      }
      default:
        frame[at] = draws.below(256)
        return frame
    }
  }

  private noise(correlationId: number): Buffer {
    const { draws } = this
    const frame = Buffer.alloc(8 + draws.below(64))
    for (let at = 8; at < frame.length; at++) frame[at] = draws.below(256)
    frame.writeInt16BE(draws.chance(0.3) ? draws.below(0x10000) - 0x8000 : draws.below(100), 0)
    frame.writeInt16BE(draws.chance(0.3) ? draws.below(0x10000) - 0x8000 : draws.below(20), 2)
    frame.writeInt32BE(correlationId, 4)
    return frame.subarray(0, draws.chance(0.1) ? draws.below(9) : frame.length)
  }

  private wrongSize(correlationId: number): Buffer {
    const { draws } = this
    const frame = framed(draws.chance(0.5) ? this.captured(correlationId) : this.content(correlationId))
    const near = Math.max(0, frame.length - 4 + draws.below(21) - 10)
    frame.writeInt32BE(draws.chance(0.5) ? near : draws.pick(boldSizes), 0)
    return frame
  }
}

const boldSizes = [-1, 0, 1, 3, 7, 2 ** 31 - 1, -(2 ** 31), 100 << 20, (100 << 20) + 1, 1 << 20]
const boldBytes = ['7fffffff', 'ffffffff', '80000000', '00010000', 'ffffffff0f', 'ffffffffffffffff', 'ffffffff07', '8000'].map(
  (text) => Buffer.from(text, 'hex'),
)

function framed(frame: Buffer): Buffer {
  const sized = Buffer.allocUnsafe(4 + frame.length)
  sized.writeInt32BE(frame.length)
  frame.copy(sized, 4)
  return sized
}

/** What real clients have sent: the captured frames that the tests of the protocol stand on. */
const capturedRequests: readonly Buffer[] = readFileSync(
  new URL('../../core/src/protocol/testdata/captured-frames.txt', import.meta.url),
  'utf8',
)
  .split('\n')
  .filter((line) => line !== '' && !line.startsWith('#'))
  .map((line) => line.split(' ') as [string, ApiName, 'request' | 'response', string, string])
  .filter(([, , kind]) => kind === 'request')
  .map(([, , , , bytes]) => Buffer.from(bytes, 'base64'))
