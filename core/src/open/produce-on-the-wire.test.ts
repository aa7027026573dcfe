import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { errorCodes } from '../protocol/error-codes.ts'
import { nodeWorld } from '../platform/node-world.ts'
import { BatchBuilder } from '../record/batch-builder.ts'
import { buildEndMarker } from '../record/control-record.ts'
import { readCheckpoint, writeCheckpoint } from '../storage/checkpoint.ts'
import { embeddedLog } from './embedded-log.ts'
import { onTheWire } from './on-the-wire.fixtures.ts'
import { serveLog } from './serve-log.ts'
import { WireClient } from './wire-client.fixtures.ts'

const topic = 't'

interface Sent {
  readonly key?: string | null
  readonly sequence?: number
  readonly epoch?: number
  readonly transactional?: boolean
  readonly values?: readonly string[]
}

function batch({ key = null, sequence = 0, epoch = 0, transactional = false, values = ['a'] }: Sent = {}): Uint8Array {
  const builder = new BatchBuilder()
  for (const value of values) builder.append(key, value, 1_000)
  return builder.build({ producerId: 7, producerEpoch: epoch, baseSequence: sequence, transactional })
}

interface Answer {
  readonly errorCode: number
  readonly baseOffset: number
  readonly logAppendTimeMs: number
  readonly logStartOffset: number
  readonly recordErrors: readonly { readonly batchIndex: number }[]
  readonly errorMessage: string | null
}

async function produce(client: WireClient, records: Uint8Array | null, version = 12, acks = -1): Promise<Answer> {
  const topicData = [{ name: topic, partitionData: [{ index: 0, records }] }]
  const answer = await client.ask('produce', { acks, timeoutMs: 1_000, topicData }, version)
  return answer.responses[0]!.partitionResponses[0]!
}

function withTopic(config: Readonly<Record<string, string>>, work: (client: WireClient) => Promise<void>): Promise<void> {
  return onTheWire(async (client, log) => {
    await log.admin.createTopics([{ topic, partitions: 1, config }])
    await work(client)
  })
}

test.each([3, 7, 8, 12])(
  'an idempotent producer of version %i: repeated once written, refused behind a gap or of an old epoch',
  (version) =>
    withTopic({}, async (client) => {
      expect(await produce(client, batch({ epoch: 1, values: ['a', 'b'] }), version)).toMatchObject({
        errorCode: 0,
        baseOffset: 0,
      })
      expect(await produce(client, batch({ epoch: 1, sequence: 2 }), version)).toMatchObject({ errorCode: 0, baseOffset: 2 })
      expect(await produce(client, batch({ epoch: 1, values: ['a', 'b'] }), version)).toMatchObject({
        errorCode: 0,
        baseOffset: 0,
      })
      for (const [sent, errorCode] of [
        [{ epoch: 1, sequence: 5 }, errorCodes.OUT_OF_ORDER_SEQUENCE_NUMBER],
        [{ epoch: 0, sequence: 3 }, errorCodes.INVALID_PRODUCER_EPOCH],
        [{ epoch: 1, sequence: 0, values: ['x', 'y'] }, errorCodes.OUT_OF_ORDER_SEQUENCE_NUMBER],
      ] as const)
        expect(await produce(client, batch(sent), version)).toMatchObject({ errorCode, baseOffset: -1 })
    }),
)

test('pipelined batches of one producer keep their order', () =>
  withTopic({}, async (client) => {
    const answers = await Promise.all([0, 1, 2, 3, 4].map((sequence) => produce(client, batch({ sequence }))))
    expect(answers.map(({ errorCode, baseOffset }) => [errorCode, baseOffset])).toEqual([0, 1, 2, 3, 4].map((at) => [0, at]))
  }))

test('the time that the log gave is in the answer, where it gave one', async () => {
  await withTopic({}, async (client) => {
    expect(await produce(client, batch(), 3)).toMatchObject({ logAppendTimeMs: -1 })
  })
  await withTopic({ 'message.timestamp.type': 'LogAppendTime' }, async (client) => {
    const { logAppendTimeMs, logStartOffset } = await produce(client, batch(), 5)
    expect(logAppendTimeMs).toBeGreaterThan(1_000)
    expect(logStartOffset).toBe(0)
    const answer = await client.ask('listOffsets', {
      replicaId: -1,
      topics: [{ name: topic, partitions: [{ partitionIndex: 0, timestamp: -3 }] }],
    })
    expect(answer.topics[0]!.partitions[0]!.timestamp).toBe(logAppendTimeMs)
  })
})

test('a record that is refused is named, from version 8 on', () =>
  withTopic({ 'cleanup.policy': 'compact' }, async (client) => {
    const refused = await produce(client, batch(), 8)
    expect(refused).toMatchObject({ errorCode: errorCodes.INVALID_RECORD, recordErrors: [{ batchIndex: 0 }] })
    expect(refused.errorMessage).toMatch(/key/)
    expect(await produce(client, batch(), 7)).toMatchObject({ errorCode: errorCodes.INVALID_RECORD, recordErrors: [] })
    expect(await produce(client, batch({ key: 'k' }), 8)).toMatchObject({ errorCode: 0, recordErrors: [], errorMessage: null })
  }))

const damaged = batch()
damaged[damaged.length - 1]! ^= 1
const marker = buildEndMarker({ kind: 'commit', producerId: 7, producerEpoch: 0, coordinatorEpoch: 0, timestamp: 0 })
const zstd = new BatchBuilder({ maxBytes: 10_000, compression: { codec: 'zstd' } })
zstd.append(null, 'x'.repeat(500), 0)

