import { beforeEach, describe, expect, test } from 'vitest'
import { writeSubscription } from './consumer-protocol.ts'
import type { JoinRequest } from './group-answers.ts'
import { GroupCoordinator, inProcessHost } from './group-coordinator.ts'
import { codeOf, GroupWorld, rebalanceTimeoutMs, replayed, sessionTimeoutMs, type TestMember } from './group-members.fixtures.ts'
import type { GroupPosition, OffsetRecord } from './group-offsets.ts'

let world: GroupWorld

beforeEach(() => {
  world = new GroupWorld()
})

const describeGroup = (): ReturnType<GroupCoordinator['describe']> => world.machine.describe('g')

/** Joins until the coordinator waits for others. */
function join(...members: readonly TestMember[]): void {
  for (const member of members) {
    world.join(member)
    if (member.waits === null && member.generation < 0) world.join(member) // with the id that it was told
  }
}

/** A stable group of these names; a name in capitals is static. */
function stable(...names: readonly string[]): TestMember[] {
  const members = names.map((name) => world.add(name, name === name.toUpperCase() ? name : null))
  join(...members)
  for (const member of members) if (member.waits === null) world.join(member)
  for (let round = 0; round < names.length; round++)
    for (const member of members) if (member.waits === null) world.heartbeat(member)
  rejoin(members)
  return members
}

function rejoin(members: readonly TestMember[]): void {
  for (const member of members)
    if (member.waits === null && world.heartbeat(member) === 'REBALANCE_IN_PROGRESS') world.join(member)
  for (const member of members) if (member.waits === null) world.sync(member)
}

