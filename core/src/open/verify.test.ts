import { describe, expect, test } from 'vitest'
import { runVerify } from '../cli/run-verify.ts'
import { ProducerStates } from '../log/producer-states.ts'
import type { DiskImage } from '../simulation/crash-image.ts'
import { enumerateCrashes } from '../simulation/enumerate-crashes.ts'
import { simWorld, type SimWorld } from '../simulation/sim-world.ts'
import { replaceFile } from '../storage/atomic-file.ts'
import { readCheckpoint, writeCheckpoint, type PartitionCheckpoint } from '../storage/checkpoint.ts'
import { decodeProducerSnapshot, encodeProducerSnapshot } from '../storage/producer-snapshot.ts'
import { verifyDirectory, type Finding } from '../storage/verify-directory.ts'
import { openSimulatedLog } from './simulated-log.ts'

const small = { 'segment.bytes': '700', 'index.interval.bytes': '150', 'retention.ms': '-1' }
const topics = [
  { topic: 'a', partitions: 2, config: small },
  { topic: 'c', partitions: 1, config: { ...small, 'cleanup.policy': 'compact', 'min.cleanable.dirty.ratio': '0.01' } },
  { topic: 'old', partitions: 1, config: { ...small, 'retention.bytes': '900' } },
]

/** Everything that leaves a file: idempotent producers, transactions of both ends, compaction, retention, several epochs of the log. */
async function workload(world: SimWorld, lives: number, rounds: number): Promise<void> {
  for (let life = 0; life < lives; life++) {
    const { log, broker } = await openSimulatedLog(world)
    if (life === 0) await log.admin.createTopics(topics)
    const plain = await log.producer()
    const transactional = await log.producer({ transactionalId: 't' })
    for (let round = 0; round < rounds; round++) {
      for (const [index, topic] of ['a', 'c', 'old', 'a'].entries())
        plain.append(topic, `${(round + index) % 3}`, `${life} ${round}`.padEnd(70, '.'), { timestamp: 1000 + round })
      await plain.flush()
      const transaction = await transactional.begin()
      for (const topic of ['a', 'c']) {
        const batch = transactional.batch(topic, 0)
        batch.append('k', `${life} ${round}`, 1000 + round)
        await transaction.send(batch)
      }
      if (round % 3 === 0) await transaction.commit()
      else await transaction.abort()
    }
    await broker.maintenance.run()
    await log.close()
  }
}

const verify = async (world: SimWorld, folder = '/log'): Promise<readonly Finding[]> => {
  const { findings } = await verifyDirectory(world.disk, folder, { newProducers: () => new ProducerStates() })
  return findings
}

async function written(lives = 2, rounds = 7): Promise<DiskImage> {
  const world = simWorld({ seed: 1 })
  await world.run(() => workload(world, lives, rounds))
  return world.disk.image('kill9', 'most')
}

async function within<T>(disk: DiskImage, work: (world: SimWorld) => Promise<T>): Promise<T> {
  const world = simWorld({ seed: 2, disk })
  return world.run(() => work(world))
}

function filesBelow(world: SimWorld, folder: string): string[] {
  return world.disk.list(folder).flatMap((name) => {
    const path = `${folder}/${name}`
    return world.disk.stat(path)?.kind === 'folder' ? filesBelow(world, path) : [path]
  })
}

const isJournal = (path: string): boolean => path.includes('journal')
/** Not what nobody reads. */
const isChecked = (path: string): boolean => !/lock|journal|offset-checkpoint/.test(path)

function rowOf(world: SimWorld, topic: string, partition: number): PartitionCheckpoint {
  return readCheckpoint(world.disk, '/log')!.partitions.find((row) => row.topic === topic && row.partition === partition)!
}

/** The places that findings name. */
async function found(world: SimWorld): Promise<string[]> {
  return [...new Set((await verify(world)).map(({ where }) => where))]
}

