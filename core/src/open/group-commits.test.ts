import { describe, expect, test } from 'vitest'
import type { Consumer } from '../client/consumer.ts'
import type { EmbeddedLog } from '../client/embedded/embedded-log.ts'
import { append, fill, inLog, later, pollAll, values } from './groups.fixtures.ts'

const fails = (code: string): unknown => expect.objectContaining({ code })

describe('committing', () => {
  test('without group, and between assign and subscribe, a consumer says what it cannot do', async () => {
    await inLog(async (log) => {
      await fill(log, 't', 1, 1)
      const alone = await log.consumer({ reset: 'earliest' })
      expect(() => alone.subscribe(['t'])).toThrow(fails('INVALID_OPTION'))
      await expect(alone.commit()).rejects.toThrow(fails('INVALID_OPTION'))
      const a = await log.consumer({ group: 'g', reset: 'earliest' })
      expect(() => a.subscribe([])).toThrow(fails('INVALID_OPTION'))
      a.subscribe(['t'])
      await expect(a.assign([{ topic: 't', partition: 0 }])).rejects.toThrow(fails('SUBSCRIPTION_CONFLICT'))
      await a.unsubscribe()
      await a.assign([{ topic: 't', partition: 0 }])
      expect(() => a.subscribe(['t'])).toThrow(fails('SUBSCRIPTION_CONFLICT'))
      expect(await pollAll([a])).toEqual(['0/0'])
    })
  })

  test('a consumer with partitions by hand commits while the group has no members', async () => {
    await inLog(async (log) => {
      await fill(log, 't', 1, 3)
      const byHand = await log.consumer({ group: 'g', reset: 'earliest' })
      await byHand.assign([{ topic: 't', partition: 0 }])
      await byHand.poll({ maxRecords: 2 })
      await byHand.commit()
      expect(await log.admin.groupOffsets('g')).toEqual([{ topic: 't', partition: 0, offset: 2, metadata: '' }])
      const member = await log.consumer({ group: 'g' })
      member.subscribe(['t'])
      expect(await pollAll([member])).toEqual(['0/2'])
      await byHand.poll()
      await expect(byHand.commit()).rejects.toThrow(fails('UNKNOWN_MEMBER_ID'))
    })
  })

  test('positions of one’s own, with metadata; bad ones are refused whole', async () => {
    await inLog(async (log) => {
      await fill(log, 't', 1, 3)
      const a = await log.consumer({ group: 'g', reset: 'earliest' })
      a.subscribe(['t'])
      await pollAll([a])
      await a.commit([{ topic: 't', partition: 0, offset: 1, metadata: 'é', leaderEpoch: 0 }])
      expect(await log.admin.groupOffsets('g')).toEqual([{ topic: 't', partition: 0, offset: 1, metadata: 'é' }])
      for (const [bad, code] of [
        [{ topic: 't', partition: 0, offset: -1 }, 'NUMBER_OUT_OF_RANGE'],
        [{ topic: 't', partition: 9, offset: 1 }, 'UNKNOWN_PARTITION'],
        [{ topic: 'u', partition: 0, offset: 1 }, 'UNKNOWN_TOPIC'],
      ] as const) {
        await expect(a.commit([{ topic: 't', partition: 0, offset: 2 }, bad])).rejects.toThrow(fails(code))
      }
      expect((await log.admin.groupOffsets('g'))[0]!.offset).toBe(1)
    })
  })

  test('nothing is committed by itself; with an interval what the caller came back from', async () => {
    await inLog(async (log, world) => {
      await fill(log, 't', 1, 6)
      const committed = async (): Promise<number | undefined> => (await log.admin.groupOffsets('g'))[0]?.offset
      const plain = await log.consumer({ group: 'g', reset: 'earliest' })
      plain.subscribe(['t'])
      await pollAll([plain])
      await plain.close()
      expect(await committed()).toBeUndefined()

      const auto = await log.consumer({ group: 'g', reset: 'earliest', autoCommitIntervalMs: 100 })
      auto.subscribe(['t'])
      expect(values(await auto.poll({ timeoutMs: 1000, maxRecords: 2 }))).toHaveLength(2)
      await later(world, 150)
      expect(await committed()).toBeUndefined()
      await auto.poll({ maxRecords: 2 }) // back from the first two
      expect(await committed()).toBe(2)
      await auto.poll({ maxRecords: 1 }) // too soon
      expect(await committed()).toBe(2)
      await auto.close() // the last one may have failed, those before have not
      expect(await committed()).toBe(4)
    })
  })
})

