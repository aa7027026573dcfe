import { describe, expect, test } from 'vitest'
import type { EmbeddedLog } from '../client/embedded/embedded-log.ts'
import type { LogClient } from '../client/log-client.ts'
import { errorCodes } from '../protocol/error-codes.ts'
import { BatchBuilder } from '../record/batch-builder.ts'
import { forEachBatch } from '../record/batch-validation.ts'
import { forEachRecord } from '../record/batch-reader.ts'
import { onTheWire } from './on-the-wire.fixtures.ts'
import type { WireClient } from './wire-client.fixtures.ts'

/** Versions of a client: the newest, and the oldest that is served. */
interface Versions {
  readonly name: string
  /** 2: partitions and groups join by themselves, and the epoch rises with each transaction. */
  readonly transactions: 1 | 2
  readonly initProducerId: number
  readonly addPartitionsToTxn: number
  readonly addOffsetsToTxn: number
  readonly produce: number
  readonly txnOffsetCommit: number
  readonly endTxn: number
  /** Of PRODUCER_FENCED from the coordinator. */
  readonly knowsFenced: boolean
}

const oldest: Versions = {
  name: 'the oldest versions',
  transactions: 1,
  initProducerId: 0,
  addPartitionsToTxn: 0,
  addOffsetsToTxn: 0,
  produce: 3,
  txnOffsetCommit: 0,
  endTxn: 0,
  knowsFenced: false,
}
const newest1: Versions = {
  name: 'the newest versions without rising epochs',
  transactions: 1,
  initProducerId: 5,
  addPartitionsToTxn: 3,
  addOffsetsToTxn: 4,
  produce: 11,
  txnOffsetCommit: 4,
  endTxn: 4,
  knowsFenced: true,
}
const newest2: Versions = { ...newest1, name: 'the newest versions', transactions: 2, produce: 12, txnOffsetCommit: 5, endTxn: 5 }

const id = 'tx'
const topic = 't'
const group = 'g'

interface Identity {
  readonly producerId: number
  readonly producerEpoch: number
}

function batch(by: Identity, baseSequence: number, values: readonly string[], transactional = true): Uint8Array {
  const builder = new BatchBuilder()
  for (const [index, value] of values.entries()) builder.append(null, value, 1_000 + index)
  return builder.build({ ...by, baseSequence, transactional })
}

/** A transactional producer, as plain as one can be: every error code is answered. */
class Producer {
  private readonly client: WireClient
  private readonly versions: Versions

  constructor(client: WireClient, versions: Versions) {
    this.client = client
    this.versions = versions
  }

  init(current: Identity | null = null, transactionTimeoutMs = 60_000): Promise<Identity & { readonly errorCode: number }> {
    const request = { transactionalId: id, transactionTimeoutMs, ...current }
    return this.client.ask('initProducerId', request, this.versions.initProducerId)
  }

  /** What a client of version 1 says before it writes; one of version 2 says nothing. */
  async addPartitions(by: Identity, ...partitions: readonly number[]): Promise<readonly number[]> {
    if (this.versions.transactions === 2) return []
    const answer = await this.client.ask(
      'addPartitionsToTxn',
      {
        v3AndBelowTransactionalId: id,
        v3AndBelowProducerId: by.producerId,
        v3AndBelowProducerEpoch: by.producerEpoch,
        v3AndBelowTopics: [{ name: topic, partitions }],
      },
      this.versions.addPartitionsToTxn,
    )
    return answer.resultsByTopicV3AndBelow[0]!.resultsByPartition.map(({ partitionErrorCode }) => partitionErrorCode)
  }

  async write(by: Identity, sequence: number, values: readonly string[], index = 0): Promise<[number, number]> {
    const topicData = [{ name: topic, partitionData: [{ index, records: batch(by, sequence, values) }] }]
    const request = { transactionalId: id, acks: -1, timeoutMs: 1_000, topicData }
    const answer = await this.client.ask('produce', request, this.versions.produce)
    const { errorCode, baseOffset } = answer.responses[0]!.partitionResponses[0]!
    return [errorCode, baseOffset]
  }