describe('joining', () => {
  test('a member without an id is told one, and comes again with it', () => {
    const machine = new GroupCoordinator()
    const step = machine.join({ ...request, requireKnownMember: true }, { now: 0, timestamp: 0 })
    expect(step.replies).toEqual([{ kind: 'memberIdRequired', call: 1, memberId: 'fresh' }])
    expect(machine.describe('g').members).toEqual([])
    const again = machine.join({ ...request, memberId: 'fresh', requireKnownMember: true, call: 2 }, { now: 1, timestamp: 0 })
    expect(again.replies).toMatchObject([
      { kind: 'joined', call: 2, answer: { memberId: 'fresh', generation: 1, leader: 'fresh' } },
    ])
  })

  test('names that a record cannot hold are refused, and leave no group behind', () => {
    const machine = new GroupCoordinator()
    const long = 'x'.repeat(8_193)
    const wrong: Partial<JoinRequest>[] = [
      { freshMemberId: long },
      { instanceId: long },
      { clientId: long },
      { protocolType: long },
      { protocols: [{ name: long, metadata: new Uint8Array(0) }] },
    ]
    for (const one of wrong) {
      expect(codeOf(() => machine.join({ ...request, ...one }, { now: 0, timestamp: 0 }))).toBe('INVALID_OPTION')
    }
    expect(machine.list()).toEqual([])
  })

  test('one that does not come again is forgotten, and so is the group', () => {
    const machine = new GroupCoordinator()
    machine.join({ ...request, requireKnownMember: true }, { now: 0, timestamp: 0 })
    expect(machine.nextDeadline).toBe(sessionTimeoutMs)
    machine.expire({ now: sessionTimeoutMs, timestamp: 0 })
    expect(machine.describe('g').state).toBe('Dead')
    expect(machine.nextDeadline).toBe(Number.POSITIVE_INFINITY)
  })

  test('an id that nobody gave is refused', () => {
    expect(codeOf(() => new GroupCoordinator().join({ ...request, memberId: 'x' }, { now: 0, timestamp: 0 }))).toBe(
      'UNKNOWN_MEMBER_ID',
    )
    stable('a')
    expect(codeOf(() => world.machine.join({ ...request, memberId: 'x' }, { now: 0, timestamp: 0 }))).toBe('UNKNOWN_MEMBER_ID')
  })

  test.each([5999, 1_800_001])('a session of %i ms is out of bounds', (ms) => {
    const machine = new GroupCoordinator()
    expect(codeOf(() => machine.join({ ...request, sessionTimeoutMs: ms }, { now: 0, timestamp: 0 }))).toBe(
      'INVALID_SESSION_TIMEOUT',
    )
    expect(machine.list()).toEqual([])
    const inProcess = { ...request, sessionTimeoutMs: ms, clientHost: inProcessHost }
    expect(codeOf(() => machine.join(inProcess, { now: 0, timestamp: 0 }))).toBe('ok')
  })

  test('nothing in common with the others is refused, and nothing at all', () => {
    stable('a')
    const at = { now: world.now, timestamp: 0 }
    const other = { ...request, protocols: [{ name: 'roundrobin', metadata }] }
    expect(codeOf(() => world.machine.join(other, at))).toBe('INCONSISTENT_GROUP_PROTOCOL')
    expect(codeOf(() => world.machine.join({ ...request, protocolType: 'connect' }, at))).toBe('INCONSISTENT_GROUP_PROTOCOL')
    expect(codeOf(() => new GroupCoordinator().join({ ...request, protocols: [] }, at))).toBe('INCONSISTENT_GROUP_PROTOCOL')
    expect(codeOf(() => new GroupCoordinator().join({ ...request, protocolType: '' }, at))).toBe('INCONSISTENT_GROUP_PROTOCOL')
    expect(codeOf(() => new GroupCoordinator().join({ ...request, group: '' }, at))).toBe('INVALID_OPTION')
    expect(describeGroup()).toMatchObject({ state: 'Stable', generation: 1 })
  })

  test('the assignor is the one that most prefer of those that all have', () => {
    const machine = new GroupCoordinator()
    const at = { now: 0, timestamp: 0 }
    const of = (...names: string[]): JoinRequest['protocols'] => names.map((name) => ({ name, metadata }))
    const lists = [of('sticky', 'range', 'roundrobin'), of('roundrobin', 'range'), of('x', 'roundrobin', 'range')]
    machine.join({ ...request, freshMemberId: 'm0', protocols: lists[0]! }, at)
    lists.slice(1).forEach((protocols, index) => machine.join({ ...request, freshMemberId: `m${index + 1}`, protocols }, at))
    const [reply] = machine.join({ ...request, memberId: 'm0', protocols: lists[0]! }, at).replies
    expect(reply).toMatchObject({ answer: { protocol: 'roundrobin', generation: 2 } })
  })

  test('a join that was answered and comes again gets the same answer', () => {
    const [a, b] = stable('a', 'b')
    const follower = describeGroup().leader === a!.memberId ? b! : a!
    const { generation } = describeGroup()
    world.join(follower)
    expect([follower.waits, follower.generation]).toEqual([null, generation])
    world.sync(follower)
    expect(follower.partitions).toHaveLength(2)
  })

  test('the first rebalance of an empty group waits for more, if it is told to', () => {
    const machine = new GroupCoordinator({ initialRebalanceDelayMs: 3000 })
    expect(machine.join(request, { now: 0, timestamp: 0 }).replies).toEqual([])
    expect(machine.nextDeadline).toBe(3000)
    expect(machine.join({ ...request, call: 2, freshMemberId: 'second' }, { now: 2000, timestamp: 0 }).replies).toEqual([])
    expect(machine.nextDeadline).toBe(5000)
    expect(machine.expire({ now: 5000, timestamp: 0 }).replies).toHaveLength(2)
  })
})