test.each<[string, Uint8Array | null, number, number]>([
  ['nothing', null, errorCodes.INVALID_RECORD, 12],
  ['no bytes', new Uint8Array(0), errorCodes.CORRUPT_MESSAGE, 12],
  ['half a batch', batch().subarray(0, 64), errorCodes.CORRUPT_MESSAGE, 12],
  ['a damaged batch', damaged, errorCodes.CORRUPT_MESSAGE, 12],
  ['two batches', Buffer.concat([batch(), batch({ sequence: 1 })]), errorCodes.INVALID_RECORD, 12],
  ['a marker', marker, errorCodes.TRANSACTIONAL_ID_AUTHORIZATION_FAILED, 12],
  ['a transactional batch without its id', batch({ transactional: true }), errorCodes.TRANSACTIONAL_ID_AUTHORIZATION_FAILED, 12],
  ['zstd in an old version', zstd.build(), errorCodes.UNSUPPORTED_COMPRESSION_TYPE, 6],
])('%s is refused, and nothing is written', (_name, records, errorCode, version) =>
  withTopic({}, async (client) => {
    expect(await produce(client, records, version)).toMatchObject({ errorCode, baseOffset: -1 })
    expect(await produce(client, batch())).toMatchObject({ errorCode: 0, baseOffset: 0 })
  }),
)

test('a marker that comes with a transactional id is refused', () =>
  withTopic({}, async (client) => {
    const topicData = [{ name: topic, partitionData: [{ index: 0, records: marker }] }]
    const answer = await client.ask('produce', { transactionalId: 'x', acks: -1, timeoutMs: 1_000, topicData }, 12)
    expect(answer.responses[0]!.partitionResponses[0]!.errorCode).toBe(errorCodes.INVALID_RECORD)
  }))

test('acks of another number are refused; without any there is no answer, and a failure closes the connection', () =>
  withTopic({}, async (client) => {
    expect(await produce(client, batch(), 12, 2)).toMatchObject({ errorCode: errorCodes.INVALID_REQUIRED_ACKS })
    const unanswered = produce(client, batch(), 12, 0)
    expect(await produce(client, batch({ sequence: 1 }))).toMatchObject({ errorCode: 0, baseOffset: 1 })
    const refused = produce(client, damaged, 12, 0)
    await expect(Promise.all([unanswered, refused])).rejects.toThrow('the connection ended')
    await client.closed
  }))

test('the end of an epoch of the log is told (KIP-320)', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'millrace-wire-'))
  try {
    for (const values of [['a', 'b', 'c'], ['d']]) await appendTo(dir, values)
    await using log = await embeddedLog({ dir, durability: 'os' })
    await using served = await serveLog(log, { listeners: [{ port: 0 }] })
    await using client = await WireClient.connect(served.places[0]!)
    const ask = async (leaderEpoch: number, currentLeaderEpoch = -1, version = 4): Promise<readonly number[]> => {
      const partitions = [{ partition: 0, currentLeaderEpoch, leaderEpoch }]
      const answer = await client.ask('offsetForLeaderEpoch', { topics: [{ topic, partitions }] }, version)
      const { errorCode, leaderEpoch: found, endOffset } = answer.topics[0]!.partitions[0]!
      return [errorCode, found, endOffset]
    }
    const { topics } = await client.ask('metadata', { topics: [{ name: topic }] }, 9)
    const epoch = topics[0]!.partitions[0]!.leaderEpoch
    expect(await ask(epoch, epoch)).toEqual([0, epoch, 4])
    expect(await ask(epoch - 1, -1, 2)).toEqual([0, epoch - 1, 4])
    expect(await ask(epoch - 2)).toEqual([0, epoch - 2, 3])
    expect(await ask(epoch + 1)).toEqual([0, -1, -1])
    expect(await ask(-1)).toEqual([0, -1, -1])
    await produce(client, batch({ values: ['e'] }))
    expect(await ask(epoch)).toEqual([0, epoch, 5])
    expect(await ask(epoch - 1)).toEqual([0, epoch - 1, 4])
    expect(await ask(epoch, epoch - 1)).toEqual([errorCodes.FENCED_LEADER_EPOCH, -1, -1])
    expect(await ask(epoch, epoch + 1)).toEqual([errorCodes.UNKNOWN_LEADER_EPOCH, -1, -1])
    const absent = { topic: 'absent', partitions: [{ partition: 0, leaderEpoch: 0 }] }
    const answer = await client.ask('offsetForLeaderEpoch', { topics: [absent] })
    expect(answer.topics[0]!.partitions[0]).toMatchObject({ errorCode: errorCodes.UNKNOWN_TOPIC_OR_PARTITION })
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
})

/** In an epoch of its own, as after a crash. */
async function appendTo(dir: string, values: readonly string[]): Promise<void> {
  const log = await embeddedLog({ dir, durability: 'os' })
  await log.admin.createTopics([{ topic, partitions: 1 }]).catch(() => {}) // there already
  const producer = await log.producer()
  const outgoing = producer.batch(topic, 0)
  for (const value of values) outgoing.append(null, Buffer.from(value), 1_000)
  await producer.send(outgoing)
  await log.close()
  const { disk } = nodeWorld()
  const checkpoint = readCheckpoint(disk, dir)!
  await writeCheckpoint(disk, dir, { ...checkpoint, epoch: checkpoint.epoch + 1 })
}
