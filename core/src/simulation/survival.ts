import type { Content } from './content.ts'
import { apply, placesOf, type FileChange, type NameChange, type WriteChange } from './disk-state.ts'
import type { SimRandom } from './sim-random.ts'

/**
 * What a power cut leaves of that which was pending.
 *
 * Invariants
 *   P1  Only bytes that a pending change covers may differ from what is durable, also within a sector: a disk writes a
 *       sector whole or not at all, so synced neighbours of a torn record survive.
 *   P2  Of the writes to one sector a prefix survives. The page cache holds a sector once, so a later write of it cannot
 *       reach the disk without the earlier ones.
 *   P3  A change of a name survives only with the earlier changes of the names it touches; a rename whole or not at all.
 */
export const sectorBytes = 512

/** The first changes whole, the next one torn at a byte or at a sector, nothing of the rest. */
export function prefixOfContent(durable: Content, changes: readonly FileChange[], random: SimRandom): Content {
  const whole = random.int(changes.length + 1)
  const content = changes.slice(0, whole).reduce(apply, durable)
  const torn = changes[whole]
  if (torn?.kind !== 'write') return content
  return content.write(torn.position, torn.bytes.subarray(0, tornLength(torn, random)))
}

function tornLength({ position, bytes }: WriteChange, random: SimRandom): number {
  const end = position + random.int(bytes.length + 1)
  return random.int(2) === 0 ? end - position : Math.max(0, end - (end % sectorBytes) - position)
}

/** A prefix of all pending names: what a file system with one journal of names leaves. */
export function prefixOfNames(names: readonly NameChange[], random: SimRandom): readonly NameChange[] {
  return names.slice(0, random.int(names.length + 1))
}

/** From nearly all to nearly nothing: an even coin alone would hardly ever lose just one sector of a hundred. */
const lossRates: readonly number[] = [0.02, 0.1, 0.5, 0.9, 0.98]

/** Any names, as far as P3 allows. */
export function subsetOfNames(names: readonly NameChange[], random: SimRandom): readonly NameChange[] {
  const lossRate = oneOf(lossRates, random)
  const lost = new Set<string>()
  return names.filter((change) => {
    const places = placesOf(change)
    const survives = random.next() >= lossRate && !places.some((place) => lost.has(place))
    if (!survives) for (const place of places) lost.add(place)
    return survives
  })
}

/** What a sector holds whose write was lost. */
type Remains = 'old' | 'zeros' | 'garbage'

const remainsOfAll: readonly Remains[] = ['old', 'old', 'zeros', 'garbage']

/** Any sectors, as far as P2 allows; and a size that may have come without data, or not at all. */
export function scatteredContent(durable: Content, changes: readonly FileChange[], random: SimRandom): Content {
  const scatter = new Scatter(durable, random)
  for (const change of changes) {
    if (change.kind === 'write') scatter.write(change)
    else scatter.resize(change.sizeBytes)
  }
  return resizedByChance(scatter.content, durable.sizeBytes, sizeAfter(durable.sizeBytes, changes), random)
}

class Scatter {
  content: Content
  readonly #random: SimRandom
  readonly #lossRate: number
  readonly #remains: Remains
  /** Sectors that have stopped receiving (P2). */
  readonly #stopped = new Set<number>()

  constructor(durable: Content, random: SimRandom) {
    this.content = durable
    this.#random = random
    this.#lossRate = oneOf(lossRates, random)
    this.#remains = oneOf(remainsOfAll, random)
  }

  resize(sizeBytes: number): void {
    if (this.#random.next() >= this.#lossRate) this.content = this.content.resize(sizeBytes)
  }

  /** Neighbouring sectors with the same fate are handled as one. */
  write({ position, bytes }: WriteChange): void {
    const end = position + bytes.length
    let from = position
    let fate: boolean | undefined
    for (let at = position; at < end; at = nextSector(at)) {
      const survives = this.#survives(Math.floor(at / sectorBytes))
      if (fate !== undefined && survives !== fate) {
        this.#settle(from, bytes.subarray(from - position, at - position), fate)
        from = at
      }
      fate = survives
    }
    if (fate !== undefined) this.#settle(from, bytes.subarray(from - position), fate)
  }

  #survives(sector: number): boolean {
    if (this.#stopped.has(sector)) return false
    if (this.#random.next() >= this.#lossRate) return true
    this.#stopped.add(sector)
    return false
  }

  #settle(position: number, bytes: Uint8Array, survives: boolean): void {
    if (survives) this.content = this.content.write(position, bytes)
    else if (this.#remains === 'zeros') this.content = this.content.write(position, new Uint8Array(bytes.length))
    else if (this.#remains === 'garbage') this.content = this.content.write(position, this.#random.bytes(bytes.length))
  }
}

function nextSector(at: number): number {
  return at - (at % sectorBytes) + sectorBytes
}

function sizeAfter(sizeBytes: number, changes: readonly FileChange[]): number {
  return changes.reduce(
    (size, change) => (change.kind === 'write' ? Math.max(size, change.position + change.bytes.length) : change.sizeBytes),
    sizeBytes,
  )
}

function resizedByChance(content: Content, durableBytes: number, fullBytes: number, random: SimRandom): Content {
  const grown = content.sizeBytes - durableBytes
  const chance = random.int(5)
  if (chance === 0 && grown > 0) return content.resize(durableBytes + random.int(grown + 1))
  if (chance === 1 && content.sizeBytes < fullBytes) return content.resize(fullBytes)
  return content
}

function oneOf<T>(values: readonly T[], random: SimRandom): T {
  return values[random.int(values.length)]!
}
