import { describe, expect, test } from 'vitest'
import { MillraceError } from '../base/errors.ts'
import type { EmbeddedLog } from '../client/embedded/embedded-log.ts'
import { ProducerStates } from '../log/producer-states.ts'
import type { DiskImage } from '../simulation/crash-image.ts'
import { enumerateCrashes } from '../simulation/enumerate-crashes.ts'
import { simWorld, type SimWorld } from '../simulation/sim-world.ts'
import { replaceFile } from '../storage/atomic-file.ts'
import { verifyDirectory } from '../storage/verify-directory.ts'
import { adoptWith, type AdoptionReport, type AdoptKafkaOptions } from './adopt-kafka.ts'
import { openSimulatedLog, tinyGeometry } from './simulated-log.ts'

const config = { 'segment.bytes': '700', 'index.interval.bytes': '100', 'retention.ms': '-1' }

async function put(world: SimWorld, path: string, content: string | Uint8Array): Promise<void> {
  await replaceFile(world.disk, path, Buffer.from(content))
}

/** A Kafka's log directory, with folders that Millrace wrote: their files are Kafka's. */
async function kafka(): Promise<DiskImage> {
  const world = simWorld({ seed: 1 })
  await world.run(async () => {
    const { log } = await openSimulatedLog(world, 'sync', tinyGeometry, '/kafka')
    await log.admin.createTopics([
      { topic: 'a', partitions: 2, config },
      { topic: 'b', partitions: 1, config },
    ])
    const plain = await log.producer()
    const transactional = await log.producer({ transactionalId: 't' })
    for (let round = 0; round < 12; round++) {
      for (let partition = 0; partition < 2; partition++)
        plain.append('a', `${round}`, `a${partition} ${round}`, { partition, timestamp: round })
      await plain.flush()
      const transaction = await transactional.begin()
      for (const topic of ['a', 'b']) {
        const batch = transactional.batch(topic, 0)
        batch.append('k', `${topic} ${round}`, round)
        await transaction.send(batch)
      }
      await transaction.sendOffsets({ group: 'g', positions: [{ topic: 'a', partition: 1, offset: round }] })
      if (round % 3 === 0) await transaction.commit()
      else await transaction.abort()
    }
    await log.admin.deleteRecords([{ topic: 'a', partition: 1, before: 5 }])
    await log.close()
    // As a Kafka would leave it.
    expect(Buffer.from(world.disk.readFile('/kafka/log-start-offset-checkpoint')).toString()).toContain('\na 1 5\n')
    expect(Buffer.from(world.disk.readFile('/kafka/replication-offset-checkpoint')).toString()).toContain('\nb 0 24\n')
    for (const name of world.disk.list('/kafka').filter((one) => one.startsWith('millrace-'))) world.disk.remove(`/kafka/${name}`)
    // A Kafka syncs its checkpoints.
    for (const name of world.disk.list('/kafka').filter((one) => one.endsWith('-offset-checkpoint')))
      await put(world, `/kafka/${name}`, world.disk.readFile(`/kafka/${name}`))
    await put(world, '/kafka/meta.properties', 'version=1\n')
    await put(world, '/kafka/.kafka_cleanshutdown', '{"version":0,"brokerEpoch":1}')
    for (const path of ['/kafka', '/kafka/a-0', '/kafka/a-1', '/kafka/b-0']) world.disk.syncFolder(path)
  })
  return world.disk.image('kill9', 'most')
}

function adopt(world: SimWorld, options: Partial<AdoptKafkaOptions> = {}): Promise<AdoptionReport> {
  const all = { dir: '/log', from: '/kafka', topics: [], configs: {}, groups: true, torn: 'refuse', world, ...options } as const
  return adoptWith(all, tinyGeometry, 1)
}

async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work
    return 'none'
  } catch (error) {
    if (error instanceof MillraceError) return error.code
    throw error
  }
}

