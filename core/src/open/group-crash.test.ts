import { describe, expect, test } from 'vitest'
import type { Consumer } from '../client/consumer.ts'
import { enumerateCrashes } from '../simulation/enumerate-crashes.ts'
import type { SimWorld } from '../simulation/sim-world.ts'
import { fill, later, owned, pollAll } from './groups.fixtures.ts'
import { openSimulatedLog } from './simulated-log.ts'

/** What the run was told is durable, and of each partition what was asked for beyond. */
interface Told {
  readonly filled: boolean
  readonly committed: readonly { readonly answered: number; readonly asked: number }[]
}

const partitions = [0, 1]

/** Two members share a topic and commit batch by batch, one of them static; the other leaves in the end. */
async function workload(world: SimWorld, told: (change: Partial<Told>) => Told): Promise<void> {
  const { log } = await openSimulatedLog(world)
  await fill(log, 't', 2, 6)
  let { committed } = told({ filled: true })
  const set = (partition: number, change: Partial<Told['committed'][number]>): void => {
    ;({ committed } = told({ committed: committed.map((one, at) => (at === partition ? { ...one, ...change } : one)) }))
  }
  const members = await Promise.all([
    log.consumer({ group: 'g', reset: 'earliest' }),
    log.consumer({ group: 'g', reset: 'earliest', groupInstanceId: 'static' }),
  ])
  for (const member of members) member.subscribe(['t'])
  await pollNothing(members)
  for (let round = 0; round < 4; round++) {
    for (const member of members) {
      for (const { partition, nextOffset: offset } of await member.poll({ timeoutMs: 5, maxRecords: 2 })) {
        set(partition, { asked: offset })
        await member.commit([{ topic: 't', partition, offset }])
        set(partition, { answered: offset })
      }
    }
  }
  await members[0].close()
  await log.close()
}

/** Both are in, and nothing is read. */
async function pollNothing(members: readonly Consumer[]): Promise<void> {
  for (let round = 0; round < 4; round++) {
    await Promise.all(members.map((member) => member.poll({ timeoutMs: 5, maxRecords: 1 })))
    for (const member of members) for (const place of member.assignment()) member.seek(place, 'earliest')
  }
}

/** Offsets are at what was answered, or at what was under way; the group can be joined, and goes on there (GRP-4, GRP-5). */
async function recover(world: SimWorld, { filled, committed }: Told): Promise<void> {
  for (const life of filled ? [0, 1] : []) {
    const { log } = await openSimulatedLog(world)
    const offsets = new Map((await log.admin.groupOffsets('g')).map(({ partition, offset }) => [partition, offset]))
    if (life === 0) {
      for (const partition of partitions) {
        const { answered, asked } = committed[partition]!
        expect([answered, asked]).toContain(offsets.get(partition) ?? 0)
      }
    }
    const member = await log.consumer({ group: 'g', reset: 'earliest' })
    member.subscribe(['t'])
    const read = await pollAll([member])
    await later(world, 200_000)
    read.push(...(await pollAll([member], 1)))
    await later(world, 200_000) // the session of a static member that nobody takes up again has ended
    read.push(...(await pollAll([member])))
    expect(owned(member)).toEqual(partitions)
    const expected = partitions.flatMap((partition) => {
      const from = offsets.get(partition) ?? 0
      return Array.from({ length: 6 - from }, (_, at) => `${partition}/${from + at}`)
    })
    expect(read.toSorted()).toEqual(expected)
    await member.close()
    await log.close()
  }
}

describe('groups after a crash', () => {
  test.each(['kill9', 'any'] as const)(
    'stand at what was committed, and can be joined: %s',
    { timeout: 120_000 },
    async (mode) => {
      let told: Told = { filled: false, committed: partitions.map(() => ({ answered: 0, asked: 0 })) }
      const tally = await enumerateCrashes<Told>({
        seed: 7,
        modes: [mode],
        imagesPerPoint: 2,
        run: (world) => workload(world, (change) => (told = { ...told, ...change })),
        observe: () => told,
        check: (world, { observed }) => recover(world, observed),
      })
      console.info(`${mode}: ${JSON.stringify(tally)}`)
      expect(tally.distinct).toBeGreaterThan(60)
    },
  )
})
