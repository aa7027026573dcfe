import { recordsOf } from '../../wire/records-of.ts'
import type { WireClient } from '../../wire/wire-client.ts'
import { expectCode, settled, violated } from './worker.ts'

/** Written by idempotent producers, one for each partition. */
export const plain = 'plain'
/** Written by transactions. */
export const moved = 'moved'
export const partitions = 3

export async function makeTopics(client: WireClient): Promise<void> {
  const topics = [plain, moved].map((name) => ({
    name,
    numPartitions: partitions,
    replicationFactor: 1,
    assignments: [],
    configs: [],
  }))
  const made = await client.ask('createTopics', { topics, timeoutMs: 10_000, validateOnly: false }, 6)
  for (const { errorCode, name } of made.topics) expectCode(errorCode, `making ${name}`)
}

interface Fetched {
  readonly values: readonly { readonly offset: number; readonly value: string }[]
  /** Where to read on. */
  readonly next: number
  /** How far this reader may see. */
  readonly end: number
}

const readCommitted = 1

/** What is there from an offset on, without what was aborted: as a consumer that reads committed records does it. */
export async function fetchCommitted(client: WireClient, topic: string, partition: number, from: number): Promise<Fetched> {
  const topics = [{ topic, partitions: [{ partition, fetchOffset: from, partitionMaxBytes: 1 << 20 }] }]
  const request = { maxWaitMs: 20, minBytes: 1, isolationLevel: readCommitted, topics, forgottenTopicsData: [] }
  const answer = (await client.ask('fetch', request, 12)).responses[0]!.partitions[0]!
  expectCode(answer.errorCode, `fetching ${topic}-${partition}`)
  const found = recordsOf(answer.records!, answer.abortedTransactions ?? [])
  return {
    values: found.records
      .filter(({ offset }) => offset >= from)
      .map(({ offset, value }) => ({ offset, value: Buffer.from(value!).toString() })),
    next: Math.max(from, found.next),
    end: answer.lastStableOffset,
  }
}

/** All of it, up to the last stable offset. */
export async function readAll(client: WireClient, topic: string, partition: number): Promise<Map<number, string>> {
  const all = new Map<number, string>()
  for (let from = 0; ;) {
    const { values, next, end } = await fetchCommitted(client, topic, partition, from)
    for (const { offset, value } of values) all.set(offset, value)
    if (next >= end || next === from) return all
    from = next
  }
}

async function endOf(client: WireClient, topic: string, partition: number, isolationLevel: 0 | 1): Promise<number> {
  const topics = [{ name: topic, partitions: [{ partitionIndex: partition, timestamp: -1 }] }]
  const answer = (await client.ask('listOffsets', { replicaId: -1, isolationLevel, topics }, 7)).topics[0]!.partitions[0]!
  expectCode(answer.errorCode, `the end of ${topic}-${partition}`)
  return answer.offset
}

/** Null: none. What belongs to a transaction that is not complete yet is waited for. */
export async function committedOffset(client: WireClient, groupId: string): Promise<number | null> {
  const request = { groups: [{ groupId, topics: [{ name: moved, partitionIndexes: [0] }] }], requireStable: true }
  const answer = await settled(
    `the offset of ${groupId}`,
    async () => (await client.ask('offsetFetch', request, 8)).groups[0]!,
    ({ errorCode, topics }) => (errorCode === 0 ? topics[0]!.partitions[0]!.errorCode : errorCode),
  )
  const { errorCode, committedOffset: offset } = answer.topics[0]!.partitions[0]!
  expectCode(errorCode, `the offset of ${groupId}`)
  return offset < 0 ? null : offset
}

const mostLooks = 300

/** The last stable offset reaches the end of each partition: whoever never came back was aborted after its timeout. */
export async function nothingHangs(client: WireClient): Promise<void> {
  for (const topic of [plain, moved])
    for (let partition = 0; partition < partitions; partition++)
      for (let looks = 0; (await endOf(client, topic, partition, 1)) < (await endOf(client, topic, partition, 0)); looks++) {
        if (looks === mostLooks) violated(`the last stable offset of ${topic}-${partition} does not reach its end`)
        await new Promise((resolve) => setTimeout(resolve, 100))
      }
}
