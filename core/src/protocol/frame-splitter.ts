import { coreError } from '../base/error-catalogue.ts'
import { readInt32 } from '../record/big-endian.ts'

/**
 * Cuts what a connection brings into frames: four bytes of size, then as many bytes. SASL's bare tokens are framed alike.
 *
 * Invariants
 *   F1  A frame that lies within one piece is a view of it; any other is put together once.
 *   F2  A size above the limit is refused before any byte of the frame is kept.
 *   F3  What is kept is at most twice what came of the frame, and never more than the frame: the declared size alone allocates
 *       nothing.
 *   F4  After an error there are no further frames: nobody knows where the next one begins.
 *
 * Take frames with `next` until there is none, then push the next piece; so a server reads no further while it is busy.
 */
export class FrameSplitter {
  /** Of a frame without its size field. It may change between frames: a client gets a larger one when it is authenticated. */
  limitBytes: number
  /** What came and was not taken: a view of the last piece, or `kept` below `keptBytes`. */
  private piece: Uint8Array = nothing
  private kept: Uint8Array = nothing
  private keptBytes = 0
  private broken = false

  constructor(limitBytes: number) {
    this.limitBytes = limitBytes
  }

  /** Bytes that came and are in no frame yet. */
  get pendingBytes(): number {
    return this.keptBytes + this.piece.length
  }

  /** All frames must have been taken. The piece must not change as long as a frame of it is held. */
  push(piece: Uint8Array): void {
    this.piece = this.piece.length === 0 ? piece : Buffer.concat([this.piece, piece])
  }

  /** The next whole frame without its size field. @throws FRAME_TOO_LARGE, FRAME_INVALID */
  next(): Uint8Array | undefined {
    if (this.broken) return undefined
    if (this.keptBytes > 0) return this.completeKept()
    const { piece } = this
    if (piece.length < sizeFieldBytes) return this.keep(sizeFieldBytes)
    const end = sizeFieldBytes + this.sizeOf(piece)
    if (piece.length < end) return this.keep(end)
    this.piece = piece.subarray(end)
    return piece.subarray(sizeFieldBytes, end)
  }

  /** A frame has begun in a piece before this one. */
  private completeKept(): Uint8Array | undefined {
    if (this.keptBytes < sizeFieldBytes) {
      this.keep(sizeFieldBytes)
      if (this.keptBytes < sizeFieldBytes) return undefined
    }
    const end = sizeFieldBytes + this.sizeOf(this.kept)
    this.keep(end)
    if (this.keptBytes < end) return undefined
    const frame = this.kept.subarray(sizeFieldBytes, end)
    this.kept = nothing
    this.keptBytes = 0
    return frame
  }

  /** Moves bytes of the piece to those that are kept, until there are `wanted` of them. */
  private keep(wanted: number): undefined {
    const count = Math.min(wanted - this.keptBytes, this.piece.length)
    if (count === 0) return
    if (this.keptBytes + count > this.kept.length) this.grow(wanted, this.keptBytes + count)
    this.kept.set(this.piece.subarray(0, count), this.keptBytes)
    this.keptBytes += count
    this.piece = this.piece.subarray(count)
  }

  private grow(wanted: number, least: number): void {
    const kept = new Uint8Array(Math.min(wanted, Math.max(least, 2 * this.kept.length)))
    kept.set(this.kept.subarray(0, this.keptBytes))
    this.kept = kept
  }

  private sizeOf(bytes: Uint8Array): number {
    const sizeBytes = readInt32(bytes, 0)
    if (sizeBytes >= 0 && sizeBytes <= this.limitBytes) return sizeBytes
    this.broken = true
    this.piece = nothing
    const expected = `at most ${this.limitBytes} bytes`
    if (sizeBytes < 0)
      throw coreError('FRAME_INVALID', { what: 'the size of a frame is negative', expected, received: sizeBytes })
    throw coreError('FRAME_TOO_LARGE', { what: 'a frame is too large', expected, received: sizeBytes })
  }
}

const sizeFieldBytes = 4
const nothing = new Uint8Array()