  async addOffsets(by: Identity): Promise<number> {
    if (this.versions.transactions === 2) return errorCodes.NONE
    const request = { transactionalId: id, ...by, groupId: group }
    return (await this.client.ask('addOffsetsToTxn', request, this.versions.addOffsetsToTxn)).errorCode
  }

  async commitOffsets(by: Identity, committedOffset: number, member: object = {}): Promise<readonly number[]> {
    const partitions = [0, 7].map((partitionIndex) => ({ partitionIndex, committedOffset, committedMetadata: 'm' }))
    const request = { transactionalId: id, groupId: group, ...by, topics: [{ name: topic, partitions }], ...member }
    const answer = await this.client.ask('txnOffsetCommit', request, this.versions.txnOffsetCommit)
    return answer.topics[0]!.partitions.map(({ errorCode }) => errorCode)
  }

  end(by: Identity, committed: boolean): Promise<Identity & { readonly errorCode: number }> {
    return this.client.ask('endTxn', { transactionalId: id, ...by, committed }, this.versions.endTxn)
  }
}

function identityOf({ producerId, producerEpoch }: Identity): Identity {
  return { producerId, producerEpoch }
}

/** The values that a reader of the wire sees, told what was aborted. */
async function valuesOf(client: WireClient, isolationLevel: 0 | 1, version = 12): Promise<readonly string[]> {
  const answer = await client.ask(
    'fetch',
    {
      maxWaitMs: 0,
      minBytes: 1,
      isolationLevel,
      topics: [{ topic, partitions: [{ partition: 0, fetchOffset: 0, partitionMaxBytes: 1 << 20 }] }],
    },
    version,
  )
  const { errorCode, records, abortedTransactions } = answer.responses[0]!.partitions[0]!
  expect(errorCode).toBe(0)
  const aborted = [...(abortedTransactions ?? [])]
  const open = new Set<number>()
  const values: string[] = []
  forEachBatch(records!, ({ producerId, control, transactional, lastOffsetDelta, sizeBytes, baseOffset }, at) => {
    const next = aborted.findIndex((one) => one.producerId === producerId && one.firstOffset <= baseOffset + lastOffsetDelta)
    if (next >= 0) open.add(aborted.splice(next, 1)[0]!.producerId)
    if (control) open.delete(producerId)
    else if (!transactional || !open.has(producerId))
      forEachRecord(records!.subarray(at, at + sizeBytes), ({ value }) => values.push(Buffer.from(value!).toString()))
  })
  return values
}

function withProducer(
  versions: Versions,
  work: (producer: Producer, client: WireClient, log: LogClient) => Promise<void>,
): Promise<void> {
  return onTheWire(async (client, log) => {
    await log.admin.createTopics([{ topic, partitions: 3 }])
    await work(new Producer(client, versions), client, log)
  })
}

