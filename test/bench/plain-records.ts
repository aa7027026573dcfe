import type { LogClient, Producer } from '@millrace/core'

/** The records of the benchmarks of the log: 100 bytes without a key, each of a thousand contents in turn. */
export const recordBytes = 100
const contents = Array.from({ length: 1000 }, (_, index) => Buffer.alloc(recordBytes, (index % 255) + 1))

/** What a program of its own finds in the log that another one has written. */
export const topicNames = { bench: 'bench' } as const

export function valueOf(index: number): Uint8Array {
  return contents[index % contents.length]!
}

/** Makes the topic `bench`, from which nothing is removed. */
export async function createBenchTopic(log: LogClient, partitions: number): Promise<void> {
  await log.admin.createTopics([{ topic: topicNames.bench, partitions, config: { 'retention.ms': '-1' } }])
}

/** Appends to the first partition until all is acknowledged. */
export async function appendAll(producer: Producer, records: number): Promise<void> {
  for (let index = 0; index < records; index++) {
    if (!producer.append(topicNames.bench, null, valueOf(index), { partition: 0, timestamp: index })) await producer.ready()
  }
  await producer.flush()
}
