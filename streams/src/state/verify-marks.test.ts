import { describe, expect, test } from 'vitest'
import type { StoredMark } from './state-marks.ts'
import { verifyMarks, type ChangelogFacts } from './verify-marks.ts'

const hour = 3_600_000
const now = 1_763_722_000_000

const mark: StoredMark = {
  store: 'counts',
  topic: 'app-counts-changelog',
  topicId: 'id-1',
  kind: 'own',
  position: 100,
  newestOffset: 98,
  producerId: 7,
  producerEpoch: 12,
  leaderEpoch: 3,
}

const facts: ChangelogFacts = {
  topicId: 'id-1',
  logStart: 0,
  endOffset: 250,
  newest: { producerId: 7, producerEpoch: 12, leaderEpoch: 3 },
  epochEnd: 250,
  deleteRetentionMs: 24 * hour,
}

interface Row {
  readonly when: string
  readonly mark?: Partial<StoredMark>
  readonly facts?: Partial<ChangelogFacts>
  readonly ageMs?: number
  /** Null: keep. */
  readonly wipe: string | null
}

const table: readonly Row[] = [
  { when: 'the store is a prefix of the log', wipe: null },
  {
    when: 'nothing was ever written to it',
    mark: { position: 0, newestOffset: -1 },
    facts: { endOffset: 0, newest: null, epochEnd: null },
    wipe: null,
  },
  {
    when: 'a new store has a changelog of a former life to read',
    mark: { position: 0, newestOffset: -1 },
    facts: { newest: null },
    wipe: null,
  },

  { when: 'the topic was deleted and made again', facts: { topicId: 'id-2' }, wipe: 'the topic was made anew' },
  { when: 'the log does not tell topic ids', facts: { topicId: '' }, wipe: null },
  { when: 'the store does not know the topic id', mark: { topicId: '' }, wipe: null },

  { when: 'it stands at the end', mark: { position: 250 }, wipe: null },
  { when: 'it stands beyond the end', mark: { position: 251 }, wipe: 'the store stands at 251, and the changelog ends at 250' },
  { when: 'the log begins where it stands', facts: { logStart: 100 }, wipe: null },
  {
    when: 'the log begins behind it',
    facts: { logStart: 101 },
    wipe: 'the store stands at 100, and the changelog begins at 101',
  },

  { when: 'its epoch ended where it stands', facts: { epochEnd: 100 }, wipe: null },
  { when: 'its epoch ended before it', facts: { epochEnd: 99 }, wipe: 'epoch 3 of the log ends at 99' },

  {
    when: 'another epoch wrote its newest record',
    facts: { newest: { ...facts.newest!, leaderEpoch: 4 } },
    wipe: 'another leaderEpoch: 3 in the store, 4 in the log',
  },
  {
    when: 'another producer wrote its newest record',
    facts: { newest: { ...facts.newest!, producerId: 8 } },
    wipe: 'another producerId',
  },
  {
    when: 'another transaction wrote its newest record',
    facts: { newest: { ...facts.newest!, producerEpoch: 13 } },
    wipe: 'another producerEpoch',
  },
  {
    when: 'the log does not tell who wrote it',
    facts: { newest: { producerId: -1, producerEpoch: -1, leaderEpoch: -1 } },
    wipe: null,
  },
  {
    when: 'the store does not know who wrote it (a source topic)',
    mark: { producerId: -1, producerEpoch: -1, leaderEpoch: -1 },
    wipe: null,
  },

  { when: 'its newest record was compacted away and the epoch still tells', facts: { newest: null }, wipe: null },
  {
    when: 'its newest record was compacted away and no epoch tells',
    facts: { newest: null, epochEnd: null },
    wipe: 'the record at 98 is gone',
  },

  { when: 'it is half as old as tombstones live', ageMs: 12 * hour, wipe: null },
  { when: 'it is older than that', ageMs: 12 * hour + 1, wipe: 'the store is 43200 s old, and tombstones stay 86400 s' },
  { when: 'it is older, and only the marker of its commit follows', mark: { position: 249 }, ageMs: 1_000 * hour, wipe: null },
  {
    when: 'it is older, and one record of a source topic follows',
    mark: { position: 249, kind: 'source' },
    ageMs: 1_000 * hour,
    wipe: 'tombstones stay',
  },
  {
    when: 'it is older, and nothing follows in a source topic',
    mark: { position: 250, kind: 'source' },
    ageMs: 1_000 * hour,
    wipe: null,
  },
  { when: 'the clock was turned back', ageMs: -1_000 * hour, wipe: null },
]

describe('a store on disk', () => {
  test.each(table)('when $when: wipe $wipe', (row) => {
    const marks = { time: now - (row.ageMs ?? 0), stores: [{ ...mark, ...row.mark }] }
    const verdict = verifyMarks(marks, new Map([['counts', { ...facts, ...row.facts }]]), now)
    const reason = verdict.decision === 'wipe' ? verdict.reason : null
    if (row.wipe === null) expect(reason).toBeNull()
    else expect(reason).toContain(row.wipe)
  })

  test('is wiped for one of its stores, which the reason names', () => {
    const marks = { time: now, stores: [mark, { ...mark, store: 'totals', topic: 'app-totals-changelog', position: 251 }] }
    const verdict = verifyMarks(
      marks,
      new Map([
        ['counts', facts],
        ['totals', facts],
      ]),
      now,
    )
    expect(verdict).toEqual({
      decision: 'wipe',
      reason: 'store "totals" (app-totals-changelog): the store stands at 251, and the changelog ends at 250',
    })
  })

  test('is wiped when the log knows no changelog of it', () => {
    expect(verifyMarks({ time: now, stores: [mark] }, new Map(), now).decision).toBe('wipe')
  })
})