describe.each([oldest, newest1, newest2])('a transactional producer of $name', (versions) => {
  const risen = (by: Identity, transactions = 1): Identity =>
    versions.transactions === 2 ? { ...by, producerEpoch: by.producerEpoch + transactions } : by
  /** Only version 2 hears of it; in version 1 it goes on as it is. */
  const nextOf = (by: Identity, answer: Identity): Identity => (versions.endTxn >= 5 ? identityOf(answer) : by)
  const fenced = versions.knowsFenced ? errorCodes.PRODUCER_FENCED : errorCodes.INVALID_PRODUCER_EPOCH

  test('commits and aborts; readers see what they asked for', () =>
    withProducer(versions, async (producer, client) => {
      const first = await producer.init()
      expect(first.errorCode).toBe(0)
      let by = identityOf(first)
      let sequence = 0
      const next = (count: number): number => (versions.transactions === 2 ? 0 : (sequence += count) - count)
      for (const [values, committed] of [
        [['a', 'b'], true],
        [['lost', 'too'], false],
        [['c'], true],
      ] as const) {
        expect((await producer.addPartitions(by, 0, 1)).every((code) => code === 0)).toBe(true)
        expect((await producer.write(by, next(values.length), values))[0]).toBe(0)
        expect(await valuesOf(client, 1)).not.toContain(values[0])
        const ended = await producer.end(by, committed)
        expect(ended.errorCode).toBe(0)
        by = nextOf(by, ended)
      }
      expect(by).toEqual(risen(first, 3).producerEpoch === first.producerEpoch ? identityOf(first) : identityOf(risen(first, 3)))
      expect(await valuesOf(client, 1)).toEqual(['a', 'b', 'c'])
      expect(await valuesOf(client, 1, 4)).toEqual(['a', 'b', 'c'])
      expect(await valuesOf(client, 0)).toEqual(['a', 'b', 'lost', 'too', 'c'])
      await client.ask('metadata', { topics: [] })
    }))

  test('repeats a batch and an end whose answers were lost', () =>
    withProducer(versions, async (producer) => {
      const by = identityOf(await producer.init())
      await producer.addPartitions(by, 0)
      expect(await producer.write(by, 0, ['a'])).toEqual([0, 0])
      expect(await producer.write(by, 1, ['b'])).toEqual([0, 1])
      expect(await producer.write(by, 0, ['a'])).toEqual([0, 0])
      expect(await producer.write(by, 5, ['gap'])).toEqual([errorCodes.OUT_OF_ORDER_SEQUENCE_NUMBER, -1])
      const ended = await producer.end(by, true)
      expect(await producer.end(by, true)).toEqual(ended)
      expect(nextOf(by, ended)).toEqual(risen(by))
      expect((await producer.end(by, false)).errorCode).toBe(errorCodes.INVALID_TXN_STATE)
    }))

  test('is fenced by the next one, everywhere, and what it had open is aborted', () =>
    withProducer(versions, async (producer, client) => {
      const old = identityOf(await producer.init())
      await producer.addPartitions(old, 0)
      await producer.write(old, 0, ['lost'])
      const heir = identityOf(await producer.init())
      expect(heir.producerEpoch).toBeGreaterThan(old.producerEpoch)
      for (const code of await producer.addPartitions(old, 0)) expect(code).toBe(fenced)
      expect(await producer.write(old, 1, ['late'])).toEqual([errorCodes.INVALID_PRODUCER_EPOCH, -1])
      if (versions.transactions === 1) expect(await producer.addOffsets(old)).toBe(fenced)
      expect(await producer.commitOffsets(old, 5)).toEqual([
        errorCodes.INVALID_PRODUCER_EPOCH,
        errorCodes.UNKNOWN_TOPIC_OR_PARTITION,
      ])
      expect((await producer.end(old, true)).errorCode).toBe(fenced)
      await producer.addPartitions(heir, 0)
      expect((await producer.write(heir, 0, ['kept']))[0]).toBe(0)
      expect((await producer.end(heir, true)).errorCode).toBe(0)
      expect(await valuesOf(client, 1)).toEqual(['kept'])
    }))

  test('takes offsets of a group with it, or leaves them', () =>
    withProducer(versions, async (producer, _client, log) => {
      let by = identityOf(await producer.init())
      if (versions.transactions === 1) expect(await producer.commitOffsets(by, 1)).toContain(errorCodes.INVALID_TXN_STATE)
      for (const [offset, committed, then] of [
        [5, true, 5],
        [9, false, 5],
      ] as const) {
        expect(await producer.addOffsets(by)).toBe(0)
        expect(await producer.commitOffsets(by, offset)).toEqual([0, errorCodes.UNKNOWN_TOPIC_OR_PARTITION])
        by = nextOf(by, await producer.end(by, committed))
        expect(await log.admin.groupOffsets(group)).toMatchObject([{ topic, partition: 0, offset: then }])
      }
    }))
})

