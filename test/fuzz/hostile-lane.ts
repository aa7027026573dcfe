import { decodeResponse, type ApiName } from '@millrace/core/testing'
import type { Draws } from './draws.ts'
import type { Exchange } from './exchange.ts'
import { foresee, hasErrorCode, type Foreseen } from './foreseen.ts'
import type { Forge, Forged } from './forge.ts'

export interface Tally {
  frames: number
  content: number
  changed: number
  noise: number
  size: number
  answered: number
  refused: number
  closed: number
  left: number
  connections: number
  inSingleBytes: number
  inPieces: number
}

export function newTally(): Tally {
  return {
    frames: 0,
    content: 0,
    changed: 0,
    noise: 0,
    size: 0,
    answered: 0,
    refused: 0,
    closed: 0,
    left: 0,
    connections: 0,
    inSingleBytes: 0,
    inPieces: 0,
  }
}

/** Frames that are sent at once: at most the last of them is not answered. */
interface Volley {
  readonly frames: readonly Forged[]
  readonly foreseen: readonly Foreseen[]
}

type Answered = Extract<Foreseen, { readonly kind: 'answered' }>

export interface LaneParts {
  readonly open: () => Promise<Exchange>
  readonly forge: Forge
  readonly draws: Draws
  readonly served: ReadonlySet<ApiName>
  readonly tally: Tally
}

const mostInVolley = 24
const mostVolleys = 20

/**
 * One hostile client: it sends volleys over a connection until that is closed, and compares what comes back with what has to come.
 */
export class HostileLane {
  private readonly parts: LaneParts
  private nextId = 1
  /** What it has sent last, for whoever wants to know what broke. */
  last: readonly Forged[] = []

  constructor(parts: LaneParts) {
    this.parts = parts
  }

  /** One connection, from its beginning to its end. @throws when something else comes than has to */
  async connection(): Promise<void> {
    const { tally, draws, open } = this.parts
    tally.connections++
    const exchange = await open()
    for (let volleys = 1 + draws.below(mostVolleys); volleys > 0 && !exchange.isOver; volleys--) await this.volley(exchange)
    exchange.close()
  }

  private async volley(exchange: Exchange): Promise<void> {
    const { tally } = this.parts
    const { frames, foreseen } = this.aim()
    this.last = frames
    await this.send(exchange, Buffer.concat(frames.map(({ bytes }) => bytes)))
    const expected = foreseen.filter((one) => one.kind === 'answered')
    for (const one of expected) await this.expectAnswer(exchange, one)
    const end = foreseen.at(-1)!.kind
    if (end === 'closed') await exchange.expectClosed()
    if (end === 'either' || end === 'waits') exchange.leave()
    for (const { kind } of frames) tally[kind]++
    tally.frames += frames.length
    tally.answered += expected.length
    tally.closed += end === 'closed' ? 1 : 0
    tally.left += end === 'either' || end === 'waits' ? 1 : 0
  }

  private aim(): Volley {
    const { forge, draws, served } = this.parts
    const frames: Forged[] = []
    const foreseen: Foreseen[] = []
    for (let left = 1 + draws.below(mostInVolley); left > 0; left--) {
      const forged = forge.next(this.nextId++)
      const ofIt = foresee(forged.bytes, served)
      frames.push(forged)
      foreseen.push(...ofIt)
      if (ofIt.at(-1)?.kind !== 'answered') break
    }
    return { frames, foreseen }
  }

  /** Most at once, some in pieces, some byte by byte. */
  private async send(exchange: Exchange, bytes: Buffer): Promise<void> {
    const { draws, tally } = this.parts
    const lot = draws.below(100)
    if (lot < 2 && bytes.length < 2_000) {
      tally.inSingleBytes++
      for (let at = 0; at < bytes.length; at++) exchange.write(bytes.subarray(at, at + 1))
    } else if (lot < 10) {
      tally.inPieces++
      for (let at = 0; at < bytes.length;) {
        const end = Math.min(bytes.length, at + 1 + draws.below(200))
        exchange.write(bytes.subarray(at, end))
        if (draws.chance(0.1)) await new Promise(setImmediate)
        at = end
      }
    } else exchange.write(bytes)
  }

  private async expectAnswer(exchange: Exchange, { name, version, correlationId }: Answered): Promise<void> {
    const frame = await exchange.next()
    if (frame === null) throw new Error(`closed instead of an answer to ${name} v${version}`)
    const received = Buffer.from(frame.buffer, frame.byteOffset, frame.length).readInt32BE(0)
    if (received !== correlationId) throw new Error(`answer ${received} instead of ${correlationId} to ${name} v${version}`)
    if (hasErrorCode(decodeResponse(name, version, frame))) this.parts.tally.refused++
  }
}
