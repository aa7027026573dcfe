import { describe, expect, test } from 'vitest'
import type { GroupAssignor } from '../base/group-assignor.ts'
import { simWorld } from '../simulation/sim-world.ts'
import { append, fill, inLog, later, listening, owned, pollAll, values } from './groups.fixtures.ts'
import { openSimulatedLog } from './simulated-log.ts'

const fails = (code: string): unknown => expect.objectContaining({ code })

describe('members', () => {
  test('share the partitions, and commit', async () => {
    await inLog(async (log) => {
      await fill(log, 't', 4, 3)
      const a = await log.consumer({ group: 'g', reset: 'earliest' })
      a.subscribe(['t'])
      expect(await pollAll([a])).toHaveLength(12)
      expect(owned(a)).toEqual([0, 1, 2, 3])
      await a.commit()
      const b = await log.consumer({ group: 'g' })
      b.subscribe(['t'])
      expect(await pollAll([a, b])).toEqual([])
      expect([owned(a).length, owned(b).length, ...owned(a, b)]).toEqual([2, 2, 0, 1, 2, 3])
      const [group] = await log.admin.describeGroups(['g'])
      expect(group).toMatchObject({ state: 'Stable', assignor: 'cooperative-sticky', protocolType: 'consumer' })
      expect(group?.members.flatMap(({ partitions }) => partitions)).toHaveLength(4)
      await b.close()
      await pollAll([a])
      expect(owned(a)).toEqual([0, 1, 2, 3])
    })
  })

  test.each(['range', 'roundrobin', 'sticky', 'cooperative-sticky'] as const)(
    'with %s read every record once while they come and go, as long as they commit what they read',
    async (assignor) => {
      await inLog(async (log) => {
        await fill(log, 't', 5, 0)
        const seen: string[] = []
        const open = [await log.consumer({ group: 'g', reset: 'earliest', assignor })]
        for (let step = 0; step < 6; step++) {
          await append(log, 't', 5, step + 1)
          if (step % 3 === 2) await open.shift()!.close()
          else open.push(await log.consumer({ group: 'g', reset: 'earliest', assignor }))
          for (const consumer of open) consumer.subscribe(['t'])
          for (let round = 0; round < 4; round++) {
            await Promise.all(
              open.map(async (consumer) => {
                const batches = await consumer.poll({ timeoutMs: 50 })
                seen.push(...batches.map(({ partition, baseOffset, count }) => `${partition}: ${count} from ${baseOffset}`))
                await consumer.commit().catch((error: unknown) => expect(error).toEqual(fails('REBALANCE_IN_PROGRESS')))
              }),
            )
          }
          expect(owned(...open)).toEqual([0, 1, 2, 3, 4])
        }
        expect(new Set(seen).size).toBe(30)
        expect(seen).toHaveLength(30)
      })
    },
  )

  test('share out the partitions by an assignor of their own, which carries what they say and what it answers', async () => {
    await inLog(async (log) => {
      await fill(log, 't', 4, 1)
      const heard: string[] = []
      const assignor = (name: string, wants: string): GroupAssignor => ({
        name: 'by-parity',
        cooperative: true,
        userData: () => Buffer.from(wants),
        assign: (members, counts) =>
          new Map(
            members.map(({ memberId, userData }) => {
              const rest = Buffer.from(userData!).toString() === 'odd' ? 1 : 0
              const own = Array.from({ length: counts.get('t')! }, (_, partition) => ({ topic: 't', partition }))
              const partitions = members.length === 1 ? own : own.filter(({ partition }) => partition % 2 === rest)
              return [memberId, { partitions, userData: Buffer.from(`${members.length} here`) }]
            }),
          ),
        onAssignment: ({ partitions, userData }, generation) =>
          void heard.push(`${name} in ${generation}: ${partitions.length}, ${Buffer.from(userData!).toString()}`),
      })
      const a = await log.consumer({ group: 'g', reset: 'earliest', assignor: assignor('a', 'odd') })
      a.subscribe(['t'])
      expect(await pollAll([a])).toHaveLength(4)
      const b = await log.consumer({ group: 'g', reset: 'earliest', assignor: assignor('b', 'even') })
      b.subscribe(['t'])
      await pollAll([a, b])
      expect(owned(a)).toEqual([1, 3])
      expect(owned(b)).toEqual([0, 2])
      // Generation 2 takes the even ones from a, 3 gives them to b: nobody holds what another one still has.
      expect(heard.filter((each) => !each.includes('in 1'))).toEqual([
        'a in 2: 2, 2 here',
        'b in 2: 0, 2 here',
        'a in 3: 2, 2 here',
        'b in 3: 2, 2 here',
      ])
      await expect(log.consumer({ group: 'g', assignor: { name: 'x' } as never })).rejects.toEqual(fails('INVALID_OPTION'))
    })
  })

  test('a cooperative member reads on what it keeps; listeners hear only of what moves', async () => {
    await inLog(async (log) => {
      await fill(log, 't', 2, 1)
      const [a, b] = [
        await log.consumer({ group: 'g', reset: 'earliest' }),
        await log.consumer({ group: 'g', reset: 'earliest' }),
      ]
      const of = { a: listening(), b: listening() }
      a.subscribe(['t'], of.a.listener)
      await pollAll([a])
      b.subscribe(['t'], of.b.listener)
      await pollAll([a, b])
      await a.close()
      await pollAll([b])
      expect(of.a.heard).toEqual(['assigned t-0 t-1', 'revoked t-1', 'assigned', 'assigned', 'revoked t-0'])
      expect(of.b.heard).toEqual(['assigned', 'assigned t-1', 'assigned t-0'])
    })
  })

  test('an eager member gives up everything before it joins', async () => {
    await inLog(async (log) => {
      await fill(log, 't', 2, 1)
      const a = await log.consumer({ group: 'g', reset: 'earliest', assignor: 'range' })
      const b = await log.consumer({ group: 'g', reset: 'earliest', assignor: ['range', 'roundrobin'] })
      const { heard, listener } = listening()
      a.subscribe(['t'], listener)
      await pollAll([a])
      b.subscribe(['t'])
      await pollAll([a, b])
      expect(heard).toEqual(['assigned t-0 t-1', 'revoked t-0 t-1', expect.stringMatching(/^assigned t-[01]$/)])
    })
  })

  test('a list of assignors lets a group go over from one to the other', async () => {
    await inLog(async (log) => {
      await fill(log, 't', 4, 1)
      const old = await log.consumer({ group: 'g', reset: 'earliest', assignor: 'range' })
      const between = await log.consumer({ group: 'g', reset: 'earliest', assignor: ['cooperative-sticky', 'range'] })
      for (const consumer of [old, between]) consumer.subscribe(['t'])
      await pollAll([old, between])
      expect([owned(old).length, owned(between).length]).toEqual([2, 2])
      await old.close()
      const next = await log.consumer({ group: 'g', reset: 'earliest' })
      next.subscribe(['t'])
      await pollAll([between, next], 5)
      expect((await log.admin.describeGroups(['g']))[0]).toMatchObject({ assignor: 'cooperative-sticky', state: 'Stable' })
      expect([owned(between).length, owned(next).length, ...owned(between, next)]).toEqual([2, 2, 0, 1, 2, 3])
    })
  })

  test('a listener may commit, also when the consumer is closed', async () => {
    await inLog(async (log) => {
      await fill(log, 't', 1, 2)
      const a = await log.consumer({ group: 'g', reset: 'earliest' })
      a.subscribe(['t'], { onRevoked: () => a.commit() })
      await pollAll([a])
      await a.close()
      expect((await log.admin.groupOffsets('g')).map(({ offset }) => offset)).toEqual([2])
      await expect(a.commit()).rejects.toThrow(fails('CLOSED'))
      await expect(a.poll()).rejects.toThrow(fails('CLOSED'))
    })
  })

  test('without an assignor in common the second is refused, and the first goes on', async () => {
    await inLog(async (log) => {
      await fill(log, 't', 2, 1)
      const a = await log.consumer({ group: 'g', reset: 'earliest', assignor: 'range' })
      const b = await log.consumer({ group: 'g', reset: 'earliest', assignor: 'sticky' })
      a.subscribe(['t'])
      await pollAll([a])
      b.subscribe(['t'])
      await expect(pollAll([b])).rejects.toThrow(fails('INCONSISTENT_GROUP_PROTOCOL'))
      expect(owned(a)).toEqual([0, 1])
      expect((await log.admin.describeGroups(['g']))[0]).toMatchObject({ generation: 1, state: 'Stable' })
    })
  })

  test('a listener that throws fails the poll, and the rebalance goes on', async () => {
    await inLog(async (log) => {
      await fill(log, 't', 2, 1)
      const a = await log.consumer({ group: 'g', reset: 'earliest' })
      a.subscribe(['t'], {
        onAssigned: () => {
          throw new Error('mine')
        },
      })
      await expect(pollAll([a])).rejects.toThrow('mine')
      expect(await pollAll([a])).toHaveLength(2)
    })
  })

  test('a position that is set in onAssigned is where it begins', async () => {
    await inLog(async (log) => {
      await fill(log, 't', 1, 5)
      const a = await log.consumer({ group: 'g' }) // without reset
      a.subscribe(['t'], { onAssigned: ([place]) => a.seek(place!, 3) })
      expect(await pollAll([a])).toEqual(['0/3', '0/4'])
    })
  })

  test('without committed offset and reset policy the poll says so, until somebody seeks', async () => {
    await inLog(async (log) => {
      await fill(log, 't', 1, 2)
      const a = await log.consumer({ group: 'g' })
      a.subscribe(['t'])
      await expect(pollAll([a])).rejects.toThrow(fails('NO_OFFSET'))
      a.seek({ topic: 't', partition: 0 }, 'earliest')
      expect(await pollAll([a])).toEqual(['0/0', '0/1'])
    })
  })
})