describe('a producer of transaction version 1', () => {
  test('writes only where it said that it would', () =>
    withProducer(newest1, async (producer, client) => {
      const by = identityOf(await producer.init())
      expect(await producer.write(by, 0, ['a'])).toEqual([errorCodes.INVALID_TXN_STATE, -1])
      expect(await producer.addPartitions(by, 0, 9)).toEqual([
        errorCodes.OPERATION_NOT_ATTEMPTED,
        errorCodes.UNKNOWN_TOPIC_OR_PARTITION,
      ])
      expect(await producer.write(by, 0, ['a'])).toEqual([errorCodes.INVALID_TXN_STATE, -1])
      expect((await producer.end(by, true)).errorCode).toBe(errorCodes.INVALID_TXN_STATE)
      expect(await producer.addPartitions(by, 1)).toEqual([0])
      expect(await producer.write(by, 0, ['a'])).toEqual([errorCodes.INVALID_TXN_STATE, -1])
      expect(await producer.write(by, 0, ['a'], 1)).toEqual([0, 0])
      const verified = await client.ask('addPartitionsToTxn', {
        transactions: [
          { transactionalId: id, ...by, verifyOnly: true, topics: [{ name: topic, partitions: [0, 1] }] },
          { transactionalId: 'other', ...by, verifyOnly: true, topics: [{ name: topic, partitions: [0] }] },
          { transactionalId: id, ...by, verifyOnly: false, topics: [{ name: topic, partitions: [2] }] },
        ],
      })
      const codes = verified.resultsByTransaction.map(({ topicResults }) =>
        topicResults[0]!.resultsByPartition.map(({ partitionErrorCode }) => partitionErrorCode),
      )
      expect(codes).toEqual([[errorCodes.TRANSACTION_ABORTABLE, 0], [errorCodes.INVALID_PRODUCER_ID_MAPPING], [0]])
    }))

  test('goes on after an error with a higher epoch, and gets the answer again (KIP-360)', () =>
    withProducer(newest1, async (producer) => {
      const first = identityOf(await producer.init())
      const second = identityOf(await producer.init(first))
      expect(second).toEqual({ ...first, producerEpoch: first.producerEpoch + 1 })
      expect(identityOf(await producer.init(first))).toEqual(second)
      const third = identityOf(await producer.init(second))
      expect(third.producerEpoch).toBe(second.producerEpoch + 1)
      expect(await producer.init(first)).toMatchObject({
        errorCode: errorCodes.PRODUCER_FENCED,
        producerId: -1,
        producerEpoch: -1,
      })
      expect((await producer.init({ ...third, producerId: 99_999 })).errorCode).toBe(errorCodes.PRODUCER_FENCED)
    }))
})

describe('a producer of transaction version 2', () => {
  test('aborts what it has not begun, and commits nothing that it has not begun', () =>
    withProducer(newest2, async (producer) => {
      const by = identityOf(await producer.init())
      expect((await producer.end(by, true)).errorCode).toBe(errorCodes.INVALID_TXN_STATE)
      const next = await producer.end(by, false)
      expect(next).toMatchObject({ errorCode: 0, producerEpoch: by.producerEpoch + 1 })
      expect((await producer.end({ ...by, producerId: 99_999 }, true)).errorCode).toBe(errorCodes.INVALID_PRODUCER_ID_MAPPING)
    }))

  test('of which a transaction was aborted by an operator may abort it too, and go on', () =>
    withProducer(newest2, async (producer, client, log) => {
      const by = identityOf(await producer.init())
      await producer.write(by, 0, ['lost'])
      await log.admin.abortTransaction(id)
      expect((await producer.write(by, 1, ['late']))[0]).toBe(errorCodes.INVALID_PRODUCER_EPOCH)
      expect((await producer.commitOffsets(by, 5))[0]).toBe(errorCodes.TRANSACTION_ABORTABLE)
      const next = identityOf(await producer.end(by, false))
      expect(await producer.write(next, 0, ['kept'])).toEqual([0, 2])
      expect((await producer.end(next, true)).errorCode).toBe(0)
      expect(await valuesOf(client, 1)).toEqual(['kept'])
    }))

  test('commits offsets as a member of its group only while it is one (KIP-447)', () =>
    withProducer(newest2, async (producer) => {
      const by = identityOf(await producer.init())
      for (const member of [{ memberId: 'gone', generationId: 3 }, { generationId: 3 }, { memberId: 'm' }])
        expect((await producer.commitOffsets(by, 1, member))[0]).toBe(errorCodes.UNKNOWN_MEMBER_ID)
      expect((await producer.commitOffsets(by, 1, { groupId: '' }))[0]).toBe(errorCodes.INVALID_GROUP_ID)
      expect((await producer.commitOffsets(by, 1))[0]).toBe(0)
    }))
})