describe('administration', () => {
  test('lists, describes, resets, and deletes', async () => {
    await inLog(async (log, world) => {
      await fill(log, 't', 2, 10)
      const { admin } = log
      const a = await log.consumer({ group: 'g', reset: 'earliest' })
      a.subscribe(['t'])
      await pollAll([a])
      await a.commit()
      await append(log, 't', 1, 5)
      expect(await admin.groupLag('g')).toEqual([
        { topic: 't', partition: 0, committed: 10, end: 15, lag: 5 },
        { topic: 't', partition: 1, committed: 10, end: 10, lag: 0 },
      ])
      const place = { topic: 't', partition: 0 }
      await expect(admin.resetGroupOffsets('g', [place], 'earliest')).rejects.toThrow(fails('NON_EMPTY_GROUP'))
      await expect(admin.deleteGroups(['g'])).rejects.toThrow(fails('NON_EMPTY_GROUP'))
      await expect(admin.deleteGroupOffsets('g', [place])).rejects.toThrow(fails('GROUP_SUBSCRIBED_TO_TOPIC'))
      await a.close()
      expect(await admin.listGroups()).toEqual([{ group: 'g', state: 'Empty', protocolType: 'consumer' }])

      const now = world.clock.now()
      for (const [to, offset] of [
        ['earliest', 0],
        ['latest', 15],
        [{ offset: 7 }, 7],
        [{ offset: 99 }, 15],
        [{ timestamp: 2500 }, 3],
        [{ timestamp: now }, 15],
        [{ durationMs: now - 1000 }, 1],
      ] as const) {
        expect(await admin.resetGroupOffsets('g', [place], to)).toEqual([{ ...place, offset, metadata: '' }])
        expect((await admin.groupOffsets('g')).find(({ partition }) => partition === 0)?.offset).toBe(offset)
      }
      await expect(admin.resetGroupOffsets('g', [place], 'middle' as 'latest')).rejects.toThrow(fails('INVALID_OPTION'))
      await admin.alterGroupOffsets('g', [{ ...place, offset: 4, metadata: 'm' }])
      await admin.deleteGroupOffsets('g', [{ topic: 't', partition: 1 }])
      expect(await admin.groupOffsets('g')).toEqual([{ ...place, offset: 4, metadata: 'm' }])
      await admin.deleteGroups(['g'])
      expect(await admin.listGroups()).toEqual([])
      await expect(admin.deleteGroups(['g'])).rejects.toThrow(fails('GROUP_NOT_FOUND'))
      expect(await admin.describeGroups(['g'])).toEqual([
        { group: 'g', state: 'Dead', protocolType: '', assignor: null, generation: 0, members: [] },
      ])
    })
  })

  test('offsets of a group go seven days after its last member left; of one that never had any they stay', async () => {
    await inLog(async (log, world, broker) => {
      await fill(log, 't', 1, 1)
      const day = 24 * 60 * 60 * 1000
      await log.admin.alterGroupOffsets('by hand', [{ topic: 't', partition: 0, offset: 1 }])
      const stays = await memberOf(log, 'with a member')
      await (await memberOf(log, 'left early')).close()
      await later(world, 6 * day)
      await (await memberOf(log, 'left late')).close()
      await later(world, 2 * day)
      await broker.maintenance.run()
      expect((await log.admin.listGroups()).map(({ group }) => group)).toEqual(['by hand', 'left late', 'with a member'])
      await stays.close()
    })
  })
})

/** It has polled and committed, and may be silent for ever. */
async function memberOf(log: EmbeddedLog, group: string): Promise<Consumer> {
  const consumer = await log.consumer({ group, reset: 'earliest', maxPollIntervalMs: 2 ** 31 - 1 })
  consumer.subscribe(['t'])
  expect(await pollAll([consumer])).toEqual(['0/0'])
  await consumer.commit()
  return consumer
}
