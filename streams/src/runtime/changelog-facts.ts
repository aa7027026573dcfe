import type { LogClient, TopicDescription } from '@millrace/core'
import type { StoredMark, StoredMarks } from '../state/state-marks.ts'
import type { BatchWriter, ChangelogFacts } from '../state/verify-marks.ts'

const defaultDeleteRetentionMs = 86_400_000

/** What the log says about the changelogs that an engine was written from: by store, for `verifyMarks`. */
export async function changelogFacts(
  log: LogClient,
  marks: StoredMarks,
  partition: number,
): Promise<ReadonlyMap<string, ChangelogFacts>> {
  const descriptions = await log.admin.describeTopics(marks.stores.map(({ topic }) => topic))
  const facts = new Map<string, ChangelogFacts>()
  for (const [index, mark] of marks.stores.entries()) {
    const description = descriptions[index]
    facts.set(mark.store, description ? await factsOf(log, mark, partition, description) : missing)
  }
  return facts
}

/** The topic is gone: no topic id equals this one. */
const missing: ChangelogFacts = {
  topicId: 'none',
  logStart: 0,
  endOffset: 0,
  newest: null,
  epochEnd: null,
  deleteRetentionMs: defaultDeleteRetentionMs,
}

async function factsOf(
  log: LogClient,
  mark: StoredMark,
  partition: number,
  { topicId, config }: TopicDescription,
): Promise<ChangelogFacts> {
  const [logStart, endOffset] = await log.admin.listOffsets([
    { topic: mark.topic, partition, at: 'earliest' },
    { topic: mark.topic, partition, at: 'stable' },
  ])
  return {
    topicId,
    logStart: logStart!,
    endOffset: endOffset!,
    newest: mark.newestOffset < logStart! || mark.newestOffset >= endOffset! ? null : await writerAt(log, mark, partition),
    epochEnd: null,
    deleteRetentionMs: Number(config['delete.retention.ms'] ?? defaultDeleteRetentionMs),
  }
}

/** Who wrote the batch that covers the mark's newest record. */
async function writerAt(log: LogClient, { topic, newestOffset }: StoredMark, partition: number): Promise<BatchWriter | null> {
  await using consumer = await log.consumer({ isolation: 'read_uncommitted' })
  await consumer.assign([{ topic, partition, offset: newestOffset }])
  const [batch] = await consumer.poll({ maxBytes: 1 })
  if (batch === undefined || batch.baseOffset > newestOffset) return null
  const { producerId, producerEpoch, leaderEpoch } = batch
  return { producerId, producerEpoch, leaderEpoch }
}