describe('a rebalance', () => {
  test('waits for those who are there, and drops who does not join in time, even if it beats', () => {
    const [a, b] = stable('a', 'b')
    const { generation } = describeGroup()
    const c = world.add('c')
    join(c)
    expect(c.waits).toBe('join')
    expect(world.heartbeat(a!)).toBe('REBALANCE_IN_PROGRESS')
    world.join(a!)
    for (let ms = 0; ms < rebalanceTimeoutMs; ms += 5000) {
      world.heartbeat(b!)
      world.advance(5000)
    }
    expect(describeGroup()).toMatchObject({ state: 'CompletingRebalance', generation: generation + 1 })
    expect(describeGroup().members.map(({ clientId }) => clientId)).toEqual(['a', 'c'])
    expect(world.heartbeat(b!)).toBe('UNKNOWN_MEMBER_ID')
  })

  test('in which the leader does not sync goes on without it', () => {
    const [a, b] = stable('a', 'b')
    const c = world.add('c')
    join(c, a!, b!)
    const leader = [a!, b!, c].find(({ leads }) => leads !== null)!
    const others = [a!, b!, c].filter((member) => member !== leader)
    for (const member of others) world.sync(member)
    expect(others.map(({ waits }) => waits)).toEqual(['sync', 'sync'])
    leader.crashed = true
    for (let ms = 0; ms < rebalanceTimeoutMs; ms += 5000) {
      world.heartbeat(leader) // alive, and still not at work
      world.advance(5000)
    }
    expect(describeGroup().members.map(({ memberId }) => memberId)).not.toContain(leader.memberId)
    rejoin(others)
    for (const member of others) if (member.waits === null && member.partitions.length === 0) world.join(member)
    rejoin(others)
    expect(describeGroup().state).toBe('Stable')
    expect(others.flatMap(({ partitions }) => partitions)).toHaveLength(4)
  })

  test('a follower that never syncs is dropped when its time is up, though the group is stable', () => {
    const [a, b] = stable('a', 'b')
    const c = world.add('c')
    join(c, a!, b!)
    const all = [a!, b!, c]
    const leader = all.find(({ leads }) => leads !== null)!
    const late = all.findLast((member) => member !== leader)!
    for (const member of all) if (member !== late && member !== leader) world.sync(member)
    world.sync(leader)
    expect(describeGroup().state).toBe('Stable')
    for (let ms = 0; ms < rebalanceTimeoutMs; ms += 5000) {
      for (const member of all) world.heartbeat(member)
      world.advance(5000)
    }
    expect(describeGroup().state).toBe('PreparingRebalance')
    expect(world.heartbeat(late)).toBe('UNKNOWN_MEMBER_ID')
  })

  test('concurrent joins lose nobody', () => {
    const members = ['a', 'b', 'c', 'd', 'e', 'f'].map((name) => world.add(name))
    join(...members)
    for (let round = 0; round < 4; round++) rejoin(members)
    expect(describeGroup()).toMatchObject({ state: 'Stable' })
    expect(describeGroup().members).toHaveLength(6)
    expect(members.flatMap(({ partitions }) => partitions)).toHaveLength(4)
  })

  test('when the last one leaves, the group is empty, and its record says so', () => {
    const [a] = stable('a')
    world.leave(a!)
    expect(describeGroup()).toMatchObject({ state: 'Empty', generation: 2, protocol: null, leader: null, members: [] })
    expect(replayed(world.records).describe('g')).toEqual(describeGroup())
  })
})

describe('static members', () => {
  test('a new instance has the assignment of the old one, without a rebalance', () => {
    const [a, b] = stable('A', 'B')
    const before = describeGroup()
    a!.crashed = true
    const again = world.add('A', 'A')
    world.join(again)
    expect([again.generation, again.leads]).toEqual([before.generation, null])
    world.sync(again)
    expect(again.partitions).toHaveLength(2)
    expect(world.heartbeat(b!)).toBe('ok')
    expect(world.heartbeat(a!)).toBe('FENCED_INSTANCE_ID')
    expect(replayed(world.records).describe('g')).toEqual(describeGroup())
    expect(describeGroup().leader).toBe(before.leader === a!.memberId ? again.memberId : before.leader)
  })

  test('one that waits for a rebalance is fenced by the second', () => {
    const [a, b] = stable('A', 'B')
    const c = world.add('c')
    join(c)
    world.join(a!)
    const second = world.add('A', 'A')
    world.join(second)
    expect(a!.crashed).toBe(true)
    world.join(b!)
    expect(second.waits).toBeNull()
    expect(describeGroup().members).toHaveLength(3)
  })

  test('one that is away keeps its place until its session ends', () => {
    const [a, b] = stable('A', 'b')
    const c = world.add('c')
    join(c)
    world.join(b!)
    world.advance(sessionTimeoutMs - 1)
    expect(describeGroup().members.map(({ memberId }) => memberId)).toContain(a!.memberId)
    world.advance(1)
    expect(describeGroup().members.map(({ memberId }) => memberId)).not.toContain(a!.memberId)
  })

  test('it can be removed by its instance alone, as an operator does', () => {
    stable('A', 'b')
    world.run(null, () => world.machine.leave('g', '', 'A', { now: world.now, timestamp: 0 }))
    expect(describeGroup().members.map(({ instanceId }) => instanceId)).toEqual([null])
    expect(codeOf(() => world.machine.leave('g', '', 'A', { now: world.now, timestamp: 0 }))).toBe('UNKNOWN_MEMBER_ID')
  })
})

