import type { LogHistory, Promised } from './log-history.ts'
import type { LogState, PartitionState, PlacedRecord } from './log-model.ts'
import type { FoundLog, FoundPartition } from './read-log.ts'

/** What a crash of this kind must have left. */
export interface Demand {
  /** The first so many submissions must be there. */
  readonly atLeast: number
  readonly promised: Promised
  /** Ends that a reader saw must be there again. */
  readonly seenStays: boolean
  /** An operation failed on the way: a start may have moved, or not. */
  readonly looseStarts?: boolean
}

/** Which state of the history the log holds. */
export interface Match {
  readonly k: number
  readonly absent: ReadonlySet<number>
}

/** Finds how many of the submissions the log holds. @throws where it holds anything else than the first of them, or too few */
export function checkLog(found: FoundLog, history: LogHistory, demand: Demand): Match {
  const flaws: string[] = []
  for (const match of candidates(history, demand.atLeast)) {
    const difference = damageIn(found) ?? differenceOf(found, history.state(match.k, match.absent), history.compacts)
    if (difference === null) {
      checkWatermarks(found, history, demand)
      return match
    }
    flaws.push(`with the first ${match.k} of ${history.submissions.length}, ${difference}`)
  }
  throw new Error(`the log holds no prefix of what was submitted, of which ${demand.atLeast} are promised:\n${flaws.join('\n')}`)
}

/**
 * The same where the disk itself was spoilt: what can be read is of one state, whichever. Starts are not
 * compared: the checkpoint that moved them may be the loss.
 */
export function checkDamagedLog(found: FoundLog, history: LogHistory): Match {
  let flaw = ''
  for (const match of candidates(history, 0)) {
    const difference = differenceOf(found, history.state(match.k, match.absent), history.compacts)
    if (difference === null) return match
    flaw ||= difference
  }
  throw new Error(`what the log gives back was never there: with all submissions, ${flaw}`)
}

function* candidates({ submissions, doubtful }: LogHistory, atLeast: number): Generator<Match> {
  const doubts = [...doubtful]
  for (let set = 0; set < 1 << doubts.length; set++) {
    const absent = new Set(doubts.filter((_, bit) => (set & (1 << bit)) !== 0))
    for (let k = submissions.length; k >= atLeast; k--) yield { k, absent }
  }
}

/** Null when they agree. */
function differenceOf(found: FoundLog, state: LogState, compacts: boolean): string | null {
  if (found.topics.join() !== state.topics.join()) return `the topics are ${found.topics.join()}, not ${state.topics.join()}`
  for (const [name, expected] of state.partitions) {
    const difference = partitionDifference(found.partitions.get(name)!, expected, compacts)
    if (difference !== null) return `${name} ${difference}`
  }
  return found.position === state.position || found.position === undefined
    ? null
    : `the group is at ${found.position}, not ${state.position}`
}

function partitionDifference(found: FoundPartition, expected: PartitionState, compacts: boolean): string | null {
  if (found.damage !== null) return beginningDifference(found, expected)
  if (found.end !== expected.end) return `ends at ${found.end}, not ${expected.end}`
  if (found.lastStable !== expected.lastStable) return `is stable to ${found.lastStable}, not ${expected.lastStable}`
  if (compacts && expected.compacted) return compactedDifference(found.records, expected.records)
  return recordsDifference(
    found.records,
    expected.records.filter(({ offset }) => offset >= found.start),
  )
}

/** Of a partition that is damaged somewhere, what was read before is right. */
function beginningDifference({ records }: FoundPartition, expected: PartitionState): string | null {
  const byOffset = new Map(expected.records.map((record) => [record.offset, record]))
  for (const record of records) {
    const wanted = byOffset.get(record.offset)
    if (!isSame(record, wanted)) return `holds ${shown(record)} before its damage, not ${shown(wanted)}`
  }
  return null
}

/** Where nothing was done to the disk, nothing may be damaged. */
function damageIn({ partitions, position }: FoundLog): string | null {
  for (const [name, { damage }] of partitions) if (damage !== null) return `${name} is damaged: ${damage.message}`
  return position === undefined ? 'the group cannot be read' : null
}

function recordsDifference(found: readonly PlacedRecord[], expected: readonly PlacedRecord[]): string | null {
  for (let at = 0; at < Math.max(found.length, expected.length); at++) {
    if (!isSame(found[at], expected[at])) return `holds ${shown(found[at])}, not ${shown(expected[at])}`
  }
  return null
}

/** Records may be missing; those that are there are right, and the table is the same. */
function compactedDifference(found: readonly PlacedRecord[], expected: readonly PlacedRecord[]): string | null {
  const byOffset = new Map(expected.map((record) => [record.offset, record]))
  for (const record of found) {
    if (!isSame(record, byOffset.get(record.offset))) return `holds ${shown(record)}, not ${shown(byOffset.get(record.offset))}`
  }
  const [table, wanted] = [tableOf(found), tableOf(expected)]
  return table === wanted ? null : `has the table ${table}, not ${wanted}`
}

function tableOf(records: readonly PlacedRecord[]): string {
  const table = new Map<string, string>()
  for (const { key, value, visible } of records) {
    if (!visible) continue
    if (value === null) table.delete(key!)
    else table.set(key!, value)
  }
  return [...table]
    .map(([key, value]) => `${key}=${value}`)
    .sort()
    .join()
}

function isSame(a: PlacedRecord | undefined, b: PlacedRecord | undefined): boolean {
  return a?.offset === b?.offset && a?.key === b?.key && a?.value === b?.value && a?.visible === b?.visible
}

function shown(record: PlacedRecord | undefined): string {
  return record === undefined ? 'nothing' : JSON.stringify(record)
}

/** Starts and ends never fall, and a start rises only as far as an operation wanted it. */
function checkWatermarks(found: FoundLog, history: LogHistory, { promised, seenStays, looseStarts }: Demand): void {
  const next = history.starts[promised.done + 1] ?? history.starts.at(-1) ?? {}
  for (const [name, { start, end, lastStable }] of found.partitions) {
    // A topic that is being deleted is not seen any more, and may be there again.
    const seen = promised.starts[name] ?? history.starts[promised.done]?.[name] ?? 0
    const wanted = Math.max(seen, next[name] ?? 0)
    // A checkpoint that was on its way takes a start as far as its segments go.
    const isBetween = seen <= start && (start <= wanted || looseStarts === true)
    if (!isBetween) throw new Error(`${name} starts at ${start}; readers had seen ${seen}, and ${wanted} was wanted`)
    if (seenStays && end < (promised.ends[name] ?? 0) && promised.done === history.starts.length - 1) {
      throw new Error(`${name} ends at ${end}, readers had seen ${promised.ends[name]}`)
    }
    if (start > lastStable) throw new Error(`${name} starts at ${start}, behind its last stable offset ${lastStable}`)
  }
}
