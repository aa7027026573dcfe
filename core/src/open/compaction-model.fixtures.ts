import { expect } from 'vitest'
import type { RecordObject } from '../record/batch-reader.ts'
import { retention, type CompactionHistory, type Found, type Pass, type Written } from './compaction-history.fixtures.ts'

/** What must stand in the partition after its last pass, record by record, told from everything that was written and the passes. */
export async function expectModel(history: CompactionHistory): Promise<void> {
  const found = new Map((await history.readAll()).map((one) => [one.header.baseOffset, one]))
  for (const one of history.written) expectBatch(history, one, found.get(one.header.baseOffset))
  for (const base of found.keys()) expect(history.written.some(({ header }) => header.baseOffset === base)).toBe(true)
  expectProducers(history, [...found.values()])
  const ends = new Set([...found.values()].map(({ header }) => header.baseOffset + header.lastOffsetDelta + 1))
  for (const { endOffset } of history.folder.completeSegments()) expect(ends).toContain(endOffset)
}

function expectBatch(history: CompactionHistory, written: Written, found: Found | undefined): void {
  const records = written.header.control ? markerAfter(written, history) : recordsAfter(written, history)
  const plain = (record: RecordObject): unknown => ({
    ...record,
    key: record.key?.toString(),
    value: record.value?.toString('hex'),
  })
  expect([written.header.baseOffset, (found?.records ?? []).map(plain)]).toEqual([written.header.baseOffset, records.map(plain)])
  if (found === undefined) return
  const { header } = found
  const kept = (of: typeof header): unknown => {
    const { baseOffset, lastOffsetDelta, leaderEpoch, producerId, producerEpoch, baseSequence, transactional, control } = of
    return { baseOffset, lastOffsetDelta, leaderEpoch, producerId, producerEpoch, baseSequence, transactional, control }
  }
  expect(kept(header)).toEqual(kept(written.header))
  if (header.count > 0) expect(header.compression).toBe(written.header.compression)
  else expect(isNeeded(history, written)).toBe(true)
}

/** Why a batch without records may stand there. */
function isNeeded(history: CompactionHistory, { header, lastOffset }: Written): boolean {
  const last = history.lastOfProducers.get(header.producerId)
  if (last?.kind === 'data' && last.lastOffset === lastOffset) return true
  if (last?.kind === 'marker' && header.control && last.producerEpoch === header.producerEpoch) return true
  return history.folder.completeSegments().some(({ endOffset }) => endOffset === lastOffset + 1)
}

function recordsAfter(written: Written, history: CompactionHistory): readonly RecordObject[] {
  let records = written.records
  let horizon: number | null = null
  for (const pass of covering(history, written)) {
    records = written.fate === 'aborted' ? [] : records.filter((record) => isKept(record, pass, horizon, history))
    const hasTombstone = records.some(({ value }) => value === null)
    if (hasTombstone && horizon === null && written.lastOffset <= pass.latestOffset) horizon = pass.now + retention()
  }
  return records
}

function isKept(record: RecordObject, pass: Pass, horizon: number | null, { written }: CompactionHistory): boolean {
  if (record.offset > pass.latestOffset) return true
  if (record.key === null || (record.value === null && horizon !== null && horizon <= pass.now)) return false
  return !written.some(
    ({ fate, header, records }) =>
      fate !== 'aborted' &&
      !header.control &&
      records.some(({ key, offset }) => offset > record.offset && offset <= pass.latestOffset && key?.equals(record.key!)),
  )
}

function markerAfter(written: Written, history: CompactionHistory): readonly RecordObject[] {
  let horizon: number | null = null
  for (const pass of covering(history, written)) {
    const isAlone = !history.written.some(
      ({ header, transaction }) =>
        !header.control &&
        transaction !== null &&
        transaction === written.transaction &&
        header.producerId === written.header.producerId &&
        pass.before.has(header.baseOffset),
    )
    if (!isAlone) continue
    if (horizon !== null && horizon <= pass.now) return []
    horizon ??= pass.now + retention()
  }
  return written.records
}

function covering({ passes }: CompactionHistory, { header }: Written): readonly Pass[] {
  return passes.filter(({ coveredTo }) => header.baseOffset < coveredTo)
}

function expectProducers({ lastOfProducers }: CompactionHistory, found: readonly Found[]): void {
  for (const [id, last] of lastOfProducers) {
    const isThere = found.some(({ header: { producerId, control, producerEpoch, baseOffset, lastOffsetDelta } }) => {
      if (producerId !== id) return false
      return last.kind === 'data'
        ? baseOffset + lastOffsetDelta === last.lastOffset
        : control && producerEpoch === last.producerEpoch
    })
    expect([id, last, isThere]).toEqual([id, last, true])
  }
}