describe('committing', () => {
  const position: GroupPosition = { topic: 't', partition: 0, offset: 5, metadata: 'é', leaderEpoch: 3 }
  const outside = { transactional: false }

  function commit(by?: Parameters<GroupCoordinator['checkCommit']>[1], offset: number = 5): string {
    return codeOf(() => replay(world.machine, world.machine.commit('g', [{ ...position, offset }], 77, by)))
  }

  test('offset, metadata, epoch and time come back', () => {
    expect(commit(outside)).toBe('ok')
    expect(world.machine.committed('g')).toMatchObject([{ ...position, commitTimestamp: 77 }])
    expect(world.machine.describe('g').state).toBe('Empty')
  })

  test('a commit takes offsets back, of members and of outsiders, and of nobody else', () => {
    const forgotten = [{ topic: 't', partition: 0 }]
    const takeBack = (by: Parameters<GroupCoordinator['checkCommit']>[1]): string =>
      codeOf(() => replay(world.machine, world.machine.commit('g', [], 77, { ...by, forgotten })))
    expect(commit(outside)).toBe('ok')
    expect(takeBack(outside)).toBe('ok')
    expect(world.machine.look('g', forgotten)).toMatchObject([{ partition: 0, committed: null, isPending: false }])
    expect(commit(outside)).toBe('ok')
    const [a] = stable('a')
    expect(takeBack(outside)).toBe('UNKNOWN_MEMBER_ID')
    expect(world.machine.look('g', null)).toMatchObject([{ partition: 0, committed: { offset: 5 } }])
    expect(takeBack({ ...world.ref(a!), transactional: false })).toBe('ok')
    expect(world.machine.look('g', null)).toEqual([])
  })

  test.each([true, false])('a member commits in its generation, and in no other (transactional: %s)', (transactional) => {
    const [a] = stable('a', 'B')
    const by = { ...world.ref(a!), transactional }
    expect(commit(by)).toBe('ok')
    expect(commit({ ...by, generation: by.generation - 1 })).toBe('ILLEGAL_GENERATION')
    expect(commit({ ...by, generation: -1 })).toBe('ILLEGAL_GENERATION')
    expect(commit({ ...by, memberId: 'x' })).toBe('UNKNOWN_MEMBER_ID')
    expect(commit({ ...by, memberId: 'x', instanceId: 'B' })).toBe('FENCED_INSTANCE_ID')
    expect(commit({ ...by, generation: 5, memberId: '' })).toBe('UNKNOWN_MEMBER_ID')
  })

  test('outsiders commit while nobody is in; producers that name nobody always', () => {
    const [a] = stable('a')
    expect(commit(outside)).toBe('UNKNOWN_MEMBER_ID')
    expect(commit({ transactional: true })).toBe('ok')
    expect(commit()).toBe('ok')
    world.leave(a!)
    expect(commit(outside)).toBe('ok')
    expect(commit({ generation: 1, memberId: 'a', transactional: false })).toBe('UNKNOWN_MEMBER_ID')
  })

  test('while others join a member still commits; once the generation has changed only after its sync', () => {
    const [a, b] = stable('a', 'b')
    join(world.add('c'))
    expect(commit({ ...world.ref(a!), transactional: false })).toBe('ok')
    world.join(a!)
    world.join(b!)
    expect(commit({ ...world.ref(a!), transactional: false })).toBe('REBALANCE_IN_PROGRESS')
    expect(commit({ ...world.ref(a!), transactional: true })).toBe('ok')
  })

  test('a group that was never there: by generation nobody commits', () => {
    expect(commit({ memberId: 'a', generation: 1, transactional: false })).toBe('UNKNOWN_MEMBER_ID')
    expect(commit({ memberId: 'a', generation: 1, transactional: true })).toBe('UNKNOWN_MEMBER_ID')
  })
})

