import { expect, test } from 'vitest'
import { batchOf } from '../broker/log-batches.ts'
import { GroupOffsets } from '../coordinator/group-offsets.ts'
import { buildEndMarker } from '../record/control-record.ts'
import { simWorld, type SimWorld } from '../simulation/sim-world.ts'
import { append, fill, later, owned, values } from './groups.fixtures.ts'
import { openSimulatedLog, type SimulatedLog } from './simulated-log.ts'

/** A transaction that stays open for a while, as those of Kafka's clients do. */
const producer = { producerId: 77, producerEpoch: 0 }

async function inTransaction(work: (opened: SimulatedLog, world: SimWorld) => Promise<void>): Promise<void> {
  const world = simWorld({ seed: 1 })
  await world.run(async () => {
    const opened = await openSimulatedLog(world)
    await work(opened, world)
    await opened.log.close()
  })
}

async function end({ broker }: SimulatedLog, kind: 'commit' | 'abort', topic: string): Promise<void> {
  const log = broker.topics.log({ topic, partition: 0 })
  const marker = buildEndMarker({ kind, ...producer, coordinatorEpoch: 0, timestamp: 0 })
  const { durable } = broker.directory.append([{ log, batch: marker }])
  if (topic === '__consumer_offsets') broker.groups.home('g').replay([marker])
  await durable
}

test('read_committed: minBytes counts what is stable, and a commit ends the wait', async () => {
  await inTransaction(async (opened, world) => {
    const { broker, log } = opened
    await fill(log, 't', 1, 1)
    const batch = batchOf([{ key: null, value: 'x'.repeat(500) }], 0, { ...producer, baseSequence: 0, transactional: true })
    await broker.directory.append([{ log: broker.topics.log({ topic: 't', partition: 0 }), batch }]).durable
    const consumers = await Promise.all(
      (['read_committed', 'read_uncommitted'] as const).map((isolation) => log.consumer({ isolation, reset: 'earliest' })),
    )
    await Promise.all(consumers.map((consumer) => consumer.assign([{ topic: 't', partition: 0 }])))
    const [committed, uncommitted] = consumers
    expect(values(await uncommitted!.poll({ minBytes: 300 }))).toHaveLength(2)
    let found: readonly string[] | null = null
    const polling = committed!.poll({ minBytes: 300, timeoutMs: 60_000 }).then((batches) => {
      found = values(batches)
    })
    await later(world, 1000)
    expect(found).toBeNull()
    await end(opened, 'commit', 't')
    await polling
    expect(found).toHaveLength(2)
    expect(world.clock.monotonic()).toBeLessThan(10_000)
  })
})

test.each(['commit', 'abort'] as const)(
  'a member begins when the transaction ends that may move its position: %s',
  async (kind) => {
    await inTransaction(async (opened, world) => {
      const { broker, log } = opened
      await fill(log, 't', 1, 5)
      await log.admin.alterGroupOffsets('g', [{ topic: 't', partition: 0, offset: 1 }])
      const records = new GroupOffsets().commit('g', [{ topic: 't', partition: 0, offset: 3, metadata: '' }], 0)
      const pending = batchOf(records, 0, { ...producer, baseSequence: 0, transactional: true })
      const home = broker.groups.home('g')
      const { durable } = broker.directory.append([{ log: home.log, batch: pending }])
      home.replay([pending])
      await durable
      await expect(broker.groups.committed('g', true)).rejects.toThrow(
        expect.objectContaining({ code: 'UNSTABLE_OFFSET_COMMIT' }),
      )

      const [member, byHand] = await Promise.all([log.consumer({ group: 'g' }), log.consumer({ group: 'g' })])
      member.subscribe(['t'])
      expect(await member.poll({ timeoutMs: 1000 })).toEqual([])
      expect(owned(member)).toEqual([0])
      expect(() => member.position({ topic: 't', partition: 0 })).toThrow(expect.objectContaining({ code: 'NO_OFFSET' }))
      const assigning = byHand.assign([{ topic: 't', partition: 0 }])
      await later(world, 500)
      await end(opened, kind, '__consumer_offsets')
      await assigning
      const expected = kind === 'commit' ? ['0/3', '0/4'] : ['0/1', '0/2', '0/3', '0/4']
      expect(values(await member.poll({ timeoutMs: 1000 }))).toEqual(expected)
      expect(values(await byHand.poll())).toEqual(expected)
      await append(log, 't', 1, 1)
      expect(values(await member.poll({ timeoutMs: 1000 }))).toEqual(['0/0'])
    })
  },
)
