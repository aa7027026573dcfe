import type { ConsumedRecord, LogClient } from '@millrace/core'

/** Visits every record that is committed in a topic now, in the order of its partitions. */
export async function readTopic(log: LogClient, topic: string, visit: (record: ConsumedRecord) => void): Promise<void> {
  const [description] = await log.admin.describeTopics([topic])
  for (let partition = 0; partition < (description?.partitions ?? 0); partition++) {
    await readPartition(log, { topic, partition }, visit)
  }
}

async function readPartition(
  log: LogClient,
  from: { readonly topic: string; readonly partition: number },
  visit: (record: ConsumedRecord) => void,
): Promise<void> {
  const [end = 0] = await log.admin.listOffsets([{ ...from, at: 'stable' }])
  await using consumer = await log.consumer({ isolation: 'read_committed' })
  await consumer.assign([{ ...from, offset: 'earliest' }])
  while (consumer.position(from) < end) {
    for (const batch of await consumer.poll()) batch.forEach(visit)
  }
}
