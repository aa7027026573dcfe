import { BatchBuilder } from '@millrace/core/testing'
import type { WireClient } from '../../wire/wire-client.ts'
import { committedOffset, moved, partitions } from './topics.ts'
import { expectCode, settled, violated, type Worker } from './worker.ts'

/** What a client of each transaction version speaks (KIP-890). */
interface Versions {
  readonly version: 1 | 2
  readonly produce: number
  readonly txnOffsetCommit: number
  readonly endTxn: number
}

const versions: readonly Versions[] = [
  { version: 1, produce: 11, txnOffsetCommit: 4, endTxn: 4 },
  { version: 2, produce: 12, txnOffsetCommit: 5, endTxn: 5 },
]

const aborts = 0.2
const mostInPartition = 3

/**
 * A transactional producer that moves on: transaction n writes to some partitions and puts its group to n + 1, and both hold or neither.
 * After a crash it goes on where its group stands. Each value says of which transaction it is, which of its records, and of how many.
 */
export class TransactionalWriter implements Worker {
  readonly id: string
  private readonly speaks: Versions
  private readonly random: () => number
  private producerId = -1
  private producerEpoch = -1
  private sequences: number[] = []
  private begun = 0
  /** Transactions that are known to be. */
  committed = 0
  answered = 0

  constructor(id: string, version: 1 | 2, random: () => number) {
    this.id = id
    this.speaks = versions[version - 1]!
    this.random = random
  }

  private get group(): string {
    return `group of ${this.id}`
  }

  async work(client: WireClient): Promise<never> {
    await this.init(client)
    await this.goOnWhereTheGroupStands(client)
    for (;;) await this.transact(client, this.random() >= aborts)
  }

  /** What its last life left open is aborted. */
  async init(client: WireClient): Promise<void> {
    const request = { transactionalId: this.id, transactionTimeoutMs: 60_000 }
    const ask = (): ReturnType<typeof client.ask<'initProducerId'>> => client.ask('initProducerId', request, 5)
    const answer = await settled('initProducerId', ask, ({ errorCode }) => errorCode)
    expectCode(answer.errorCode, `initProducerId of ${this.id}`)
    this.producerId = answer.producerId
    this.producerEpoch = answer.producerEpoch
    this.sequences = []
  }

  private async goOnWhereTheGroupStands(client: WireClient): Promise<void> {
    const stands = (await committedOffset(client, this.group)) ?? 0
    if (stands < this.committed) violated(`${this.id} committed ${this.committed} transactions, its group stands at ${stands}`)
    if (stands > this.begun) violated(`${this.id} began ${this.begun} transactions, its group stands at ${stands}`)
    this.committed = stands
  }

  /** @throws ConnectionLost: then whether it was committed is unknown */
  private async transact(client: WireClient, commit: boolean): Promise<void> {
    const number = this.committed
    const counts: number[] = Array.from({ length: partitions }, () => Math.floor(this.random() * (mostInPartition + 1)))
    counts[number % partitions] ||= 1
    const total = counts.reduce((sum, count) => sum + count, 0)
    const values = Array.from({ length: total }, (_, at) => `${this.id}:${number}:${commit ? 'kept' : 'aborted'}:${at}:${total}`)
    if (commit) this.begun = number + 1
    if (this.speaks.version === 1) await this.announce(client, counts)
    for (const [partition, count] of counts.entries()) if (count > 0) await this.write(client, partition, values.splice(0, count))
    await this.commitOffset(client, number + 1)
    await this.end(client, commit)
    if (commit) this.committed = number + 1
    this.answered++
  }

