import { expect, test } from 'vitest'
import type { Consumer } from '../client/consumer.ts'
import { simWorld } from '../simulation/sim-world.ts'
import { fill, later, owned, pollAll } from './groups.fixtures.ts'
import { openSimulatedLog } from './simulated-log.ts'

test('after a write that failed members join again, and the group goes on where it stood', async () => {
  const world = simWorld({ seed: 1, capacityBytes: 40_000 })
  await world.run(async () => {
    const { log } = await openSimulatedLog(world)
    await fill(log, 't', 2, 2)
    const [a, b] = await Promise.all([
      log.consumer({ group: 'g', reset: 'earliest' }),
      log.consumer({ group: 'g', reset: 'earliest' }),
    ])
    a.subscribe(['t'])
    expect(await pollAll([a])).toHaveLength(4)
    await a.commit()
    await fillDisk(log)
    b.subscribe(['t'])
    const polling = Promise.all([a, b].map((member) => poll(member)))
    await later(world, 5000)
    world.disk.capacityBytes = 10_000_000
    await later(world, 5000)
    await polling
    expect(await pollAll([a, b], 6)).toEqual([])
    expect(owned(a, b)).toEqual([0, 1])
    expect([owned(a).length, owned(b).length]).toEqual([1, 1])
    const producer = await log.producer()
    for (const partition of [0, 1]) producer.append('t', null, `new ${partition}`, { partition })
    await producer.flush()
    expect((await pollAll([a, b])).toSorted()).toEqual(['new 0', 'new 1'])
    await Promise.all([a.commit(), b.commit()])
    expect((await log.admin.groupLag('g')).map(({ lag }) => lag)).toEqual([0, 0])
    await log.close()
  })

  async function fillDisk(log: Awaited<ReturnType<typeof openSimulatedLog>>['log']): Promise<void> {
    await log.admin.createTopics([{ topic: 'filler', partitions: 1 }])
    const producer = await log.producer()
    const writeUntilFull = async (): Promise<void> => {
      producer.append('filler', null, 'x'.repeat(300))
      await producer.flush()
      await writeUntilFull()
    }
    await expect(writeUntilFull()).rejects.toMatchObject({ code: 'DISK_FULL' })
  }

  /** As a program does that tries again what may be tried again. */
  async function poll(member: Consumer): Promise<void> {
    for (let round = 0; round < 8; round++) {
      await member.poll({ timeoutMs: 1000 }).catch((error: unknown) => {
        expect(error).toMatchObject({ outcome: 'retriable' })
        return later(world, 500)
      })
    }
  }
})

test('a member of a log whose journal has failed is told so, and does not try for ever', async () => {
  const world = simWorld({
    seed: 1,
    faults: [{ path: /journal/, operation: 'dataSync', nth: 20, times: 'forever', error: 'EIO' }],
  })
  await world.run(async () => {
    const { log } = await openSimulatedLog(world)
    await log.admin.createTopics([{ topic: 't', partitions: 1 }])
    const producer = await log.producer()
    const writeUntilFailed = async (): Promise<void> => {
      producer.append('t', null, 'x')
      await producer.flush()
      await writeUntilFailed()
    }
    await expect(writeUntilFailed()).rejects.toMatchObject({ code: 'JOURNAL_FAILED' })
    const consumer = await log.consumer({ group: 'g', reset: 'earliest' })
    consumer.subscribe(['t'])
    const polls = async (): Promise<void> => {
      await consumer.poll({ timeoutMs: 60_000 })
    }
    await expect(polls()).rejects.toMatchObject({ code: 'JOURNAL_FAILED' })
    await log.close().catch((error: unknown) => expect(error).toMatchObject({ code: 'JOURNAL_FAILED' }))
  })
})