describe('InitProducerId', () => {
  test('gives a producer without transactional id a fresh one each time', () =>
    onTheWire(async (client) => {
      const ask = (version: number): Promise<Identity> =>
        client.ask('initProducerId', { transactionalId: null, transactionTimeoutMs: 0 }, version)
      const all = await Promise.all([0, 1, 2, 3, 4, 5].map(ask))
      expect(new Set(all.map(({ producerId }) => producerId)).size).toBe(6)
      expect(all.every(({ producerEpoch }) => producerEpoch === 0)).toBe(true)
    }))

  test.each<[string, object, number]>([
    ['an empty transactional id', { transactionalId: '' }, errorCodes.INVALID_REQUEST],
    ['a transactional id that is too long', { transactionalId: 'x'.repeat(9_000) }, errorCodes.INVALID_REQUEST],
    ['a producer id without epoch', { producerId: 5 }, errorCodes.INVALID_REQUEST],
    ['an epoch without producer id', { producerEpoch: 5 }, errorCodes.INVALID_REQUEST],
    ['a timeout of 0', { transactionTimeoutMs: 0 }, errorCodes.INVALID_TRANSACTION_TIMEOUT],
    ['a timeout above the limit', { transactionTimeoutMs: 900_001 }, errorCodes.INVALID_TRANSACTION_TIMEOUT],
  ])('refuses %s', (_name, bad, errorCode) =>
    onTheWire(async (client) => {
      const answer = await client.ask('initProducerId', { transactionalId: id, transactionTimeoutMs: 60_000, ...bad })
      expect(answer).toMatchObject({ errorCode, producerId: -1, producerEpoch: -1 })
    }),
  )
})

test('requests about a transactional id that is empty or unknown are refused', () =>
  onTheWire(async (client) => {
    const by = { producerId: 1, producerEpoch: 0 }
    for (const [transactionalId, code] of [
      ['', errorCodes.INVALID_REQUEST],
      ['nobody', errorCodes.INVALID_PRODUCER_ID_MAPPING],
    ] as const) {
      expect((await client.ask('endTxn', { transactionalId, ...by, committed: true })).errorCode).toBe(code)
      expect((await client.ask('addOffsetsToTxn', { transactionalId, ...by, groupId: group })).errorCode).toBe(code)
    }
    const noGroup = await client.ask('addOffsetsToTxn', { transactionalId: id, ...by, groupId: '' })
    expect(noGroup.errorCode).toBe(errorCodes.INVALID_GROUP_ID)
  }))

test('transactions are listed by state, producer, age and name, and described', () =>
  withProducer(newest2, async (producer, client) => {
    const by = identityOf(await producer.init())
    await producer.write(by, 0, ['a'], 1)
    await client.ask('initProducerId', { transactionalId: 'idle', transactionTimeoutMs: 60_000 })
    const list = async (filter: object, version = 2): Promise<readonly string[]> => {
      const request = { stateFilters: [], producerIdFilters: [], ...filter }
      const answer = await client.ask('listTransactions', request, version)
      expect(answer.errorCode).toBe(0)
      return answer.transactionStates.map(({ transactionalId }) => transactionalId)
    }
    expect(await list({}, 0)).toEqual(['idle', id])
    expect(await list({ stateFilters: ['Ongoing'] })).toEqual([id])
    expect(await list({ stateFilters: ['CompleteCommit'] })).toEqual([])
    expect(await list({ producerIdFilters: [by.producerId] })).toEqual([id])
    // Kafka takes a producer that never began one for the oldest.
    expect(await list({ durationFilter: 60_000 }, 1)).toEqual(['idle'])
    expect(await list({ transactionalIdPattern: 'i.*e|nothing' })).toEqual(['idle'])
    const unknown = await client.ask('listTransactions', { stateFilters: ['Empty', 'Odd'], producerIdFilters: [] })
    expect(unknown).toMatchObject({ unknownStateFilters: ['Odd'], transactionStates: [{ transactionalId: 'idle' }] })
    const bad = await client.ask('listTransactions', { stateFilters: [], producerIdFilters: [], transactionalIdPattern: '(' })
    expect(bad.errorCode).toBe(errorCodes.INVALID_REGULAR_EXPRESSION)
    const described = await client.ask('describeTransactions', { transactionalIds: [id, 'nobody', ''] })
    expect(described.transactionStates).toMatchObject([
      { errorCode: 0, transactionState: 'Ongoing', ...by, transactionTimeoutMs: 60_000, topics: [{ topic, partitions: [1] }] },
      { errorCode: errorCodes.TRANSACTIONAL_ID_NOT_FOUND, transactionalId: 'nobody' },
      { errorCode: errorCodes.INVALID_REQUEST },
    ])
    expect(described.transactionStates[0]!.transactionStartTimeMs).toBeGreaterThan(0)
  }))