  /** What a client of version 1 says before it writes. */
  private async announce(client: WireClient, counts: readonly number[]): Promise<void> {
    const by = {
      v3AndBelowTransactionalId: this.id,
      v3AndBelowProducerId: this.producerId,
      v3AndBelowProducerEpoch: this.producerEpoch,
    }
    const written = [...counts.keys()].filter((partition) => counts[partition]! > 0)
    const request = { ...by, v3AndBelowTopics: [{ name: moved, partitions: written }] }
    const added = await settled(
      'addPartitionsToTxn',
      async () => (await client.ask('addPartitionsToTxn', request, 3)).resultsByTopicV3AndBelow[0]!.resultsByPartition,
      (results) => results[0]!.partitionErrorCode,
    )
    for (const { partitionErrorCode } of added) expectCode(partitionErrorCode, `addPartitionsToTxn of ${this.id}`)
    const { producerId, producerEpoch } = this
    const offsets = { transactionalId: this.id, producerId, producerEpoch, groupId: this.group }
    expectCode((await client.ask('addOffsetsToTxn', offsets, 3)).errorCode, `addOffsetsToTxn of ${this.id}`)
  }

  private async write(client: WireClient, index: number, values: readonly string[]): Promise<void> {
    const builder = new BatchBuilder()
    for (const value of values) builder.append(null, value, Date.now())
    const { producerId, producerEpoch } = this
    const baseSequence = this.sequences[index] ?? 0
    this.sequences[index] = baseSequence + values.length
    const records = builder.build({ producerId, producerEpoch, baseSequence, transactional: true })
    const topicData = [{ name: moved, partitionData: [{ index, records }] }]
    const request = { transactionalId: this.id, acks: -1, timeoutMs: 10_000, topicData }
    const produced = await settled(
      'produce',
      async () => (await client.ask('produce', request, this.speaks.produce)).responses[0]!.partitionResponses[0]!,
      ({ errorCode }) => errorCode,
    )
    expectCode(produced.errorCode, `a batch of ${this.id}`)
  }

  private async commitOffset(client: WireClient, offset: number): Promise<void> {
    const { producerId, producerEpoch } = this
    const topics = [{ name: moved, partitions: [{ partitionIndex: 0, committedOffset: offset, committedMetadata: '' }] }]
    const request = { transactionalId: this.id, groupId: this.group, producerId, producerEpoch, topics }
    const committed = await settled(
      'txnOffsetCommit',
      async () => (await client.ask('txnOffsetCommit', request, this.speaks.txnOffsetCommit)).topics[0]!.partitions[0]!,
      ({ errorCode }) => errorCode,
    )
    expectCode(committed.errorCode, `txnOffsetCommit of ${this.id}`)
  }

  private async end(client: WireClient, committed: boolean): Promise<void> {
    const { producerId, producerEpoch } = this
    const request = { transactionalId: this.id, producerId, producerEpoch, committed }
    const ask = (): ReturnType<typeof client.ask<'endTxn'>> => client.ask('endTxn', request, this.speaks.endTxn)
    const ended = await settled('endTxn', ask, ({ errorCode }) => errorCode)
    expectCode(ended.errorCode, `endTxn of ${this.id}`)
    if (this.speaks.version === 1) return
    this.producerId = ended.producerId
    this.producerEpoch = ended.producerEpoch
    this.sequences = []
  }

  /** @throws unless transactions 0 to n - 1 are there, whole and once, where n is where the group stands, and no other */
  async check(client: WireClient, values: readonly string[]): Promise<number> {
    await this.goOnWhereTheGroupStands(client)
    const whole = new Set<string>()
    for (let number = 0; number < this.committed; number++) whole.add(`${number}`)
    const found = new Map<string, Set<string>>()
    for (const value of values) {
      const [id, number, fate, at, total] = value.split(':') as [string, string, string, string, string]
      if (id !== this.id) continue
      if (fate !== 'kept') violated(`a reader of committed records sees ${value}`)
      if (!whole.has(number)) violated(`${value} is there, and the group stands at ${this.committed}`)
      const of = found.get(`${number}:${total}`) ?? new Set()
      if (of.has(at)) violated(`${value} is there twice`)
      found.set(`${number}:${total}`, of.add(at))
    }
    for (const [key, of] of found)
      if (of.size !== Number(key.split(':')[1])) violated(`transaction ${this.id}:${key} has ${of.size} records`)
    if (found.size !== this.committed) violated(`${this.id} committed ${this.committed} transactions, ${found.size} are there`)
    return this.committed
  }
}