describe('silence', () => {
  test('whoever does not poll is expelled, and its successor begins at what is committed (GRP-4)', async () => {
    await inLog(async (log, world) => {
      await fill(log, 't', 2, 10)
      const [a, b] = await Promise.all(
        [1, 2].map(() => log.consumer({ group: 'g', reset: 'earliest', maxPollIntervalMs: 10_000 })),
      )
      const { heard, listener } = listening()
      a!.subscribe(['t'], listener)
      b!.subscribe(['t'])
      await pollAll([a!, b!], 1)
      for (let round = 0; round < 4; round++) await Promise.all([a!.poll({ timeoutMs: 10 }), b!.poll({ timeoutMs: 10 })])
      const [mine] = a!.assignment()
      a!.seek(mine!, 'earliest')
      expect(values(await a!.poll({ maxRecords: 4 }))).toHaveLength(4)
      await a!.commit()
      expect(values(await a!.poll({ maxRecords: 3 }))).toHaveLength(3) // read, never committed
      for (let waited = 0; waited < 12_000; waited += 4000) {
        await later(world, 4000)
        await b!.poll()
      }
      const taken = values(await b!.poll({ timeoutMs: 1000 }))
      expect(taken[0]).toBe(`${mine!.partition}/4`)
      expect(taken).toHaveLength(6)
      expect(owned(b!)).toEqual([0, 1])
      await expect(a!.commit()).rejects.toThrow(fails('UNKNOWN_MEMBER_ID'))
      await Promise.all([a!.poll({ timeoutMs: 100 }), b!.poll({ timeoutMs: 100 })])
      expect(heard).toContain(`lost t-${mine!.partition}`)
      await pollAll([a!, b!])
      expect(owned(a!, b!)).toEqual([0, 1])
      expect(owned(a!)).toHaveLength(1)
    })
  })

  test('a poll that waits is no silence, however long', async () => {
    await inLog(async (log, world) => {
      await fill(log, 't', 1, 0)
      const a = await log.consumer({ group: 'g', reset: 'earliest', maxPollIntervalMs: 1000 })
      const { heard, listener } = listening()
      a.subscribe(['t'], listener)
      await a.poll({ timeoutMs: 60_000 })
      await later(world, 999)
      await a.poll({ timeoutMs: 10 })
      expect(heard).toEqual(['assigned t-0'])
    })
  })

  test('a transaction of an expelled member is refused (KIP-447), and nothing of it is there', async () => {
    await inLog(async (log, world) => {
      await fill(log, 't', 1, 2)
      await fill(log, 'out', 1, 0)
      const a = await log.consumer({ group: 'g', reset: 'earliest', maxPollIntervalMs: 1000 })
      a.subscribe(['t'])
      await pollAll([a])
      const producer = await log.producer({ transactionalId: 'p' })
      const { group, ...who } = a.membership()!
      const work = (): Parameters<typeof producer.transact>[0] => {
        const batch = producer.batch('out', 0)
        batch.append(null, 'x', 0)
        return { batches: [batch], offsets: { group, ...who, positions: [{ topic: 't', partition: 0, offset: 2 }] } }
      }
      await producer.transact(work())
      await later(world, 2000)
      await expect(producer.transact(work())).rejects.toThrow(fails('UNKNOWN_MEMBER_ID'))
      await pollAll([a])
      await expect(producer.transact(work())).rejects.toThrow(fails('UNKNOWN_MEMBER_ID'))
      expect(await log.admin.listOffsets([{ topic: 'out', partition: 0, at: 'latest' }])).toEqual([2])
    })
  })
})

