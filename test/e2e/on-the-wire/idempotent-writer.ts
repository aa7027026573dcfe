import { BatchBuilder, errorCodes } from '@millrace/core/testing'
import type { WireClient } from '../../wire/wire-client.ts'
import { plain, readAll } from './topics.ts'
import { expectCode, settled, violated, type Worker } from './worker.ts'

interface Sent {
  readonly sequence: number
  readonly count: number
  readonly batch: Uint8Array
}

/** Batches under way at a time. */
const pipelined = 3
const most = 4

/**
 * An idempotent producer of one partition. Batches whose answers were lost it sends again, under their numbers, to the broker that was
 * started anew: so each number stands in the partition once, in order, and at the offset that was answered.
 */
export class IdempotentWriter implements Worker {
  private readonly partition: number
  private readonly random: () => number
  private producerId = -1
  private producerEpoch = -1
  private next = 0
  private lost: Sent[] = []
  private readonly acknowledged = new Map<number, string>()

  constructor(partition: number, random: () => number) {
    this.partition = partition
    this.random = random
  }

  get answered(): number {
    return this.acknowledged.size
  }

  async work(client: WireClient): Promise<never> {
    if (this.producerId < 0) await this.init(client)
    const again = this.lost
    for (let sent = again[0]; sent !== undefined; sent = again[0]) {
      await this.send(client, sent)
      again.shift()
    }
    for (;;) {
      this.lost = Array.from({ length: 1 + Math.floor(this.random() * pipelined) }, () => this.make())
      await Promise.all(this.lost.map((sent) => this.send(client, sent)))
      this.lost = []
    }
  }

  private async init(client: WireClient): Promise<void> {
    const request = { transactionalId: null, transactionTimeoutMs: 60_000 }
    const ask = (): ReturnType<typeof client.ask<'initProducerId'>> => client.ask('initProducerId', request, 4)
    const answer = await settled('initProducerId', ask, ({ errorCode }) => errorCode)
    expectCode(answer.errorCode, 'initProducerId')
    this.producerId = answer.producerId
    this.producerEpoch = answer.producerEpoch
  }

  private make(): Sent {
    const { producerId, producerEpoch, next: sequence } = this
    const count = 1 + Math.floor(this.random() * most)
    const builder = new BatchBuilder()
    for (let at = 0; at < count; at++) builder.append(null, `${sequence + at}`, Date.now())
    this.next += count
    return { sequence, count, batch: builder.build({ producerId, producerEpoch, baseSequence: sequence, transactional: false }) }
  }

  private async send(client: WireClient, { sequence, count, batch }: Sent): Promise<void> {
    const topicData = [{ name: plain, partitionData: [{ index: this.partition, records: batch }] }]
    const answer = await client.ask('produce', { acks: -1, timeoutMs: 10_000, topicData }, 9)
    const { errorCode, baseOffset } = answer.responses[0]!.partitionResponses[0]!
    // The broker remembers the newest batches of a producer; of an older one it says only that it has it.
    expectCode(
      errorCode,
      `sequence ${sequence} of ${plain}-${this.partition}`,
      errorCodes.NONE,
      errorCodes.DUPLICATE_SEQUENCE_NUMBER,
    )
    if (errorCode === errorCodes.NONE)
      for (let at = 0; at < count; at++) this.acknowledged.set(baseOffset + at, `${sequence + at}`)
  }

  /** @throws unless each number is there once, in order, and what was answered is where it was said to be */
  async check(client: WireClient): Promise<number> {
    const found = await readAll(client, plain, this.partition)
    for (const [offset, value] of this.acknowledged)
      if (found.get(offset) !== value)
        violated(`offset ${offset} was answered for ${value} and holds ${found.get(offset) ?? 'nothing'}`)
    let expected = 0
    for (const [offset, value] of found)
      if (value !== `${expected++}`)
        violated(`offset ${offset} of ${plain}-${this.partition} holds ${value}, expected ${expected - 1}`)
    return found.size
  }
}
