import { describe, expect, test } from 'vitest'
import { codeOf } from './group-members.fixtures.ts'
import { ConsumerGroupWorld, rebalanceTimeoutMs, settings, type TestConsumer } from './consumer-group-world.fixtures.ts'
import type { ConsumerHeartbeat } from './consumer-group-answers.ts'
import { noPartitions, placesIn, setsOf } from './partition-sets.ts'

function worldOf(partitions: number = 4): ConsumerGroupWorld {
  const world = new ConsumerGroupWorld()
  world.topics.grow('a', partitions)
  return world
}

function joined(world: ConsumerGroupWorld, instanceId: string | null = null, topics: readonly string[] = ['a']): TestConsumer {
  const member = world.add(instanceId, topics)
  world.beat(member)
  return member
}

function numbers({ owned }: TestConsumer): readonly number[] {
  return placesIn(owned)
    .map(({ partition }) => partition)
    .toSorted((a, b) => a - b)
}

function stateOf(world: ConsumerGroupWorld, { id }: TestConsumer): string | undefined {
  return world.describe()?.members.find((member) => member.id === id)?.state
}

/** A heartbeat that says all, to be changed. */
function beatOf(more: Partial<ConsumerHeartbeat> = {}): ConsumerHeartbeat {
  return {
    group: 'g',
    memberId: 'x',
    epoch: 0,
    instanceId: null,
    rackId: null,
    clientId: 'c',
    clientHost: '/h',
    rebalanceTimeoutMs: 1000,
    topics: ['a'],
    regex: null,
    assignor: null,
    owned: noPartitions,
    ...more,
  }
}

function codeOfBeat(world: ConsumerGroupWorld, more: Partial<ConsumerHeartbeat>): string {
  return codeOf(() => world.machine.consumerHeartbeat(beatOf(more), world.at))
}

describe('handing partitions over', () => {
  test('a second member gets what the first has given up, and not before', () => {
    const world = worldOf()
    const first = joined(world)
    expect([first.epoch, numbers(first)]).toEqual([1, [0, 1, 2, 3]])
    const second = joined(world)
    expect([second.epoch, numbers(second), stateOf(world, second)]).toEqual([2, [], 'unreleased'])
    expect(world.describe()).toMatchObject({ state: 'Reconciling', epoch: 2, targetEpoch: 2, assignor: 'uniform' })
    world.beat(first)
    expect([first.epoch, stateOf(world, first)]).toEqual([1, 'unrevoked'])
    world.beat(second)
    expect(numbers(second)).toEqual([])
    world.settle(first)
    world.beat(first)
    expect([first.epoch, numbers(first), stateOf(world, first)]).toEqual([2, [0, 1], 'stable'])
    world.beat(second)
    expect([numbers(second), stateOf(world, second)]).toEqual([[2, 3], 'stable'])
    expect(world.describe()).toMatchObject({ state: 'Stable', epoch: 2 })
  })

  test('a member that does not give up in time is expelled, and comes back with nothing', () => {
    const world = worldOf()
    const first = joined(world)
    const second = joined(world)
    world.beat(first)
    world.pass(rebalanceTimeoutMs - 1)
    world.beat(first)
    expect(world.describe()!.members).toHaveLength(2)
    world.pass(1)
    expect(world.describe()!.members.map(({ id }) => id)).toEqual([second.id])
    world.beat(second)
    expect(numbers(second)).toEqual([0, 1, 2, 3])
    expect(world.beat(first)).toBe('UNKNOWN_MEMBER_ID')
    world.beat(first)
    expect(numbers(first)).toEqual([])
  })

  test('a silent member is expelled after its session; every heartbeat begins it anew', () => {
    const world = worldOf()
    const first = joined(world)
    world.pass(settings.sessionTimeoutMs - 1)
    world.beat(first)
    expect(world.machine.nextDeadline).toBe(world.now + settings.sessionTimeoutMs)
    world.pass(settings.sessionTimeoutMs - 1)
    expect(world.describe()!.members).toHaveLength(1)
    world.pass(1)
    expect(world.describe()).toMatchObject({ state: 'Empty', epoch: 2 })
    expect(world.machine.nextDeadline).toBe(Infinity)
  })

  test('after a restart sessions begin anew', () => {
    const world = worldOf()
    const first = joined(world)
    world.pass(settings.sessionTimeoutMs - 1)
    world.restart(true)
    world.pass(settings.sessionTimeoutMs - 1)
    expect(world.beat(first)).toBeNull()
    expect(numbers(first)).toEqual([0, 1, 2, 3])
  })
})

