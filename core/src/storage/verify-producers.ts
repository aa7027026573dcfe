import type { BatchHeader } from '../record/batch-header.ts'
import type { ProducerSnapshotEntry } from './producer-snapshot.ts'

/** Follows the producers of a partition, batch by batch. */
export interface ProducerReplay {
  apply(header: BatchHeader, batch: Uint8Array): unknown
  snapshot(): ProducerSnapshotEntry[]
}

/** What is known of the partition. */
interface ProducerContext {
  /** Where its first segment begins. */
  readonly firstOffset: number
  readonly gapsBelow?: number
  /** Idle producers may have been forgotten. */
  readonly forgets?: boolean
}

interface ProducerFlaw {
  readonly offset: number
  readonly what: string
}

/**
 * Compares a snapshot with the producers that the segments tell of. It may know more of them than the segments, whose first ones may
 * be gone, and fewer where idle ones are forgotten; of those that both know it must say the same.
 */
export function compareProducers(
  snapshot: readonly ProducerSnapshotEntry[],
  replayed: readonly ProducerSnapshotEntry[],
  { firstOffset, gapsBelow = 0, forgets = false }: ProducerContext,
): ProducerFlaw | null {
  const known = new Map(snapshot.map((entry) => [entry.producerId, entry]))
  const isComplete = firstOffset === 0 && gapsBelow === 0
  for (const wanted of replayed) {
    const entry = known.get(wanted.producerId)
    known.delete(wanted.producerId)
    if (entry === undefined && forgets) continue
    if (entry === undefined) return { offset: wanted.lastOffset, what: `it lacks producer ${wanted.producerId}` }
    const field = fields.find((name) => differs(entry, wanted, name, Math.max(firstOffset, gapsBelow)))
    if (field === undefined) continue
    const what = `of producer ${wanted.producerId} it says ${field} ${entry[field]}, the segments ${wanted[field]}`
    return { offset: Math.max(wanted.lastOffset, 0), what }
  }
  const [strange] = known.values()
  if (strange === undefined || !isComplete) return null
  return { offset: Math.max(strange.lastOffset, 0), what: `no batch tells of producer ${strange.producerId}` }
}

const fields = ['epoch', 'lastSequence', 'lastOffset', 'offsetDelta', 'transactionFirstOffset'] as const

/** A producer whose last records lie where segments or records are gone may have left only its marker there. */
function differs(
  entry: ProducerSnapshotEntry,
  replayed: ProducerSnapshotEntry,
  field: (typeof fields)[number],
  sureFrom: number,
): boolean {
  if (entry[field] === replayed[field]) return false
  if (sureFrom === 0) return true
  if (field === 'epoch') return replayed.epoch > entry.epoch || entry.lastOffset >= sureFrom
  if (field === 'transactionFirstOffset')
    return entry.transactionFirstOffset >= sureFrom || replayed.transactionFirstOffset >= sureFrom
  return entry.lastOffset >= sureFrom || replayed.lastOffset > entry.lastOffset
}
