import { BatchBuilder } from '@millrace/core/testing'
import type { WireClient } from '../../wire/wire-client.ts'
import { committedOffset, fetchCommitted, moved, partitions } from './topics.ts'
import { expectCode, settled, violated, type Worker } from './worker.ts'

/** Reads committed records as they come: what it has seen once is there for ever, and nothing of it was aborted. */
export class CommittedReader implements Worker {
  private readonly seen = Array.from({ length: partitions }, () => new Map<number, string>())
  private readonly positions = Array.from({ length: partitions }, () => 0)
  answered = 0

  async work(client: WireClient): Promise<never> {
    for (;;) for (const partition of this.positions.keys()) await this.poll(client, partition)
  }

  private async poll(client: WireClient, partition: number): Promise<void> {
    const { values, next } = await fetchCommitted(client, moved, partition, this.positions[partition]!)
    for (const { offset, value } of values) {
      if (!value.includes(':kept:')) violated(`a reader of committed records sees ${value}`)
      this.seen[partition]!.set(offset, value)
    }
    this.positions[partition] = next
    this.answered++
  }

  check(partition: number, found: ReadonlyMap<number, string>): void {
    for (const [offset, value] of this.seen[partition]!)
      if (found.get(offset) !== value)
        violated(`offset ${offset} was read as ${value} and holds ${found.get(offset) ?? 'nothing'}`)
  }
}

/** Puts the offset of a group up by one, without a transaction. */
export class OffsetCommitter implements Worker {
  private readonly group = 'group on its own'
  private begun = 0
  answered = 0

  async work(client: WireClient): Promise<never> {
    await this.check(client)
    for (;;) {
      this.begun++
      const topics = [{ name: moved, partitions: [{ partitionIndex: 0, committedOffset: this.begun, committedMetadata: '' }] }]
      const request = { groupId: this.group, generationIdOrMemberEpoch: -1, memberId: '', topics }
      const committed = await settled(
        'offsetCommit',
        async () => (await client.ask('offsetCommit', request, 8)).topics[0]!.partitions[0]!,
        ({ errorCode }) => errorCode,
      )
      expectCode(committed.errorCode, 'offsetCommit')
      this.answered = this.begun
    }
  }

  async check(client: WireClient): Promise<void> {
    const stands = (await committedOffset(client, this.group)) ?? 0
    if (stands < this.answered || stands > this.begun)
      violated(`offset ${this.answered} was answered, ${this.begun} the last to be sent, and the group stands at ${stands}`)
  }
}

/** Opens a transaction in each life of the broker, writes into it, and is never heard of again. */
export class Deserter implements Worker {
  private readonly onWritten: () => void
  answered = 0

  constructor(onWritten: () => void = () => {}) {
    this.onWritten = onWritten
  }

  async work(client: WireClient): Promise<never> {
    const transactionalId = `deserter ${this.answered}`
    const init = { transactionalId, transactionTimeoutMs: 1_000 }
    const ask = (): ReturnType<typeof client.ask<'initProducerId'>> => client.ask('initProducerId', init, 5)
    const { errorCode, producerId, producerEpoch } = await settled('initProducerId', ask, (answer) => answer.errorCode)
    expectCode(errorCode, 'initProducerId of a deserter')
    for (let index = 0; index < partitions; index++) {
      const builder = new BatchBuilder()
      builder.append(null, `${transactionalId}:0:aborted:0:1`, Date.now())
      const records = builder.build({ producerId, producerEpoch, baseSequence: 0, transactional: true })
      const topicData = [{ name: moved, partitionData: [{ index, records }] }]
      const produced = await client.ask('produce', { transactionalId, acks: -1, timeoutMs: 10_000, topicData }, 12)
      expectCode(produced.responses[0]!.partitionResponses[0]!.errorCode, 'a batch of a deserter')
    }
    this.answered++
    this.onWritten()
    return new Promise<never>((_, reject) => client.onClose(reject))
  }
}