describe('topics', () => {
  test('that come, grow and go make a new assignment', () => {
    const world = worldOf(1)
    const member = world.add(null, [], 'a|b.*')
    world.beat(member)
    expect(numbers(member)).toEqual([0])
    world.topics.grow('a', 1)
    world.beat(member)
    expect([member.epoch, numbers(member)]).toEqual([2, [0, 1]])
    world.topics.grow('bc', 1)
    world.topics.grow('c', 1)
    world.beat(member)
    expect([member.epoch, numbers(member)]).toEqual([3, [0, 0, 1]])
    expect(world.describe()!.members[0]).toMatchObject({ regex: 'a|b.*', topics: [], allTopics: ['a', 'bc'] })
    world.topics.remove('a')
    world.beat(member)
    world.settle(member)
    world.beat(member)
    expect([member.epoch, numbers(member)]).toEqual([4, [0]])
  })

  test('that nobody reads change nothing', () => {
    const world = worldOf()
    const member = joined(world)
    world.topics.grow('other', 1)
    const before = world.records.length
    world.beat(member)
    expect([member.epoch, world.records.length]).toEqual([1, before])
  })

  test('an expression in which an engine that goes back would be lost is matched at once', () => {
    const world = new ConsumerGroupWorld()
    world.topics.grow('a'.repeat(200), 1)
    const member = world.add(null, [], '(a+)+b')
    expect(world.beat(member)).toBeNull()
    expect(numbers(member)).toEqual([])
  })

  test.each(['(', 'a{1000}', '[', '(?i)a', 'x'.repeat(300)])('%s is no expression for topics', (regex) => {
    const world = worldOf()
    expect(codeOfBeat(world, { topics: null, regex })).toBe('INVALID_REGULAR_EXPRESSION')
    expect(world.describe()).toBeUndefined()
  })

  test('the assignor that most members wish for is taken', () => {
    const world = worldOf(3)
    world.topics.grow('b', 3)
    const send = (more: Partial<ConsumerHeartbeat>): void => {
      const { records } = world.machine.consumerHeartbeat(beatOf({ topics: ['a', 'b'], ...more }), world.at)
      for (const record of records) world.machine.replay(record, -1)
    }
    send({ memberId: 'x' })
    send({ memberId: 'y', assignor: 'range' })
    const { assignor, members } = world.machine.describeConsumers('g')!
    expect(assignor).toBe('range')
    const targets = members.map(({ target }) => placesIn(target).map(({ partition }) => partition))
    expect(targets).toEqual([
      [0, 1, 0, 1],
      [2, 2],
    ])
  })
})

describe('static members', () => {
  test('come back to what they had, and the others notice nothing', () => {
    const world = worldOf()
    const [first, second] = [joined(world, 'i'), joined(world)]
    for (const member of [first, second]) {
      world.beat(member)
      world.settle(member)
    }
    for (const member of [first, second]) world.beat(member)
    const had = numbers(first)
    const epoch = world.describe()!.epoch
    world.leave(first, -2)
    world.pass(settings.sessionTimeoutMs / 2)
    world.beat(second)
    expect(numbers(second)).toHaveLength(2)
    const again = joined(world, 'i')
    expect([again.epoch, numbers(again)]).toEqual([epoch, had])
    expect(world.describe()!.epoch).toBe(epoch)
  })

  test('an instance whose member has not left is refused to another', () => {
    const world = worldOf()
    joined(world, 'i')
    expect(codeOfBeat(world, { instanceId: 'i' })).toBe('UNRELEASED_INSTANCE_ID')
  })

  test('whoever speaks for an instance that another has is fenced', () => {
    const world = worldOf()
    world.leave(joined(world, 'i'), -2)
    joined(world, 'i')
    expect(codeOfBeat(world, { memberId: 'm0', instanceId: 'i', epoch: 1 })).toBe('FENCED_INSTANCE_ID')
    expect(codeOfBeat(world, { memberId: 'm0', instanceId: 'other', epoch: 1 })).toBe('UNKNOWN_MEMBER_ID')
    expect(codeOfBeat(world, { memberId: 'm0', instanceId: 'i', epoch: -2 })).toBe('FENCED_INSTANCE_ID')
  })

  test('that do not come back are expelled, or removed by whoever sees to the group', () => {
    const world = worldOf()
    world.leave(joined(world, 'i'), -2)
    world.pass(settings.sessionTimeoutMs)
    expect(world.describe()!.members).toEqual([])
    joined(world, 'i')
    expect(codeOf(() => world.machine.leave('g', '', 'other', world.at))).toBe('UNKNOWN_MEMBER_ID')
    for (const record of world.machine.leave('g', '', 'i', world.at).records) world.machine.replay(record, -1)
    expect(world.describe()!.members).toEqual([])
  })
})

