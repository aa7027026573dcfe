import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ConsumerGroupWorld, settings, type TestConsumer } from './consumer-group-world.fixtures.ts'
import { placesIn } from './partition-sets.ts'

/**
 * A group of KIP-848 and its members, whatever comes in whatever order. `ConsumerGroupWorld.check` holds after every step: no partition has
 * two holders, as the coordinator sees it and as the members do; nobody holds what it was not given; and the replay of the records is the
 * state itself.
 */
interface Act {
  readonly kind: (typeof kinds)[number]
  readonly pick: number
  readonly flag: boolean
}

const kinds = [
  'beat',
  'beat',
  'beat',
  'beat',
  'settle',
  'settle',
  'join',
  'leave',
  'crash',
  'pass',
  'topic',
  'subscribe',
  'restart',
] as const

const subscriptions: readonly (readonly [readonly string[], string | null])[] = [
  [['a'], null],
  [['a', 'b'], null],
  [['b'], null],
  [[], 'a|b'],
  [['a'], '[bc]'],
  [[], null],
]

function act(world: ConsumerGroupWorld, { kind, pick, flag }: Act): void {
  const alive = world.members.filter(({ isGone }) => !isGone)
  const member = alive[pick % alive.length]
  if (kind === 'join') join(world, pick, flag)
  else if (kind === 'pass') world.pass([5, 30, 70][pick % 3]!)
  else if (kind === 'restart') world.restart(flag)
  else if (kind === 'topic') changeTopics(world, pick, flag)
  else if (member !== undefined) actOf(world, member, { kind, pick, flag })
}

function actOf(world: ConsumerGroupWorld, member: TestConsumer, { kind, pick, flag }: Act): void {
  if (kind === 'beat') world.beat(member, flag)
  else if (kind === 'settle') world.settle(member)
  else if (kind === 'leave') world.leave(member, member.instanceId !== null && flag ? -2 : -1)
  else if (kind === 'crash') member.isGone = true
  else {
    const [topics, regex] = subscriptions[pick % subscriptions.length]!
    Object.assign(member, { topics, regex, told: null })
  }
}

function join(world: ConsumerGroupWorld, pick: number, isStatic: boolean): void {
  const [topics, regex] = subscriptions[pick % 5]!
  world.beat(world.add(isStatic ? `i${pick % 2}` : null, topics, regex))
}

function changeTopics({ topics }: ConsumerGroupWorld, pick: number, flag: boolean): void {
  const name = ['a', 'b', 'c'][pick % 3]!
  if (flag) topics.grow(name, 1 + (pick % 3))
  else if (pick % 4 === 0) topics.remove(name)
}

/** Everybody who lives beats and does what it is told, until whoever is gone has been expelled, and longer. */
function becomeQuiet(world: ConsumerGroupWorld): readonly TestConsumer[] {
  for (let round = 0; round < 30; round++) {
    world.pass(settings.heartbeatIntervalMs)
    for (const member of world.members) {
      if (member.isGone) continue
      world.beat(member)
      if (!member.isGone) world.settle(member)
    }
  }
  return world.members.filter(({ isGone }) => !isGone)
}

function checkQuiet(world: ConsumerGroupWorld, alive: readonly TestConsumer[]): void {
  const group = world.describe()
  if (alive.length === 0) {
    expect(group?.state ?? 'Empty').toBe('Empty')
    return
  }
  expect(group!.state).toBe('Stable')
  expect(group!.members.map(({ id }) => id).toSorted()).toEqual(alive.map(({ id }) => id).toSorted())
  const wanted = new Set(group!.members.flatMap(({ allTopics }) => allTopics))
  const all = [...wanted].flatMap((name) => {
    const topic = world.topics.find(name)
    return Array.from({ length: topic?.partitions ?? 0 }, (_, partition) => `${topic!.topicId}-${partition}`)
  })
  const held = alive.map(({ owned }) => placesIn(owned).map(({ topicId, partition }) => `${topicId}-${partition}`))
  expect(held.flat().toSorted()).toEqual(all.toSorted())
  const subscribed = new Set(group!.members.map(({ allTopics }) => allTopics.join(',')))
  const loads = held.map(({ length }) => length)
  if (subscribed.size === 1) expect(Math.max(...loads) - Math.min(...loads)).toBeLessThanOrEqual(1)
}

const acts = fc.array(fc.record({ kind: fc.constantFrom(...kinds), pick: fc.nat(11), flag: fc.boolean() }), {
  minLength: 5,
  maxLength: 60,
})

test('whatever members and topics do, no partition has two holders, and in quiet all of them have one', () => {
  fc.assert(
    fc.property(acts, (all) => {
      const world = new ConsumerGroupWorld()
      world.topics.grow('a', 4)
      world.topics.grow('b', 2)
      for (const one of all) act(world, one)
      checkQuiet(world, becomeQuiet(world))
    }),
    { numRuns: 200 },
  )
})