describe('verify', () => {
  test('finds nothing in what was closed, nor in a back-up of it, and changes nothing', async () => {
    await within(await written(), async (world) => {
      const { log } = await openSimulatedLog(world)
      await log.admin.backUp({ to: '/copy' })
      await log.close()
      const before = world.disk.image('kill9', 'most').fingerprint()
      const result = await verifyDirectory(world.disk, '/log', { newProducers: () => new ProducerStates() })
      expect(result.findings).toEqual([])
      expect(result.records).toBeGreaterThan(60)
      expect(await verify(world, '/copy')).toEqual([])
      expect(world.disk.image('kill9', 'most').fingerprint()).toBe(before)
      const names = filesBelow(world, '/log').map((path) => path.replace(/.*[./]/, ''))
      for (const kind of ['log', 'index', 'timeindex', 'txnindex', 'snapshot', 'metadata', 'leader-epoch-checkpoint'])
        expect(names).toContain(kind)
    })
  })

  test.each(['kill9', 'prefix', 'any'] as const)(
    'finds nothing after a crash but helpers that opening makes again: %s',
    { timeout: 120_000 },
    async (mode) => {
      const tally = await enumerateCrashes({
        seed: 1,
        modes: [mode],
        imagesPerPoint: 3,
        every: 3,
        run: (world) => workload(world, 2, 5),
        check: async (world) => {
          if (world.disk.stat('/log/millrace-checkpoint') === null) return
          const damage = (await verify(world)).filter(({ heals }) => !heals)
          expect(damage.filter(({ where }) => mode === 'kill9' || !where.endsWith('leader-epoch-checkpoint'))).toEqual([])
          const { log } = await openSimulatedLog(world)
          await log.close()
          // What is made again is made when somebody asks for it.
          expect(
            (await verify(world)).filter(({ where, heals }) => !heals && !where.endsWith('leader-epoch-checkpoint')),
          ).toEqual([])
        },
      })
      expect(tally.distinct).toBeGreaterThan(100)
    },
  )

  test('finds a flipped bit in any byte of any file', { timeout: 120_000 }, async () => {
    const image = await written()
    const kinds = new Map<string, number>()
    await within(image, async (world) => {
      for (const path of filesBelow(world, '/log').filter(isChecked)) {
        const { length } = world.disk.readFile(path)
        for (let at = length % 11; at < length; at += 11) {
          world.disk.rot(path, at, 1 << (at % 8))
          expect(await found(world), `${path} at ${at}`).toContain(path.slice('/log/'.length))
          world.disk.rot(path, at, 1 << (at % 8))
        }
        const kind = path.replace(/.*[./]/, '')
        kinds.set(kind, (kinds.get(kind) ?? 0) + 1)
      }
      expect(await verify(world)).toEqual([])
    })
    expect([...kinds.keys()].sort()).toEqual([
      'index',
      'leader-epoch-checkpoint',
      'log',
      'metadata',
      'millrace-checkpoint',
      'snapshot',
      'timeindex',
      'txnindex',
    ])
  })

  test.each([
    ['cut by a byte', (world: SimWorld, path: string): void => world.disk.truncate(path, world.disk.stat(path)!.sizeBytes - 1)],
    ['empty', (world: SimWorld, path: string): void => world.disk.truncate(path, 0)],
    ['missing', (world: SimWorld, path: string): void => world.disk.remove(path)],
    [
      'with zeros behind its end',
      (world: SimWorld, path: string): void => world.disk.truncate(path, world.disk.stat(path)!.sizeBytes + 24),
    ],
  ])('finds a file that is %s', async (how, harm) => {
    const image = await written()
    const paths = await within(image, async (world) =>
      filesBelow(world, '/log').filter((path) => isChecked(path) || isJournal(path)),
    )
    for (const path of paths) {
      await within(image, async (world) => {
        const { sizeBytes } = world.disk.stat(path)!
        const isUnneeded = how === 'missing' && path.endsWith('snapshot')
        const isEmptyAlready = sizeBytes === 0 && !['missing', 'with zeros behind its end'].includes(how)
        if (how === 'empty' && path.endsWith('.index')) return // it may leave entries out
        if (isUnneeded || isEmptyAlready) return
        harm(world, path)
        const name = path.slice('/log/'.length)
        if (isJournal(path)) return expect((await found(world)).join()).toContain('millrace-journal')
        // A hole is seen where the next segment begins; what an index holds beyond its mark is never read.
        const places = await found(world)
        // The line that counts is whole.
        if (path.endsWith('millrace-checkpoint') && /byte|zeros/.test(how)) return
        if (how === 'missing' && path.endsWith('.log')) return expect(places.join()).toContain(name.split('/')[0])
        if (how === 'with zeros behind its end' && path.endsWith('index')) return
        expect(places, path).toContain(name)
      })
    }
  })

  test('says where: topic, partition, offset, and whether it heals', async () => {
    await within(await written(), async (world) => {
      world.disk.rot('/log/a-1/00000000000000000000.log', 30, 1)
      world.disk.truncate('/log/a-0/00000000000000000000.index', 3)
      const findings = await verify(world)
      expect(findings).toContainEqual({
        where: 'a-1/00000000000000000000.log',
        topic: 'a',
        partition: 1,
        offset: 0,
        what: expect.stringMatching(/checksum.*\(byte 0\)/),
        heals: false,
      })
      expect(findings.find(({ where }) => where.startsWith('a-0'))).toMatchObject({ topic: 'a', partition: 0, heals: true })
      const lines: string[] = []
      const context = { world, out: (line: string) => void lines.push(line) }
      expect(await runVerify({ dir: '/log', json: false }, context)).toBe(1)
      expect(lines[0]).toMatch(/^spoilt, made again at the next open: a-0\/00000000000000000000.index at offset 0: /)
      expect(lines[1]).toMatch(/^damaged: a-1\/00000000000000000000.log at offset 0: /)
      expect(lines.at(-1)).toMatch(/\d records, \d+ bytes: \d findings$/)
      lines.length = 0
      expect(await runVerify({ dir: '/log', json: true }, context)).toBe(1)
      expect(JSON.parse(lines.join())).toMatchObject({ findings })
    })
  })

  test('finds a whole segment that is gone, at the start, in the middle and at the end, compacted or not', async () => {
    const image = await written(3, 9)
    const logs = await within(image, async (world) => filesBelow(world, '/log').filter((path) => path.endsWith('.log')))
    expect(logs.length).toBeGreaterThan(12)
    for (const path of logs) {
      await within(image, async (world) => {
        for (const file of filesBelow(world, '/log').filter((one) => one.startsWith(path.slice(0, -3)))) world.disk.remove(file)
        const partition = path.split('/')[2]!
        expect((await verify(world)).filter(({ where, heals }) => where.startsWith(partition) && !heals).length).toBeGreaterThan(
          0,
        )
      })
    }
    await within(image, async (world) => {
      for (const file of filesBelow(world, '/log/a-0')) world.disk.remove(file)
      world.disk.remove('/log/a-0')
      expect(await found(world)).toEqual(['a-0'])
    })
  })

  test('finds small files that are whole and say something else than the batches', async () => {
    const image = await written()
    await within(image, async (world) => {
      const { recoveryOffset } = rowOf(world, 'a', 0)
      const path = `/log/a-0/${String(recoveryOffset).padStart(20, '0')}.snapshot`
      const [first, ...rest] = decodeProducerSnapshot(world.disk.readFile(path), path)
      for (const other of [[{ ...first!, lastSequence: first!.lastSequence + 1 }, ...rest], rest]) {
        await replaceFile(world.disk, path, encodeProducerSnapshot(other))
        expect(await verify(world)).toMatchObject([
          { where: path.slice(5), offset: expect.any(Number), what: expect.stringContaining(`producer ${first!.producerId}`) },
        ])
      }
    })
    await within(image, async (world) => {
      const checkpoint = readCheckpoint(world.disk, '/log')!
      const row = checkpoint.partitions.find(({ folder }) => (folder.transactionIndexes ?? []).length > 0)!
      const partitions = checkpoint.partitions.map((one) =>
        one === row ? { ...one, folder: { ...one.folder, transactionIndexes: [] } } : one,
      )
      await writeCheckpoint(world.disk, '/log', { ...checkpoint, partitions })
      expect((await verify(world))[0]).toMatchObject({
        topic: row.topic,
        heals: false,
        what: expect.stringContaining('was aborted'),
      })
    })
    await within(image, async (world) => {
      const checkpoint = readCheckpoint(world.disk, '/log')!
      const row = rowOf(world, 'a', 1)
      const partitions = checkpoint.partitions.map((one) =>
        one.topicId === row.topicId && one.partition === 1
          ? { ...one, recoveryOffset: one.recoveryOffset + 1, producers: false }
          : one,
      )
      await writeCheckpoint(world.disk, '/log', { ...checkpoint, partitions })
      expect(await verify(world)).toMatchObject([
        { topic: 'a', partition: 1, what: expect.stringContaining('the segments end at') },
      ])
    })
  })

  test('looks at what the journal holds of a log that was not closed', async () => {
    const world = simWorld({ seed: 1 })
    await world.run(async () => {
      const { log } = await openSimulatedLog(world)
      await log.admin.createTopics([{ topic: 'a', partitions: 1 }])
      const producer = await log.producer()
      for (let index = 0; index < 5; index++) {
        producer.append('a', null, `${index}`)
        await producer.flush()
      }
    })
    const image = world.disk.image('kill9', 'most')
    await within(image, async (after) => expect(await verify(after)).toEqual([]))
    await within(image, async (after) => {
      after.disk.rot('/log/millrace-journal-0', 3 * 512 + 70, 1)
      expect(await verify(after)).toMatchObject([{ where: 'millrace-journal', what: expect.stringContaining('JOURNAL_DAMAGED') }])
    })
  })

  test('of something that is no data directory says so', async () => {
    const world = simWorld({ seed: 1 })
    await world.run(async () => {
      world.disk.makeFolder('/log')
      expect(await verify(world)).toMatchObject([
        { where: 'millrace-checkpoint', what: expect.stringContaining('there is none') },
      ])
    })
  })
})
