import type { TopicPartition } from '../base/ids.ts'
import type { Isolation } from '../client/consumer.ts'
import type { EmbeddedLog } from '../client/embedded/embedded-log.ts'

/** The values that a reader of this partition sees, from its start to where it is stable. */
export async function committedValues(
  log: EmbeddedLog,
  place: TopicPartition,
  isolation: Isolation = 'read_committed',
): Promise<string[]> {
  const consumer = await log.consumer({ isolation })
  await consumer.assign([{ ...place, offset: 'earliest' }])
  const [end] = await log.admin.listOffsets([{ ...place, at: isolation === 'read_committed' ? 'stable' : 'latest' }])
  const found: string[] = []
  while (consumer.position(place) < end!) {
    for (const batch of await consumer.poll()) for (const { value } of batch.toArray()) found.push(Buffer.from(value!).toString())
  }
  await consumer.close()
  return found
}