describe('epochs', () => {
  test('of another time are fenced; the one before is taken while an answer may be lost', () => {
    const world = worldOf()
    const first = joined(world)
    world.topics.grow('a', 1)
    world.beat(first, true)
    const owned = setsOf([...first.owned.keys()].map((topicId) => ({ topicId, partition: 0 })))
    const beat = { memberId: first.id, topics: null, rebalanceTimeoutMs: -1 }
    expect(codeOfBeat(world, { ...beat, epoch: 1, owned })).toBe('ok')
    expect(codeOfBeat(world, { ...beat, epoch: 1, owned: null })).toBe('FENCED_MEMBER_EPOCH')
    expect(codeOfBeat(world, { ...beat, epoch: 1, owned: setsOf([{ topicId: 'f'.repeat(32), partition: 0 }]) })).toBe(
      'FENCED_MEMBER_EPOCH',
    )
    expect(codeOfBeat(world, { ...beat, epoch: 3, owned })).toBe('FENCED_MEMBER_EPOCH')
    expect(codeOfBeat(world, { ...beat, memberId: 'nobody', epoch: 1 })).toBe('UNKNOWN_MEMBER_ID')
  })

  test('an answer to a full heartbeat tells the whole assignment, another one only what is new', () => {
    const world = worldOf()
    const first = joined(world)
    const told = (more: Partial<ConsumerHeartbeat>): unknown =>
      world.machine.consumerHeartbeat(beatOf({ memberId: first.id, epoch: 1, ...more }), world.at).answer.assignment
    expect(told({ owned: first.owned })).toEqual(first.owned)
    expect(told({ owned: null, topics: null })).toBeNull()
  })
})

describe('what cannot be', () => {
  test.each<[string, Partial<ConsumerHeartbeat>]>([
    ['INVALID_HEARTBEAT', { memberId: '' }],
    ['INVALID_HEARTBEAT', { memberId: '', epoch: 3 }],
    ['INVALID_HEARTBEAT', { instanceId: '' }],
    ['INVALID_HEARTBEAT', { rackId: '' }],
    ['INVALID_HEARTBEAT', { epoch: -3 }],
    ['INVALID_HEARTBEAT', { epoch: -2 }],
    ['INVALID_HEARTBEAT', { rebalanceTimeoutMs: -1 }],
    ['INVALID_HEARTBEAT', { owned: null }],
    ['INVALID_HEARTBEAT', { owned: setsOf([{ topicId: '0'.repeat(32), partition: 0 }]) }],
    ['INVALID_HEARTBEAT', { topics: null }],
    ['INVALID_HEARTBEAT', { memberId: 'x'.repeat(10_000) }],
    ['UNSUPPORTED_ASSIGNOR', { assignor: 'sticky' }],
    ['GROUP_NOT_FOUND', { epoch: 1 }],
    ['GROUP_NOT_FOUND', { epoch: -1 }],
  ])('is refused as %s: %o', (code, more) => {
    const world = worldOf()
    expect(codeOfBeat(world, more)).toBe(code)
    expect(world.machine.list()).toEqual([])
  })

  test('a group takes so many members, and those that it has', () => {
    const world = worldOf()
    for (let count = 0; count < settings.maxSize; count++) joined(world)
    expect(codeOfBeat(world, {})).toBe('GROUP_MAX_SIZE_REACHED')
    expect(codeOfBeat(world, { memberId: 'm0' })).toBe('ok')
  })
})

