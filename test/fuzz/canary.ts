import { BatchBuilder } from '@millrace/core/testing'
import { recordsOf } from '../wire/records-of.ts'
import { WireClient } from '../wire/wire-client.ts'

export const canaryPrefix = 'canary-'

/** How many connections of others may come and go before an answer is there. */
const patience = 3_000

/**
 * A client in good order beside the hostile ones: what it writes is acknowledged, read and kept, and it is never left waiting.
 */
export class Canary {
  readonly topic: string
  private readonly client: WireClient
  private written = 0
  answers = 0
  private askedAt = 0
  private stopped = false

  private constructor(client: WireClient, topic: string) {
    this.client = client
    this.topic = topic
  }

  static async start(port: number, topic: string): Promise<Canary> {
    const canary = new Canary(await WireClient.connect(port), topic)
    const made = await canary.client.ask('createTopics', {
      topics: [{ name: topic, numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] }],
      timeoutMs: 10_000,
      validateOnly: false,
    })
    expectNone(made.topics[0]!.errorCode, 'createTopics')
    return canary
  }

  /** Writes, reads back and looks around until it is stopped. `now`: how many connections of others there were. */
  async sing(now: () => number): Promise<void> {
    while (!this.stopped) {
      this.askedAt = now()
      await this.write()
      if (this.written % 50 === 0) await this.readLast()
      if (this.written % 10 === 0) await this.client.ask('metadata', { topics: [{ name: this.topic, topicId: '0'.repeat(32) }] })
      this.answers++
      await new Promise((resolve) => setTimeout(resolve, 2))
    }
  }

  stop(): void {
    this.stopped = true
  }

  /** @throws when it has waited for too long */
  checkPatience(now: number): void {
    if (!this.stopped && now - this.askedAt > patience)
      throw new Error(`a client in good order has waited while ${now - this.askedAt} connections of others came and went`)
  }

  private async write(): Promise<void> {
    const builder = new BatchBuilder()
    builder.append(null, `note ${this.written}`, Date.now())
    const topicData = [{ name: this.topic, partitionData: [{ index: 0, records: builder.build() }] }]
    const answer = await this.client.ask('produce', { acks: -1, timeoutMs: 10_000, topicData }, 9)
    const { errorCode, baseOffset } = answer.responses[0]!.partitionResponses[0]!
    expectNone(errorCode, 'produce')
    if (baseOffset !== this.written) throw new Error(`note ${this.written} stands at offset ${baseOffset}`)
    this.written++
  }

  private readLast(): Promise<void> {
    return expectNotes(this.client, this.topic, Math.max(0, this.written - 10), this.written)
  }

  /** All that was ever acknowledged, of a server that may have been started again. */
  async expectAll(port: number): Promise<number> {
    using client = await WireClient.connect(port)
    await expectNotes(client, this.topic, 0, this.written)
    return this.written
  }
}

async function expectNotes(client: WireClient, topic: string, from: number, end: number): Promise<void> {
  let next = from
  while (next < end) {
    const topics = [{ topic, partitions: [{ partition: 0, fetchOffset: next, partitionMaxBytes: 1 << 20 }] }]
    const answer = await client.ask('fetch', { maxWaitMs: 0, minBytes: 1, topics, forgottenTopicsData: [] }, 11)
    const { errorCode, records } = answer.responses[0]!.partitions[0]!
    expectNone(errorCode, 'fetch')
    for (const { offset, value } of recordsOf(records!).records) {
      const found = Buffer.from(value!).toString()
      if (offset === next && found !== `note ${next}`) throw new Error(`offset ${offset} holds ${found}`)
      if (offset === next) next++
    }
    if (records!.length === 0) throw new Error(`the canary's notes end at ${next}, ${end} were acknowledged`)
  }
}

function expectNone(errorCode: number, what: string): void {
  if (errorCode !== 0) throw new Error(`a client in good order was told ${errorCode} by ${what}`)
}