describe('topics', () => {
  test('that match a pattern are read when they come', async () => {
    await inLog(async (log) => {
      await fill(log, 'in-1', 1, 1)
      await fill(log, 'other', 1, 1)
      const a = await log.consumer({ group: 'g', reset: 'earliest' })
      a.subscribe(/^in-/g)
      expect(await pollAll([a])).toEqual(['0/0'])
      const waiting = a.poll({ timeoutMs: 60_000 })
      await fill(log, 'in-2', 2, 2)
      expect([...values(await waiting), ...(await pollAll([a]))]).toHaveLength(4)
      expect(a.assignment().map(({ topic }) => topic)).toEqual(['in-1', 'in-2', 'in-2'])
    })
  })

  test('that are subscribed to before they exist are read when they come; each by one member', async () => {
    await inLog(async (log) => {
      const [a, b] = await Promise.all([1, 2].map(() => log.consumer({ group: 'g', reset: 'earliest' })))
      for (const consumer of [a!, b!]) consumer.subscribe(['later'])
      await pollAll([a!, b!])
      expect(owned(a!, b!)).toEqual([])
      await fill(log, 'later', 4, 1)
      expect((await pollAll([a!, b!])).toSorted()).toEqual(['0/0', '1/0', '2/0', '3/0'])
      expect([owned(a!).length, owned(b!).length]).toEqual([2, 2])
    })
  })

  test('that are deleted are lost, and what was committed for them; a namesake is read from its start, whatever its size', async () => {
    await inLog(async (log) => {
      await fill(log, 't', 2, 3)
      await fill(log, 'stays', 1, 1)
      const a = await log.consumer({ group: 'g', reset: 'earliest' })
      const { heard, listener } = listening()
      a.subscribe(['t', 'stays'], listener)
      await pollAll([a])
      await a.commit()
      await log.admin.deleteTopics(['t'])
      expect(await pollAll([a])).toEqual([])
      expect((await log.admin.groupOffsets('g')).map(({ topic }) => topic)).toEqual(['stays'])
      await fill(log, 't', 3, 2)
      expect(await pollAll([a])).toHaveLength(6)
      expect(heard).toEqual(['assigned stays-0 t-0 t-1', 'lost t-0 t-1', 'assigned', 'assigned t-0 t-1 t-2'])
    })
  })

  test('deleted and made again between two polls: what was read before is nobody’s any more', async () => {
    await inLog(async (log) => {
      await fill(log, 't', 2, 3)
      const a = await log.consumer({ group: 'g', reset: 'earliest', assignor: 'range' })
      a.subscribe(['t'])
      await pollAll([a])
      await log.admin.deleteTopics(['t'])
      await fill(log, 't', 2, 1)
      expect(await pollAll([a])).toEqual(['0/0', '1/0'])
    })
  })

  test('that grow are read whole, also when the leader is a static member that came back', async () => {
    await inLog(async (log) => {
      await fill(log, 't', 1, 1)
      const first = await log.consumer({ group: 'g', reset: 'earliest', groupInstanceId: 'i' })
      first.subscribe(['t'])
      expect(await pollAll([first])).toEqual(['0/0'])
      await log.admin.addPartitions('t', 2)
      await append(log, 't', 2, 1)
      expect((await pollAll([first])).toSorted()).toEqual(['0/0', '1/0'])
      await first.commit()
      await first.close()
      const second = await log.consumer({ group: 'g', reset: 'earliest', groupInstanceId: 'i' })
      second.subscribe(['t'])
      await pollAll([second])
      await log.admin.addPartitions('t', 3)
      await append(log, 't', 3, 1)
      expect((await pollAll([second])).toSorted()).toEqual(['0/0', '1/0', '2/0'])
    })
  })

  test('subscribing to others takes effect with the next polls', async () => {
    await inLog(async (log) => {
      await fill(log, 'x', 1, 1)
      await fill(log, 'y', 1, 1)
      const a = await log.consumer({ group: 'g', reset: 'earliest' })
      a.subscribe(['x'])
      await pollAll([a])
      a.subscribe(['y'])
      expect(await pollAll([a])).toEqual(['0/0'])
      expect(a.assignment()).toEqual([{ topic: 'y', partition: 0 }])
    })
  })
})

