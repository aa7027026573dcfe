import fc from 'fast-check'
import { expect, test } from 'vitest'
import { codeOf, GroupWorld, rebalanceTimeoutMs, replayed, sessionTimeoutMs, type TestMember } from './group-members.fixtures.ts'

/**
 * The group machine against a plain account of who holds what (GRP-1, 2, 6, 7 of the reliability plan). A member holds its
 * partitions from the reply to its sync until it joins again, leaves, or the coordinator has it no more.
 */
class Account {
  /** By member id. */
  readonly holds = new Map<string, readonly string[]>()
  /** By generation, then by partition. */
  readonly owners = new Map<number, Map<string, string>>()

  assigned(world: GroupWorld, { memberId, instanceId, generation, partitions }: TestMember): void {
    const owners = this.owners.get(generation) ?? new Map<string, string>()
    this.owners.set(generation, owners)
    for (const partition of partitions) {
      const owner = instanceId ?? memberId // a second instance has the place of the first
      expect(owners.get(partition) ?? owner, `${partition} in generation ${generation}`).toBe(owner)
      owners.set(partition, owner)
    }
    this.forgetExpelled(world)
    for (const [other, held] of this.holds) {
      if (other !== memberId)
        expect(
          held.filter((partition) => partitions.includes(partition)),
          `${other} still holds`,
        ).toEqual([])
    }
    this.holds.set(memberId, partitions)
  }

  forgetExpelled(world: GroupWorld): void {
    const members = new Set(world.machine.describe('g').members.map(({ memberId }) => memberId))
    for (const memberId of this.holds.keys()) if (!members.has(memberId)) this.holds.delete(memberId)
  }
}

type Command = fc.Command<Account, GroupWorld>

function command(name: string, pick: number, act: (world: GroupWorld, member: TestMember) => void): Command {
  return {
    check: () => true,
    run: (account, world) => {
      const alive = world.members.filter(({ crashed }) => !crashed)
      if (alive.length === 0) return
      act(world, alive[pick % alive.length]!)
      account.forgetExpelled(world)
      checkState(world)
    },
    toString: () => `${name}(${pick})`,
  }
}

/** What a completed rebalance left is in the records. */
function checkState(world: GroupWorld): void {
  const live = world.machine.describe('g')
  if (live.state !== 'Stable' && (live.state !== 'Empty' || live.generation === 0)) return
  expect(replayed(world.records).describe('g')).toEqual(live)
}

const pick = fc.nat(5)

const joins = fc.tuple(pick, fc.boolean()).map(([at, changed]) =>
  command(changed ? 'join with something new' : 'join', at, (world, member) => {
    if (member.waits !== null) return
    world.join(member, changed ? String(world.now) : '')
  }),
)

const syncs = pick.map((at) =>
  command('sync', at, (world, member) => {
    if (member.waits === null && member.generation >= 0) world.sync(member)
  }),
)

const leaves = pick.map((at) =>
  command('leave', at, (world, member) => {
    if (member.memberId === '') return
    world.leave(member)
  }),
)

const crashes = pick.map((at) =>
  command('crash', at, (world, member) => {
    member.crashed = true
    world.add(member.name, member.instanceId)
  }),
)

const times = fc
  .tuple(pick, fc.integer({ min: 1, max: 15_000 }))
  .map(([at, ms]) => command(`${ms} ms later,`, at, (world) => world.advance(ms)))

const restarts = fc.constant(command('restart', 0, (world) => world.restart()))

const heartbeats = pick.map((at) =>
  command('heartbeat', at, (world, member) => {
    const group = world.machine.describe('g')
    const known = group.members.some(({ memberId }) => memberId === member.memberId)
    const said = world.heartbeat(member)
    if (said === 'ok') expect(known && member.generation === group.generation).toBe(true)
    else if (said === 'FENCED_INSTANCE_ID') member.crashed = true
    else if (said === 'UNKNOWN_MEMBER_ID') expect(known).toBe(false)
    else if (said === 'ILLEGAL_GENERATION') expect(member.generation).not.toBe(group.generation)
    else expect([said, group.state]).toEqual(['REBALANCE_IN_PROGRESS', 'PreparingRebalance'])
  }),
)

