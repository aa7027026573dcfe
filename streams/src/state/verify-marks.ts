/**
 * Does an engine hold a prefix of what the log holds? Decided from what the engine says about itself and what the log says
 * now. In doubt: wipe; a restore costs time, a wrong store costs the truth.
 *
 *   changelog, by position   logStart ········ newest record ] position ········ endOffset
 *
 *   1  the topic was made anew                                → wipe
 *   2  position beyond the end                                → wipe: the log went back, or is another one
 *   3  position before the log's start                        → wipe: records in between were deleted
 *   4  position beyond the end of the epoch it was made in    → wipe: the log went back and has grown again
 *   5  another commit stands where our newest record stood    → wipe: as 4, where epochs do not tell
 *   6  nothing stands there any more, and no epoch tells      → wipe: it cannot be checked
 *   7  older than half of delete.retention.ms, and there is more to read → wipe: a tombstone may be gone
 */
import type { StoredMark, StoredMarks } from './state-marks.ts'

/** What the log says about one changelog now. */
export interface ChangelogFacts {
  /** Empty where the log does not tell it. */
  readonly topicId: string
  readonly logStart: number
  /** The last stable offset: nothing beyond it was ever committed. */
  readonly endOffset: number
  /**
   * Who wrote the batch that covers `newestOffset` of the mark, read uncommitted (an aborted batch there is evidence too).
   * Null: none covers it any more (compacted away), or the mark has no newest record.
   */
  readonly newest: BatchWriter | null
  /** The end of the mark's leader epoch: where the next one begins, or the end of the log. Null where it is unknown. */
  readonly epochEnd: number | null
  /** delete.retention.ms of the topic. */
  readonly deleteRetentionMs: number
}

/** -1 where unknown. */
export interface BatchWriter {
  readonly producerId: number
  readonly producerEpoch: number
  readonly leaderEpoch: number
}

export type Verdict = { readonly decision: 'keep' } | { readonly decision: 'wipe'; readonly reason: string }

/** Pure; the runtime supplies the facts, by store. `now`: wall clock. */
export function verifyMarks(marks: StoredMarks, facts: ReadonlyMap<string, ChangelogFacts>, now: number): Verdict {
  for (const mark of marks.stores) {
    const fact = facts.get(mark.store)
    const doubt = fact === undefined ? 'the log knows no changelog of it' : doubtAbout(mark, fact, now - marks.time)
    if (doubt !== null) return { decision: 'wipe', reason: `store "${mark.store}" (${mark.topic}): ${doubt}` }
  }
  return { decision: 'keep' }
}

type Rule = (mark: StoredMark, facts: ChangelogFacts, ageMs: number) => string | null

const rules: readonly Rule[] = [topicDiffers, beyondEnd, beforeStart, beyondEpoch, writerDiffers, tombstoneMayBeGone]

function doubtAbout(mark: StoredMark, facts: ChangelogFacts, ageMs: number): string | null {
  for (const rule of rules) {
    const doubt = rule(mark, facts, ageMs)
    if (doubt !== null) return doubt
  }
  return null
}

function topicDiffers(mark: StoredMark, { topicId }: ChangelogFacts): string | null {
  if (mark.topicId === topicId || mark.topicId === '' || topicId === '') return null
  return `the topic was made anew: its id was ${mark.topicId} and is ${topicId} now`
}

function beyondEnd({ position }: StoredMark, { endOffset }: ChangelogFacts): string | null {
  return position > endOffset ? `the store stands at ${position}, and the changelog ends at ${endOffset}` : null
}

function beforeStart({ position }: StoredMark, { logStart }: ChangelogFacts): string | null {
  return position < logStart ? `the store stands at ${position}, and the changelog begins at ${logStart}` : null
}

function beyondEpoch({ position, leaderEpoch }: StoredMark, { epochEnd }: ChangelogFacts): string | null {
  if (epochEnd === null || position <= epochEnd) return null
  return `the store stands at ${position}, and epoch ${leaderEpoch} of the log ends at ${epochEnd}`
}

function writerDiffers(mark: StoredMark, { newest, epochEnd }: ChangelogFacts): string | null {
  if (mark.newestOffset < 0) return null
  if (newest === null)
    return epochEnd === null ? `the record at ${mark.newestOffset} is gone, so that the store cannot be checked` : null
  const differs = identities.find((field) => mark[field] >= 0 && newest[field] >= 0 && mark[field] !== newest[field])
  if (differs === undefined) return null
  return `the record at ${mark.newestOffset} has another ${differs}: ${mark[differs]} in the store, ${newest[differs]} in the log`
}

const identities = ['leaderEpoch', 'producerId', 'producerEpoch'] as const

/** One offset behind the end of an own changelog is the marker of the commit itself: no record is missing. */
function tombstoneMayBeGone(
  { position, kind }: StoredMark,
  { endOffset, deleteRetentionMs }: ChangelogFacts,
  ageMs: number,
): string | null {
  const behind = endOffset - position
  if (behind <= (kind === 'own' ? 1 : 0) || ageMs <= deleteRetentionMs / 2) return null
  return `the store is ${Math.round(ageMs / 1000)} s old, and tombstones stay ${Math.round(deleteRetentionMs / 1000)} s`
}