describe('one group, one protocol', () => {
  const join = {
    call: 1,
    group: 'g',
    memberId: '',
    freshMemberId: 'classic',
    requireKnownMember: false,
    instanceId: null,
    clientId: 'c',
    clientHost: '/h',
    sessionTimeoutMs: 10_000,
    rebalanceTimeoutMs: 10_000,
    protocolType: 'consumer',
    protocols: [{ name: 'range', metadata: new Uint8Array(0) }],
  }

  test('while it has members; the first of an empty one says which, and what was committed stays', () => {
    const world = worldOf()
    const first = joined(world)
    const position = { topic: 'a', partition: 0, offset: 5, metadata: '' }
    const commit = (): void => {
      for (const record of world.machine.commit('g', [position], 1)) world.machine.replay(record, -1)
    }
    commit()
    expect(codeOf(() => world.machine.join(join, world.at))).toBe('INCONSISTENT_GROUP_PROTOCOL')
    expect(codeOf(() => world.machine.heartbeat('g', { memberId: first.id, instanceId: null, generation: 1 }, world.at))).toBe(
      'UNKNOWN_MEMBER_ID',
    )
    world.leave(first, -1)
    expect(world.machine.describe('g')).toMatchObject({ type: 'consumer', state: 'Empty', protocolType: 'consumer' })

    for (const record of world.machine.join(join, world.at).records) world.machine.replay(record, -1)
    expect(world.machine.describe('g').type).toBe('classic')
    expect(world.machine.describeConsumers('g')).toBeUndefined()
    expect(codeOfBeat(world, {})).toBe('GROUP_NOT_FOUND')

    for (const record of world.machine.leave('g', 'classic', null, world.at).records) world.machine.replay(record, -1)
    const { records } = world.machine.consumerHeartbeat(beatOf(), world.at)
    for (const record of records) world.machine.replay(record, -1)
    expect(world.machine.describe('g')).toMatchObject({ type: 'consumer', state: 'Stable' })
    expect(world.machine.positions('g')).toEqual([position])
    expect(world.machine.list()).toHaveLength(1)
  })
})

describe('offsets', () => {
  const ref = (memberId: string, generation: number): { memberId: string; instanceId: null; generation: number } => ({
    memberId,
    instanceId: null,
    generation,
  })

  test('are taken from members in their epoch, and from outsiders while the group is empty', () => {
    const world = worldOf()
    const { machine } = world
    const first = joined(world)
    const check = (memberId: string, generation: number, transactional = false): string =>
      codeOf(() => machine.checkCommit('g', { ...ref(memberId, generation), transactional }))
    expect(check(first.id, 1)).toBe('ok')
    expect(check(first.id, 2)).toBe('STALE_MEMBER_EPOCH')
    expect(check(first.id, 2, true)).toBe('ILLEGAL_GENERATION')
    expect(check('nobody', 1)).toBe('UNKNOWN_MEMBER_ID')
    expect(check('', -1)).toBe('UNKNOWN_MEMBER_ID')
    expect(check('', -1, true)).toBe('ok')
    world.leave(first, -1)
    expect(check('', -1)).toBe('ok')
    expect(check(first.id, 1)).toBe('UNKNOWN_MEMBER_ID')
  })

  test('are read by members in their epoch, and by whoever does not say that it is one', () => {
    const world = worldOf()
    const first = joined(world)
    const check = (memberId: string | null, epoch: number): string => codeOf(() => world.machine.checkFetch('g', memberId, epoch))
    expect(check(null, -1)).toBe('ok')
    expect(check(first.id, 1)).toBe('ok')
    expect(check(first.id, 0)).toBe('STALE_MEMBER_EPOCH')
    expect(check('nobody', 1)).toBe('UNKNOWN_MEMBER_ID')
  })

  test('are not deleted while a member reads the topic, and expire when the group has been empty for long', () => {
    const world = worldOf()
    const { machine } = world
    const first = world.add(null, [], 'a')
    world.beat(first)
    for (const record of machine.commit('g', [{ topic: 'a', partition: 0, offset: 5, metadata: '' }], 1))
      machine.replay(record, -1)
    expect(codeOf(() => machine.deleteOffsets('g', [{ topic: 'a', partition: 0 }]))).toBe('GROUP_SUBSCRIBED_TO_TOPIC')
    expect(codeOf(() => machine.deleteGroup('g'))).toBe('NON_EMPTY_GROUP')
    const { timestamp } = world.at
    expect(machine.expireOffsets(timestamp + 10_000, 1000)).toEqual([])
    world.leave(first, -1)
    expect(machine.expireOffsets(timestamp + 1000, 1000)).toEqual([])
    for (const record of machine.expireOffsets(timestamp + 1001, 1000)) machine.replay(record, -1)
    expect(machine.list()).toEqual([])
  })
})