/** The values of every topic that is there, read committed, with their offsets. */
async function contents(log: EmbeddedLog): Promise<Record<string, string[]>> {
  const found: Record<string, string[]> = {}
  for (const topic of await log.admin.listTopics()) {
    const [described] = await log.admin.describeTopics([topic])
    for (let partition = 0; partition < described!.partitions; partition++) {
      const place = { topic, partition }
      const [end] = await log.admin.listOffsets([{ ...place, at: 'stable' }])
      const consumer = await log.consumer({ isolation: 'read_committed' })
      await consumer.assign([{ ...place, offset: 'earliest' }])
      const values: string[] = []
      while (consumer.position(place) < end!) {
        for (const batch of await consumer.poll())
          values.push(...batch.toArray().map(({ offset, value }) => `${offset} ${String(value)}`))
      }
      await consumer.close()
      found[`${topic}-${partition}`] = values
    }
  }
  return found
}

async function within<T>(disk: DiskImage, work: (world: SimWorld) => Promise<T>): Promise<T> {
  const world = simWorld({ seed: 2, disk })
  return world.run(() => work(world))
}

/** What is in the log, after it was checked as a whole. */
async function opened(world: SimWorld): Promise<Record<string, string[]>> {
  expect((await verifyDirectory(world.disk, '/log', { newProducers: () => new ProducerStates() })).findings).toEqual([])
  const { log } = await openSimulatedLog(world)
  const found = await contents(log)
  await log.close()
  return found
}

