import type { Admin, NewTopic } from '@millrace/core'

/** History that is kept for ever: a flight of 2001 is long past any retention time. */
const kept = { 'retention.ms': '-1' }
/** Of each key only the last record counts. */
const compacted = { 'cleanup.policy': 'compact' }

const topics: readonly NewTopic[] = [
  { topic: 'flights', partitions: 4, config: kept },
  { topic: 'delays-by-airport', partitions: 4, config: kept },
  { topic: 'airports', partitions: 1, config: compacted },
  { topic: 'ingest-positions', partitions: 1, config: compacted },
]

/** All of them or none, so that a kill in between leaves nothing half made. */
export async function createTopics(admin: Admin): Promise<void> {
  const there = await admin.listTopics()
  const missing = topics.filter(({ topic }) => !there.includes(topic))
  if (missing.length > 0) await admin.createTopics(missing)
}
