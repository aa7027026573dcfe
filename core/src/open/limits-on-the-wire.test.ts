import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { LogClient } from '../client/log-client.ts'
import { errorCodes } from '../protocol/error-codes.ts'
import { embeddedLog, type EmbeddedLogOptions } from './embedded-log.ts'
import { serveLog } from './serve-log.ts'
import { WireClient } from './wire-client.fixtures.ts'

async function limited(
  limits: NonNullable<EmbeddedLogOptions['limits']>,
  work: (client: WireClient, log: LogClient) => Promise<void>,
): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), 'millrace-limits-'))
  try {
    await using log = await embeddedLog({ dir, durability: 'os', limits })
    await using served = await serveLog(log, { listeners: [{ port: 0 }] })
    await using client = await WireClient.connect(served.places[0]!)
    await work(client, log)
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}

test('SEC-23: no more partitions are made than there may be, however they are asked for', () =>
  limited({ maxPartitions: 5 }, async (client, log) => {
    const topicOf = (name: string, numPartitions: number) => ({
      name,
      numPartitions,
      replicationFactor: 1,
      assignments: [],
      configs: [],
    })
    const { topics } = await client.ask('createTopics', { topics: [topicOf('a', 3), topicOf('b', 3), topicOf('c', 2)] })
    expect(topics.map(({ errorCode }) => errorCode)).toEqual([0, errorCodes.POLICY_VIOLATION, 0])
    const wider = { topics: [{ name: 'a', count: 4, assignments: null }], timeoutMs: 1_000, validateOnly: false }
    const { results } = await client.ask('createPartitions', wider)
    expect(results[0]!.errorCode).toBe(errorCodes.POLICY_VIOLATION)
    await expect(log.admin.createTopics([{ topic: 'd', partitions: 1 }])).rejects.toMatchObject({ code: 'LIMIT_REACHED' })
    await log.admin.deleteTopics(['c'])
    await log.admin.createTopics([{ topic: 'd', partitions: 1 }])
    await log.admin.addPartitions('a', 4)
    expect(await log.admin.listTopics()).toEqual(['a', 'd'])
  }))

test('SEC-23: no more groups are made than there may be; those that are there go on', () =>
  limited({ maxGroups: 2 }, async (client, log) => {
    await log.admin.createTopics([{ topic: 't', partitions: 1 }])
    const commit = async (groupId: string): Promise<number> => {
      const partitions = [{ partitionIndex: 0, committedOffset: 0, committedMetadata: null }]
      const { topics } = await client.ask('offsetCommit', { groupId, memberId: '', topics: [{ name: 't', partitions }] }, 8)
      return topics[0]!.partitions[0]!.errorCode
    }
    expect([await commit('a'), await commit('b'), await commit('c'), await commit('a')]).toEqual([
      0,
      0,
      errorCodes.POLICY_VIOLATION,
      0,
    ])
    const joining = { sessionTimeoutMs: 10_000, rebalanceTimeoutMs: 10_000, memberId: '', protocolType: 'consumer' }
    const protocols = [{ name: 'range', metadata: new Uint8Array(0) }]
    expect((await client.ask('joinGroup', { ...joining, groupId: 'd', protocols }, 3)).errorCode).toBe(
      errorCodes.POLICY_VIOLATION,
    )
    await using producer = await log.producer({ transactionalId: 'x' })
    const transaction = await producer.begin()
    const offsets = { group: 'e', positions: [{ topic: 't', partition: 0, offset: 0 }] }
    await expect(transaction.sendOffsets(offsets)).rejects.toMatchObject({ code: 'LIMIT_REACHED' })
    await transaction.abort()
    await log.admin.deleteGroups(['b'])
    expect(await commit('c')).toBe(0)
  }))

test('SEC-23: no more transactional ids are taken than there may be; those that are there go on', () =>
  limited({ maxTransactionalIds: 2 }, async (client) => {
    const init = async (transactionalId: string): Promise<number> =>
      (await client.ask('initProducerId', { transactionalId, transactionTimeoutMs: 1_000 }, 4)).errorCode
    expect([await init('a'), await init('b'), await init('c'), await init('a')]).toEqual([0, 0, errorCodes.POLICY_VIOLATION, 0])
  }))

test('SEC-23: producer ids are given without end, each once, and nothing is kept of those that are not used', () =>
  limited({}, async (client) => {
    const ids = new Set<number>()
    for (let round = 0; round < 2_500; round++) {
      const { producerId } = await client.ask('initProducerId', { transactionalId: null, transactionTimeoutMs: 1_000 }, 4)
      ids.add(producerId)
    }
    expect(ids.size).toBe(2_500)
  }))

test('limits are numbers above 0, of what there is', async () => {
  const dir = join(tmpdir(), 'millrace-limits-never')
  await expect(embeddedLog({ dir, limits: { maxGroups: 0 } })).rejects.toMatchObject({ code: 'INVALID_OPTION' })
  await expect(embeddedLog({ dir, limits: { maxCats: 1 } as never })).rejects.toMatchObject({ code: 'UNKNOWN_OPTION' })
})