describe('the topics of a stopped Kafka', () => {
  test('are read at the same offsets, with ids, groups and what was aborted, and can be written', async () => {
    await within(await kafka(), async (world) => {
      const before = world.disk.list('/kafka')
      const report = await adopt(world, { configs: { a: config } })
      expect(report.topics).toMatchObject([
        { topic: 'a', partitions: 2, cutBytes: 0 },
        { topic: 'b', partitions: 1, records: 12, cutBytes: 0 },
      ])
      expect(report.groups).toEqual(['g'])
      expect(report.skipped.map(({ topic }) => topic)).toContain('__transaction_state')
      expect(world.disk.list('/kafka').filter((name) => !name.startsWith('.lock'))).toEqual(
        before.filter((name) => !name.startsWith('.lock')),
      )
      const found = await opened(world)
      expect(found['a-1']![0]).toBe('5 a1 5')
      expect(found['b-0']).toEqual(['0 b 0', '6 b 3', '12 b 6', '18 b 9'])
      const { log, broker } = await openSimulatedLog(world)
      expect(await log.admin.groupOffsets('g')).toMatchObject([{ topic: 'a', partition: 1, offset: 9 }])
      expect((await log.admin.describeTopics(['a']))[0]).toMatchObject({ config, partitions: 2 })
      // Ids that the Kafka gave away are never given again, and epochs rise.
      expect(await broker.topics.reserveProducerIds(1)).toBeGreaterThan(1)
      expect(broker.directory.epoch).toBeGreaterThan(0)
      const producer = await log.producer({ transactionalId: 't' })
      const batch = producer.batch('b', 0)
      batch.append('k', 'after', 1)
      await producer.transact({ batches: [batch] })
      expect((await contents(log))['b-0']!.at(-1)).toBe('24 after')
      await log.close()
      expect((await opened(world))['b-0']!.length).toBe(5)
    })
  })

  test('join a log that has others already', async () => {
    await within(await kafka(), async (world) => {
      const first = await openSimulatedLog(world)
      await first.log.admin.createTopics([{ topic: 'own', partitions: 1 }])
      const producer = await first.log.producer()
      producer.append('own', null, 'x')
      await producer.flush()
      await first.log.close()
      await adopt(world, { topics: ['b'], groups: false })
      expect(Object.keys(await opened(world))).toEqual(['b-0', 'own-0'])
      expect(await codeOf(adopt(world))).toBe('TOPIC_EXISTS')
      expect(Object.keys(await opened(world))).toEqual(['b-0', 'own-0'])
      expect(await adopt(world, { topics: ['a'] })).toMatchObject({ groups: ['g'] })
      expect(Object.keys(await opened(world))).toEqual(['a-0', 'a-1', 'b-0', 'own-0'])
    })
  })

  test.each([
    ['no Kafka', 'NO_KAFKA_DIRECTORY', (world: SimWorld) => world.disk.remove('/kafka/meta.properties'), {}],
    ['an unclean one', 'KAFKA_NOT_STOPPED', (world: SimWorld) => world.disk.remove('/kafka/.kafka_cleanshutdown'), {}],
    ['no such topic', 'UNKNOWN_TOPIC', () => undefined, { topics: ['c'] }],
    ['its own topics', 'INVALID_TOPIC_NAME', () => undefined, { topics: ['__consumer_offsets'] }],
    ['an illegal setting', 'INVALID_TOPIC_CONFIG', () => undefined, { configs: { a: { nonsense: '1' } } }],
    ['a flipped bit', 'SEGMENT_DAMAGED', (world: SimWorld) => world.disk.rot('/kafka/b-0/00000000000000000000.log', 70, 1), {}],
    ['a folder without id', 'UNSUPPORTED_FORMAT', (world: SimWorld) => world.disk.remove('/kafka/b-0/partition.metadata'), {}],
    [
      'an old format',
      'UNSUPPORTED_FORMAT',
      (world: SimWorld) => world.disk.rot('/kafka/b-0/00000000000000000000.log', 16, 3),
      {},
    ],
    [
      'a text that is no checkpoint',
      'CHECKPOINT_DAMAGED',
      (world: SimWorld) => world.disk.truncate('/kafka/log-start-offset-checkpoint', 3),
      {},
    ],
    [
      'a segment that is missing',
      'SEGMENT_DAMAGED',
      (world: SimWorld) => {
        const [, second] = world.disk.list('/kafka/a-0').filter((name) => name.endsWith('.log'))
        world.disk.remove(`/kafka/a-0/${second}`)
      },
      {},
    ],
  ] as const)('with %s are refused, and nothing is taken: %s', async (_, code, harm, options) => {
    await within(await kafka(), async (world) => {
      harm(world)
      expect(await codeOf(adopt(world, options as Partial<AdoptKafkaOptions>))).toBe(code)
      const { log } = await openSimulatedLog(world)
      expect(await log.admin.listTopics()).toEqual([])
      await log.close()
    })
  })

  test('that were not stopped cleanly lose a torn end where that is asked for, and only there', async () => {
    await within(await kafka(), async (world) => {
      world.disk.remove('/kafka/.kafka_cleanshutdown')
      const last = world.disk.list('/kafka/b-0').findLast((name) => name.endsWith('.log'))!
      const { sizeBytes } = world.disk.stat(`/kafka/b-0/${last}`)!
      world.disk.truncate(`/kafka/b-0/${last}`, sizeBytes + 300)
      const report = await adopt(world, { torn: 'cut' })
      expect(report.topics).toMatchObject([{ cutBytes: 0 }, { topic: 'b', cutBytes: 300 }])
      expect((await opened(world))['b-0']).toHaveLength(4)
    })
    await within(await kafka(), async (world) => {
      world.disk.rot('/kafka/a-0/00000000000000000000.log', 70, 1)
      expect(await codeOf(adopt(world, { torn: 'cut' }))).toBe('SEGMENT_DAMAGED')
    })
  })

  test('of which a partition is elsewhere are left, or refused where they were asked for', async () => {
    await within(await kafka(), async (world) => {
      world.disk.rename('/kafka/a-0', '/kafka/a-7')
      expect(await codeOf(adopt(world, { topics: ['a'] }))).toBe('UNKNOWN_PARTITION')
      const { topics, skipped } = await adopt(world)
      expect(topics.map(({ topic }) => topic)).toEqual(['b'])
      expect(skipped).toContainEqual({ topic: 'a', why: 'partition 0 is not there' })
    })
  })

  test.each(['kill9', 'prefix', 'any'] as const)(
    'are there all or none after a crash: %s',
    { timeout: 120_000 },
    async (mode) => {
      const disk = await kafka()
      const whole = await within(disk, async (world) => {
        await adopt(world)
        return opened(world)
      })
      const isDone = { yet: false }
      const tally = await enumerateCrashes<boolean>({
        seed: 1,
        modes: [mode],
        imagesPerPoint: 3,
        world: { disk },
        run: async (world) => {
          await adopt(world)
          isDone.yet = true
        },
        observe: () => isDone.yet,
        check: async (world, { observed }) => {
          const { log } = await openSimulatedLog(world)
          const found = await contents(log)
          await log.close()
          if (observed || Object.keys(found).length > 0) return expect(found).toEqual(whole)
          await adopt(world)
          expect(await opened(world)).toEqual(whole)
        },
      })
      console.info(`${mode}: ${JSON.stringify(tally)}`)
      expect(tally.distinct).toBeGreaterThan(60)
    },
  )
})