/** As the log does: each record one offset further. */
let recordOffset = 0

function replay(machine: GroupCoordinator, records: readonly OffsetRecord[], producerId: number = -1): void {
  for (const record of records) machine.replay(record, producerId, recordOffset++)
}

describe('offsets of transactions', () => {
  const at = (offset: number): GroupPosition[] => [{ topic: 't', partition: 0, offset, metadata: '' }]
  const places = [{ topic: 't', partition: 0 }]

  test('a fetch that wants stable offsets waits for the end of the transaction, whatever the end', () => {
    const { machine } = world
    for (const end of ['commit', 'abort'] as const) {
      replay(machine, machine.commit('g', at(5), 0), 9)
      expect(codeOf(() => machine.checkStable('g', places))).toBe('UNSTABLE_OFFSET_COMMIT')
      expect(codeOf(() => machine.checkStable('g', null))).toBe('UNSTABLE_OFFSET_COMMIT')
      expect(codeOf(() => machine.checkStable('g', [{ topic: 't', partition: 1 }]))).toBe('ok')
      expect(codeOf(() => machine.checkStable('other', null))).toBe('ok')
      machine.endTransaction(9, end)
      expect(codeOf(() => machine.checkStable('g', places))).toBe('ok')
    }
  })

  test('of a plain commit and a pending one the record that stands last wins, so that compaction changes nothing', () => {
    const { machine } = world
    const records = [...machine.commit('g', at(1), 0), ...machine.commit('g', at(2), 0), ...machine.commit('g', at(3), 0)]
    replay(machine, [records[0]!], 9)
    replay(machine, [records[1]!])
    machine.endTransaction(9, 'commit')
    expect(machine.positions('g')[0]!.offset).toBe(2)
    replay(machine, [records[2]!], 9)
    machine.endTransaction(9, 'commit')
    expect(machine.positions('g')[0]!.offset).toBe(3)
  })

  test('a deletion takes what is pending with it', () => {
    const { machine } = world
    replay(machine, machine.commit('g', at(1), 0))
    replay(machine, machine.commit('g', at(2), 0), 9)
    replay(machine, machine.deleteGroup('g'))
    machine.endTransaction(9, 'commit')
    expect(machine.positions('g')).toEqual([])
    expect(machine.describe('g').state).toBe('Dead')
  })
})

