import { describe, expect, test } from 'vitest'
import { MillraceError } from '../base/errors.ts'
import type { DiskImage } from '../simulation/crash-image.ts'
import { simWorld, type SimWorld } from '../simulation/sim-world.ts'
import { openSimulatedLog } from './simulated-log.ts'

/**
 * Every file of a data directory, with a flipped bit or cut short: what is read is right, or a typed error names the place; the
 * other topic loses nothing; and a log that does not open has changed nothing that a repair would need.
 *
 * Bad inputs have their tests in other places too:
 *
 *      configuration, names of topics, partitions      test/conformance/topics.ts, coordinator/topic-config.test.ts
 *      offsets: negative, beyond the end, fractions    test/conformance/assign.ts, administration.ts, groups.ts
 *      a wrong epoch or sequence                       idempotent-produce.test.ts, transactional-produce.test.ts
 *      a wrong checksum, headers that lie              topic-rules.test.ts, record/batch.prop.test.ts, batch-validation.test.ts
 *      decompression bombs                             record/compression-bomb.test.ts
 *      bits and cuts of a batch                        record/batch.prop.test.ts, compression.prop.test.ts
 *      torn frames, foreign folders                    damaged-files.test.ts
 */
const count = 12
const isCommitted = (index: number): boolean => index % 3 !== 1
const committed = (topic: string, from = 0): string[] =>
  Array.from({ length: count }, (_, index) => index)
    .filter((index) => isCommitted(index) && index >= from)
    .map((index) => `${topic}${index}`)

const topics = ['a', 'b'] as const

/** Transactions in two topics, every third one aborted, over several segments with dense indexes. */
async function written(ending: 'closed' | 'killed'): Promise<DiskImage> {
  const world = simWorld({ seed: 1 })
  await world.run(async () => {
    const { log } = await openSimulatedLog(world)
    const config = {
      'segment.bytes': '400',
      'index.interval.bytes': '0',
      'message.timestamp.before.max.ms': '9223372036854775807',
    }
    await log.admin.createTopics(topics.map((topic) => ({ topic, partitions: 1, config })))
    const producer = await log.producer({ transactionalId: 't' })
    for (let index = 0; index < count; index++) {
      const transaction = await producer.begin()
      for (const topic of topics) {
        const batch = producer.batch(topic, 0)
        batch.append(null, `${topic}${index}`, 1000 * index)
        await transaction.send(batch)
      }
      await (isCommitted(index) ? transaction.commit() : transaction.abort())
    }
    if (ending === 'closed') await log.close()
  })
  return world.disk.image('kill9', 'most')
}

const images = { closed: await written('closed'), killed: await written('killed') }

function filesOf(image: DiskImage): { readonly path: string; readonly size: number }[] {
  const { disk } = simWorld({ seed: 1, disk: image })
  return disk
    .list('/log')
    .filter((name) => !name.startsWith('.lock'))
    .flatMap((name) => (isFolder(name) ? disk.list(`/log/${name}`).map((file) => `/log/${name}/${file}`) : [`/log/${name}`]))
    .map((path) => ({ path, size: disk.readFile(path).length }))
}

/** Of a partition; everything else is a plain file. */
function isFolder(name: string): boolean {
  return /-\d+$/.test(name) && !name.startsWith('millrace-')
}

type Found = { readonly values: readonly string[] } | { readonly error: unknown }

async function outcomeOf(work: () => Promise<readonly string[]>): Promise<Found> {
  try {
    return { values: await work() }
  } catch (error) {
    return { error }
  }
}

interface Outcome {
  readonly opened: Found
  readonly all: Readonly<Record<string, Found>>
  /** From the middle, by an offset and by a time: what the indexes are for. */
  readonly byTime: Readonly<Record<string, Found>>
  readonly changed: boolean
}