test('producers of a partition are described, and a transaction that a coordinator knows of is not aborted behind its back', () =>
  withProducer(newest2, async (producer, client) => {
    const by = identityOf(await producer.init())
    await producer.write(by, 0, ['a', 'b'])
    const describeProducers = async (): Promise<object> => {
      const answer = await client.ask('describeProducers', { topics: [{ name: topic, partitionIndexes: [0, 7] }] })
      expect(answer.topics[0]!.partitions[1]).toMatchObject({ errorCode: errorCodes.UNKNOWN_TOPIC_OR_PARTITION })
      return answer.topics[0]!.partitions[0]!.activeProducers
    }
    expect(await describeProducers()).toMatchObject([{ ...by, lastSequence: 1, lastTimestamp: 1_001, currentTxnStartOffset: 0 }])
    const mark = async (transactionResult: boolean): Promise<number> => {
      const topics = [{ name: topic, partitionIndexes: [0] }]
      const answer = await client.ask('writeTxnMarkers', { markers: [{ ...by, transactionResult, topics, coordinatorEpoch: 0 }] })
      return answer.markers[0]!.topics[0]!.partitions[0]!.errorCode
    }
    expect(await mark(false)).toBe(errorCodes.INVALID_TXN_STATE)
    expect(await mark(true)).toBe(errorCodes.INVALID_REQUEST)
    await producer.end(by, true)
    expect(await describeProducers()).toMatchObject([{ currentTxnStartOffset: -1 }])
    expect(await mark(false)).toBe(errorCodes.INVALID_TXN_STATE)
  }))

test.each([1, 2])('a transaction that no coordinator knows of is aborted in its partition, by version %i', (version) =>
  withProducer(newest2, async (_producer, client, log) => {
    const by = { producerId: 999, producerEpoch: 4 }
    const { broker } = log as EmbeddedLog
    await broker.directory.append([{ log: broker.topics.log({ topic, partition: 0 }), batch: batch(by, 0, ['hangs']) }]).durable
    const mark = async (producerEpoch: number): Promise<readonly number[]> => {
      const topics = [{ name: topic, partitionIndexes: [0, 1, 7] }]
      const marker = { ...by, producerEpoch, transactionResult: false, topics, coordinatorEpoch: 0 }
      const answer = await client.ask('writeTxnMarkers', { markers: [marker] }, version)
      return answer.markers[0]!.topics[0]!.partitions.map(({ errorCode }) => errorCode)
    }
    const { INVALID_TXN_STATE, UNKNOWN_TOPIC_OR_PARTITION } = errorCodes
    expect(await mark(3)).toEqual([INVALID_TXN_STATE, INVALID_TXN_STATE, UNKNOWN_TOPIC_OR_PARTITION])
    expect(await mark(4)).toEqual([0, INVALID_TXN_STATE, UNKNOWN_TOPIC_OR_PARTITION])
    expect(await log.admin.findHangingTransactions()).toEqual([])
    expect(await valuesOf(client, 0)).toEqual(['hangs'])
    expect(await valuesOf(client, 1)).toEqual([])
  }),
)