/** GRP-2: whoever is not who he says he is changes nothing. */
const impostors = fc.tuple(pick, fc.constantFrom(-1, 1, 1000), fc.boolean()).map(([at, off, stranger]) =>
  command('impostor', at, (world, member) => {
    const group = world.machine.describe('g')
    if (group.members.length === 0) return
    const memberId = stranger ? 'nobody' : member.memberId
    const generation = group.generation + off
    const ref = { memberId, instanceId: member.instanceId, generation }
    const before = [group, world.machine.nextDeadline]
    const at_ = { now: world.now, timestamp: 0 }
    const expected = expect.stringMatching(/UNKNOWN_MEMBER_ID|ILLEGAL_GENERATION|FENCED_INSTANCE_ID/)
    expect(codeOf(() => world.machine.heartbeat('g', ref, at_))).toEqual(expected)
    expect(codeOf(() => world.machine.sync({ group: 'g', ...ref, assignments: [], call: 0 }, at_))).toEqual(expected)
    if (generation >= 0)
      for (const transactional of [true, false])
        expect(codeOf(() => world.machine.checkCommit('g', { ...ref, transactional }))).toEqual(expected)
    expect([world.machine.describe('g'), world.machine.nextDeadline]).toEqual(before)
  }),
)

/** GRP-7: the second comer has the place at once, the first is fenced with the next thing that it does. */
const doubles = pick.map((at) =>
  command('second instance', at, (world, member) => {
    const group = world.machine.describe('g')
    if (member.instanceId === null || !group.members.some(({ memberId }) => memberId === member.memberId)) return
    const generation = group.generation
    const second = world.add(member.name, member.instanceId)
    world.join(second)
    expect(member.crashed || world.heartbeat(member) === 'FENCED_INSTANCE_ID').toBe(true)
    member.crashed = true
    if (group.state !== 'Stable') return
    expect(world.machine.describe('g')).toMatchObject({ state: 'Stable', generation })
    world.sync(second)
    const before = group.members.find(({ memberId }) => memberId === member.memberId)!
    expect(world.machine.describe('g').members).toContainEqual({
      ...before,
      memberId: second.memberId,
      subscription: expect.anything(),
    })
  }),
)

/** GRP-6: members that do what they are told are stable again within the timeouts, and own everything. */
function settle(world: GroupWorld): void {
  world.advance(sessionTimeoutMs + rebalanceTimeoutMs + 1) // whoever is gone is expelled
  const alive = world.members.filter(({ crashed }) => !crashed)
  const generation = world.machine.describe('g').generation
  for (let round = 0; round < 4; round++) {
    for (const member of alive) if (member.waits === null && world.heartbeat(member) !== 'ok') world.join(member)
    for (const member of alive) if (member.waits === null && member.memberId !== '' && member.generation < 0) world.join(member)
    for (const member of alive) if (member.waits === null && member.partitions.length === 0) world.sync(member)
    world.advance(1)
  }
  const group = world.machine.describe('g')
  expect(group.state).toBe(alive.length > 0 ? 'Stable' : group.state)
  expect(group.generation - generation).toBeLessThanOrEqual(alive.length + 2)
  if (alive.length === 0) return
  expect(alive.flatMap(({ partitions }) => partitions).toSorted()).toEqual(['t-0', 't-1', 't-2', 't-3'])
}

test('whatever members do, the group keeps its promises', () => {
  const all = fc.commands(
    [joins, joins, syncs, syncs, syncs, leaves, crashes, times, heartbeats, heartbeats, impostors, doubles, restarts],
    {
      maxCommands: 60,
    },
  )
  fc.assert(
    fc.property(all, (commands) => {
      const world = new GroupWorld()
      for (const [name, instance] of [
        ['a', null],
        ['b', null],
        ['c', null],
        ['d', 'd'],
        ['e', 'e'],
      ] as const)
        world.add(name, instance)
      const account = new Account()
      world.onAssigned = (member) => account.assigned(world, member)
      world.onGivenUp = ({ memberId }) => void account.holds.delete(memberId)
      fc.modelRun(() => ({ model: account, real: world }), commands)
      settle(world)
    }),
    { numRuns: 1000 },
  )
})