describe('expiry and deletion', () => {
  const position = (topic: string): GroupPosition[] => [{ topic, partition: 0, offset: 1, metadata: '' }]
  const expire = (timestamp: number): void => replay(world.machine, world.machine.expireOffsets(timestamp, 1000))

  test('offsets of a group that never had members stay: an application that commits by itself may be away for long', () => {
    const { machine } = world
    replay(machine, machine.commit('g', position('a'), 0))
    expire(10_000_000)
    expect(machine.positions('g')).toHaveLength(1)
  })

  test('offsets of a group that is empty count from their commit', () => {
    const [a] = stable('a')
    const { machine } = world
    world.leave(a!)
    const emptySince = 1_000_000 + world.now
    replay(machine, machine.commit('g', position('a'), emptySince))
    replay(machine, machine.commit('g', position('b'), emptySince + 500))
    expire(emptySince + 1000)
    expect(machine.positions('g')).toHaveLength(2)
    expire(emptySince + 1001)
    expect(machine.positions('g').map(({ topic }) => topic)).toEqual(['b'])
    expire(emptySince + 1501)
    expect(machine.describe('g').state).toBe('Dead')
  })

  test('nothing of a group with members expires, and afterwards the time counts from when it became empty', () => {
    const [a] = stable('a')
    const { machine } = world
    replay(machine, machine.commit('g', position('a'), 0))
    expire(10_000_000)
    expect(machine.positions('g')).toHaveLength(1)
    join(world.add('b')) // nor while it is being rebalanced
    expire(10_000_000)
    expect(machine.positions('g')).toHaveLength(1)
    world.leave(a!)
    world.advance(rebalanceTimeoutMs + sessionTimeoutMs)
    const emptySince = 1_000_000 + world.now
    expect(describeGroup().state).toBe('Empty')
    expire(emptySince - rebalanceTimeoutMs)
    expect(machine.positions('g')).toHaveLength(1)
    expire(emptySince + 1001)
    expect(machine.describe('g').state).toBe('Dead')
  })

  test('what a transaction has pending keeps the offset', () => {
    const [a] = stable('a')
    const { machine } = world
    world.leave(a!)
    const later = 1_000_000 + world.now + 5000
    replay(machine, machine.commit('g', position('a'), 0))
    replay(machine, machine.commit('g', position('a'), 0), 9)
    expire(later)
    expect(machine.positions('g')).toHaveLength(1)
    machine.endTransaction(9, 'abort')
    expire(later)
    expect(machine.positions('g')).toEqual([])
  })

  test('a group is deleted with all that it committed, unless somebody is in', () => {
    const [a] = stable('a')
    const { machine } = world
    replay(machine, machine.commit('g', position('a'), 0))
    expect(codeOf(() => machine.deleteGroup('g'))).toBe('NON_EMPTY_GROUP')
    world.leave(a!)
    replay(machine, machine.deleteGroup('g'))
    expect(machine.list()).toEqual([])
    expect(codeOf(() => machine.deleteGroup('g'))).toBe('GROUP_NOT_FOUND')
  })

  test('offsets of topics that a member subscribes to are not deleted', () => {
    stable('a')
    const { machine } = world
    for (const topic of ['t', 'other']) replay(machine, machine.commit('g', position(topic), 0))
    expect(codeOf(() => machine.deleteOffsets('g', position('t')))).toBe('GROUP_SUBSCRIBED_TO_TOPIC')
    replay(machine, machine.deleteOffsets('g', position('other')))
    expect(machine.positions('g').map(({ topic }) => topic)).toEqual(['t'])
    expect(codeOf(() => machine.deleteOffsets('nobody', position('t')))).toBe('GROUP_NOT_FOUND')
  })

  test('topics that are gone take their offsets with them, in every group', () => {
    const { machine } = world
    for (const group of ['g', 'h']) replay(machine, machine.commit(group, [...position('a'), ...position('b')], 0))
    replay(machine, machine.forgetTopics(new Set(['a'])))
    for (const group of ['g', 'h']) expect(machine.positions(group).map(({ topic }) => topic)).toEqual(['b'])
  })
})

describe('replay', () => {
  test('tombstones of what is unknown do nothing, and order does not matter', () => {
    stable('a', 'B')
    replay(world.machine, world.machine.commit('g', [{ topic: 't', partition: 0, offset: 1, metadata: '' }], 0))
    const tombstones = world.records.map(({ key }) => ({ key, value: null }))
    const machine = new GroupCoordinator()
    for (const record of [...tombstones, ...world.records.toReversed(), ...tombstones, ...tombstones]) machine.replay(record, -1)
    expect(machine.list()).toEqual([])
  })

  test('members of an earlier process that cannot come back are expelled; static ones have their session', () => {
    stable('a', 'B')
    const machine = replayed(world.records)
    const step = machine.start({ now: 5, timestamp: 9 }, ({ instanceId }) => instanceId === null)
    for (const record of step.records) machine.replay(record, -1)
    expect(machine.describe('g')).toMatchObject({ state: 'PreparingRebalance', members: [{ instanceId: 'B' }] })
    const gone = machine.expire({ now: 5 + sessionTimeoutMs, timestamp: 10 })
    for (const record of gone.records) machine.replay(record, -1)
    expect(machine.describe('g').state).toBe('Empty')
  })
})

const metadata = writeSubscription({ topics: ['t'], userData: null, owned: [], generation: -1, rackId: null })

const request: JoinRequest = {
  call: 1,
  group: 'g',
  memberId: '',
  freshMemberId: 'fresh',
  requireKnownMember: false,
  instanceId: null,
  clientId: 'c',
  clientHost: '/h',
  sessionTimeoutMs,
  rebalanceTimeoutMs,
  protocolType: 'consumer',
  protocols: [{ name: 'range', metadata }],
}
