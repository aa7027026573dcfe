import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { BothServers, type Side } from '../both-servers.ts'
import { base64 } from '../millrace-records.ts'
import { cluster, transactions } from './cluster.ts'
import { groups, liveGroups } from './groups.ts'
import { printed } from './printed.ts'
import { records } from './records.ts'
import type { ToolStep } from './tool-step.ts'
import { topics } from './topics.ts'

/** Kafka's own tools print here what they print against a Kafka. */
describe("Kafka's tools print what they print against a Kafka", () => {
  let servers: BothServers

  beforeAll(async () => {
    servers = await BothServers.start()
    await servers.both(recordsByTime)
  })

  afterAll(async () => {
    await servers?.[Symbol.asyncDispose]()
  })

  async function compare(steps: readonly ToolStep[]): Promise<void> {
    for (const step of steps) {
      const [theirs, ours] = await servers.both((side) => servers.tool(side, step))
      expect(printed(ours, step.rules), `${step.tool} ${step.args}`).toEqual(printed(theirs, step.rules))
    }
  }

  test('of topics and their settings', { timeout: 120_000 }, () => compare(topics))
  test('of groups, and each way to reset their offsets', { timeout: 180_000 }, () => compare(groups))
  test('that write and read records', { timeout: 180_000 }, () => compare(records))
  test('of the cluster', { timeout: 120_000 }, () => compare(cluster))

  test('of a group that has a member', { timeout: 120_000 }, async () => {
    await servers.both(liveMember)
    await compare(liveGroups)
    await servers.both(({ driver }) => driver.call('closeConsumer', { consumer: 'live' }))
  })

  test('of transactions, one of them open', { timeout: 120_000 }, async () => {
    await servers.both(openTransaction)
    await compare(transactions)
  })
})

async function recordsByTime({ driver }: Side): Promise<void> {
  await driver.call('createTopic', { topic: 't', partitions: 2, config: {} })
  await driver.call('openProducer', { producer: 'p', config: {} })
  const of = { topic: 't', partition: 0, key: null, headers: [] }
  const sent = [1, 2, 3, 4].map((second) => ({ ...of, value: base64(`v${second}`), timestamp: second * 1_000 }))
  await driver.call('send', { producer: 'p', records: sent })
}

async function liveMember({ driver }: Side): Promise<void> {
  const config = { 'group.id': 'live', 'client.id': 'live-client', 'auto.offset.reset': 'earliest' }
  await driver.call('openConsumer', { consumer: 'live', config, topics: ['t'] })
  for (let read = 0; read < 4;) read += (await driver.call('poll', { consumer: 'live', forMs: 500 })).records.length
  await driver.call('commit', { consumer: 'live' })
}

async function openTransaction({ driver }: Side): Promise<void> {
  await driver.call('createTopic', { topic: 'tx', partitions: 1, config: {} })
  await driver.call('openProducer', { producer: 'idle', config: { 'transactional.id': 'idle' } })
  for (const producer of ['done', 'x']) {
    await driver.call('openProducer', { producer, config: { 'transactional.id': producer } })
    await driver.call('begin', { producer })
    const record = { topic: 'tx', partition: 0, key: null, headers: [], value: base64(producer) }
    await driver.call('send', { producer, records: [record] })
    if (producer === 'done') await driver.call('end', { producer, transactionalId: producer, how: 'commit' })
  }
}