describe('static members', () => {
  test('come back to what they had, after the log was closed and opened again', async () => {
    const world = simWorld({ seed: 2 })
    await world.run(async () => {
      const names = ['i', 'j']
      const had: number[][] = []
      for (let life = 0; life < 3; life++) {
        const { log } = await openSimulatedLog(world)
        if (life === 0) await fill(log, 't', 4, 1)
        const members = await Promise.all(
          names.map((groupInstanceId) => log.consumer({ group: 'g', reset: 'earliest', groupInstanceId })),
        )
        for (const member of members) member.subscribe(['t'])
        await pollAll(members, life === 0 ? 4 : 1)
        had.push(members.flatMap((member) => [...owned(member), -1]))
        const [group] = await log.admin.describeGroups(['g'])
        expect(group).toMatchObject({ state: 'Stable' })
        await log.close()
      }
      expect(had[1]).toEqual(had[0])
      expect(had[2]).toEqual(had[0])
    })
  })

  test('that come back with other topics get those', async () => {
    await inLog(async (log) => {
      await fill(log, 'x', 1, 1)
      await fill(log, 'y', 1, 1)
      for (const topic of ['x', 'y']) {
        const member = await log.consumer({ group: 'g', reset: 'earliest', groupInstanceId: 'i' })
        member.subscribe([topic])
        await pollAll([member])
        expect(member.assignment()).toEqual([{ topic, partition: 0 }])
        await member.close()
      }
    })
  })

  test('a second instance fences the first (GRP-7)', async () => {
    await inLog(async (log) => {
      await fill(log, 't', 2, 1)
      const [a, b] = await Promise.all([1, 2].map(() => log.consumer({ group: 'g', reset: 'earliest', groupInstanceId: 'i' })))
      const { heard, listener } = listening()
      a!.subscribe(['t'], listener)
      await pollAll([a!])
      const { generation } = a!.membership()!
      b!.subscribe(['t'])
      await pollAll([b!])
      expect(owned(b!)).toEqual([0, 1])
      expect(b!.membership()!.generation).toBe(generation)
      await expect(a!.commit([{ topic: 't', partition: 0, offset: 1 }])).rejects.toThrow(fails('FENCED_INSTANCE_ID'))
      await expect(a!.poll()).rejects.toThrow(fails('FENCED_INSTANCE_ID'))
      await expect(a!.poll()).rejects.toThrow(fails('FENCED_INSTANCE_ID'))
      expect(heard).toEqual(['assigned t-0 t-1', 'lost t-0 t-1'])
    })
  })
})
