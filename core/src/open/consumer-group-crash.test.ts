import { describe, expect, test } from 'vitest'
import type { Broker } from '../broker/broker.ts'
import type { ConsumerHeartbeat, ConsumerHeartbeatAnswer } from '../broker/groups.ts'
import { difference, isSubset, noPartitions, placesIn, type PartitionSets } from '../coordinator/partition-sets.ts'
import { enumerateCrashes } from '../simulation/enumerate-crashes.ts'
import { simWorld, type SimWorld } from '../simulation/sim-world.ts'
import { later } from './groups.fixtures.ts'
import { openSimulatedLog } from './simulated-log.ts'

/** A member as it knows itself: what it holds it was given, in the epoch that it was told last. Epoch -1: it may have left. */
interface Member {
  readonly id: string
  readonly epoch: number
  readonly owned: PartitionSets
}

interface Told {
  readonly hasTopic: boolean
  readonly members: Readonly<Record<string, Member>>
}

function beatOf({ id, epoch, owned }: Member): ConsumerHeartbeat {
  return {
    group: 'g',
    memberId: id,
    epoch,
    instanceId: id === 'static' ? 'i' : null,
    rackId: null,
    clientId: 'c',
    clientHost: '/h',
    rebalanceTimeoutMs: 60_000,
    topics: ['t'],
    regex: null,
    assignor: null,
    owned,
  }
}

/** What a member is when it has got this answer, and has done at once what it says. */
function after({ id }: Member, { epoch, assignment }: ConsumerHeartbeatAnswer): Member {
  return { id, epoch, owned: assignment ?? noPartitions }
}

/** Three members come, one after the other, share, and go in other ways. */
async function workload(world: SimWorld, told: (change: Partial<Told>) => Told): Promise<void> {
  const { broker, log } = await openSimulatedLog(world)
  await log.admin.createTopics([{ topic: 't', partitions: 4 }])
  let { members } = told({ hasTopic: true })
  const set = (member: Member): void => void ({ members } = told({ members: { ...members, [member.id]: member } }))
  const beat = async (id: string): Promise<void> => {
    const member = members[id] ?? { id, epoch: 0, owned: noPartitions }
    const answer = await broker.groups.consumerHeartbeat(beatOf(member))
    // It gives up what it has to before it says so.
    set(after(member, answer))
  }
  for (const id of ['a', 'static', 'b', 'a', 'static', 'a', 'b', 'static', 'b', 'a']) await beat(id)
  set({ ...members['a']!, epoch: -1, owned: noPartitions })
  await broker.groups.consumerHeartbeat(beatOf(members['a']!))
  for (const id of ['b', 'static', 'b', 'static']) await beat(id)
  await log.close()
}

/** Nobody holds what the group does not know of, nobody what another holds; and whoever goes on comes to all of it. */
async function recover(world: SimWorld, { hasTopic, members }: Told): Promise<void> {
  if (!hasTopic) return
  const { broker, log } = await openSimulatedLog(world)
  const found = (await broker.groups.describeConsumers('g'))?.members ?? []
  const places = found.flatMap(({ assigned, revoking }) => [...placesIn(assigned), ...placesIn(revoking)])
  expect(new Set(places.map(({ partition }) => partition)).size).toBe(places.length)
  const living = Object.values(members).filter(({ epoch }) => epoch > 0)
  for (const { id, epoch, owned } of living) {
    const known = found.find((one) => one.id === id)!
    expect(known.epoch).toBeGreaterThanOrEqual(epoch)
    expect(isSubset(difference(owned, known.assigned), known.revoking)).toBe(true)
  }
  if (living.length > 0) await goOn(broker, living)
  await log.close()
}

async function goOn(broker: Broker, living: readonly Member[]): Promise<void> {
  for (const { id } of (await broker.groups.describeConsumers('g'))!.members) {
    if (!living.some((one) => one.id === id))
      await broker.groups.consumerHeartbeat(beatOf({ id, epoch: -1, owned: noPartitions }))
  }
  let members = living
  for (let round = 0; round < 6; round++) {
    const next: Member[] = []
    for (const member of members) next.push(after(member, await broker.groups.consumerHeartbeat(beatOf(member))))
    members = next
  }
  const held = members.flatMap(({ owned }) => placesIn(owned).map(({ partition }) => partition))
  expect(held.toSorted((x, y) => x - y)).toEqual([0, 1, 2, 3])
  expect((await broker.groups.describeConsumers('g'))!.state).toBe('Stable')
}

describe('groups of the new protocol after a crash', () => {
  test.each(['kill9', 'any'] as const)(
    'know of all that members were told, and go on: %s',
    { timeout: 120_000 },
    async (mode) => {
      let told: Told = { hasTopic: false, members: {} }
      const tally = await enumerateCrashes<Told>({
        seed: 7,
        modes: [mode],
        imagesPerPoint: 2,
        run: (world) => workload(world, (change) => (told = { ...told, ...change })),
        observe: () => told,
        check: (world, { observed }) => recover(world, observed),
      })
      expect(tally.distinct).toBeGreaterThan(20)
    },
  )
})

test('members that are gone with the process before are expelled, though somebody only looks', async () => {
  const world = simWorld({ seed: 1 })
  await world.run(async () => {
    const before = await openSimulatedLog(world)
    await before.broker.groups.consumerHeartbeat(beatOf({ id: 'a', epoch: 0, owned: noPartitions }))
    await before.log.close()
    const { broker, log } = await openSimulatedLog(world)
    expect(await broker.groups.describeConsumers('g')).toMatchObject({ state: 'Stable', members: [{ id: 'a' }] })
    await later(world, 44_000)
    expect(await broker.groups.describeConsumers('g')).toMatchObject({ members: [{ id: 'a' }] })
    await later(world, 2000)
    expect(await broker.groups.describeConsumers('g')).toMatchObject({ state: 'Empty', epoch: 2 })
    await log.close()
  })
})