async function outcome(image: DiskImage, harm: (world: SimWorld) => void): Promise<Outcome> {
  const world = simWorld({ seed: 2, disk: image })
  return world.run(async () => {
    harm(world)
    const before = contentOf(world)
    const all: Record<string, Found> = {}
    const byTime: Record<string, Found> = {}
    const opened = await outcomeOf(async () => {
      const { log } = await openSimulatedLog(world)
      const read = async (topic: string, at: number | 'earliest'): Promise<string[]> => {
        const place = { topic, partition: 0 }
        const consumer = await log.consumer()
        try {
          const [offset] = at === 'earliest' ? [0] : await log.admin.listOffsets([{ ...place, at }])
          await consumer.assign([{ ...place, offset: offset! }])
          const values: string[] = []
          const [end] = await log.admin.listOffsets([{ ...place, at: 'stable' }])
          while (consumer.position(place) < end!) {
            for (const batch of await consumer.poll()) values.push(...batch.toArray().map(({ value }) => String(value)))
          }
          return values
        } finally {
          await consumer.close()
        }
      }
      for (const topic of topics) {
        all[topic] = await outcomeOf(() => read(topic, 'earliest'))
        byTime[topic] = await outcomeOf(() => read(topic, 6000))
      }
      await log.close().catch(() => {})
      return []
    })
    return { opened, all, byTime, changed: contentOf(world) !== before }
  })
}

function contentOf({ disk }: SimWorld): string {
  return disk
    .list('/log')
    .filter((name) => !name.startsWith('.lock'))
    .map((name) =>
      isFolder(name)
        ? `${name}/${disk
            .list(`/log/${name}`)
            .map((file) => `${file}:${hex(disk, `/log/${name}/${file}`)}`)
            .join()}`
        : `${name}:${hex(disk, `/log/${name}`)}`,
    )
    .join()
}

function hex(disk: SimWorld['disk'], path: string): string {
  return Buffer.from(disk.readFile(path)).toString('base64')
}

/** A typed error, in one line, that names the place. */
function expectTyped(error: unknown, kind: string): void {
  expect(error, kind).toBeInstanceOf(MillraceError)
  const { code, where, fault, message } = error as MillraceError
  expect([code, fault], message).not.toEqual(['BUG', 'bug'])
  expect(where, message).toBeTruthy()
}

function expectRight(found: Found, right: readonly string[], kind: string): void {
  if ('error' in found) expectTyped(found.error, kind)
  else expect(found.values, kind).toEqual(right)
}

function check(path: string, kind: string, { opened, all, byTime, changed }: Outcome): void {
  if ('error' in opened) {
    expectTyped(opened.error, kind)
    expect(changed, `${kind}: ${String(opened.error)}`).toBe(false)
    return
  }
  for (const topic of topics) {
    const name = `${kind}, topic ${topic}`
    if (path.startsWith(`/log/${topic}-0/`) && path.endsWith('.log')) {
      expectRight(all[topic]!, committed(topic), name) // a batch of an aborted transaction is not even looked into
      expectRight(byTime[topic]!, committed(topic, 6), name)
    } else {
      // What is made of the records can be made again, and other topics have nothing to do with it.
      expect(all[topic], name).toEqual({ values: committed(topic) })
      expect(byTime[topic], name).toEqual({ values: committed(topic, 6) })
    }
  }
}

const kindOf = (path: string): string => path.replace(/.*\//, '').replace(/^\d+/, '')

/** The journal's last frame may be torn by any crash: what it held was never acknowledged. */
const isTail = (ending: string, path: string): boolean => ending === 'killed' && path.includes('millrace-journal')

describe.each(['closed', 'killed'] as const)('a log that was %s', (ending) => {
  const files = filesOf(images[ending])
  const kinds = [...new Set(files.map(({ path }) => kindOf(path)))].toSorted((a, b) => (a < b ? -1 : 1))

  test('has files of every kind', () => {
    const closed = [
      '.index',
      '.log',
      '.snapshot',
      '.timeindex',
      '.txnindex',
      'leader-epoch-checkpoint',
      'millrace-checkpoint',
      'partition.metadata',
    ]
    expect(kinds).toEqual(expect.arrayContaining(closed))
  })

  test.each(kinds)(
    'SEC-19: with damaged files %s gives what is right, or says what is not',
    { timeout: 120_000 },
    async (kind) => {
      for (const { path, size } of files.filter((file) => kindOf(file.path) === kind)) {
        if (size > 0 && !isTail(ending, path)) {
          for (const at of new Set([0, 1, size >> 2, size >> 1, size - (size >> 2), size - 1].filter((place) => place < size))) {
            const name = `${path} with another bit at ${at}`
            check(path, name, await outcome(images[ending], ({ disk }) => disk.rot(path, at, 1 << (at & 7))))
          }
        }
        for (const length of new Set([0, size >> 1, size - 1].filter((one) => one >= 0 && one < size))) {
          const name = `${path} cut to ${length} of ${size} bytes`
          check(path, name, await outcome(images[ending], ({ disk }) => disk.truncate(path, length)))
        }
      }
    },
  )
})
