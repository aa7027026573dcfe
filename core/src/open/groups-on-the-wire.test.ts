import { describe, expect, test } from 'vitest'
import type { Consumer } from '../client/consumer.ts'
import { writeAssignment, writeSubscription, readAssignment } from '../coordinator/consumer-protocol.ts'
import type { RequestDraft, ResponseOf } from '../protocol/apis.ts'
import { errorCodes } from '../protocol/error-codes.ts'
import { onTheWire } from './on-the-wire.fixtures.ts'
import { WireClient } from './wire-client.fixtures.ts'

const read = { topics: ['t'], userData: null, owned: [], generation: -1, rackId: null }
const subscription = writeSubscription(read)

function joinOf(memberId = '', more: Partial<RequestDraft<'joinGroup'>> = {}): RequestDraft<'joinGroup'> {
  return {
    groupId: 'g',
    sessionTimeoutMs: 10_000,
    rebalanceTimeoutMs: 60_000,
    memberId,
    protocolType: 'consumer',
    protocols: [{ name: 'range', metadata: subscription }],
    ...more,
  }
}

/** Joins as a client does: without an id it is given one to come again with. */
async function join(client: WireClient, version: number = 9, memberId: string = ''): Promise<ResponseOf<'joinGroup'>> {
  const answer = await client.ask('joinGroup', joinOf(memberId), version)
  return answer.errorCode === errorCodes.MEMBER_ID_REQUIRED ? join(client, version, answer.memberId) : answer
}

function syncOf(
  { generationId, memberId }: Pick<ResponseOf<'joinGroup'>, 'generationId' | 'memberId'>,
  assignments: Readonly<Record<string, readonly number[]>> = {},
): RequestDraft<'syncGroup'> {
  return {
    groupId: 'g',
    generationId,
    memberId,
    protocolType: 'consumer',
    protocolName: 'range',
    assignments: Object.entries(assignments).map(([id, partitions]) => ({
      memberId: id,
      assignment: writeAssignment({ partitions: partitions.map((partition) => ({ topic: 't', partition })), userData: null }),
    })),
  }
}

function partitionsOf({ assignment }: ResponseOf<'syncGroup'>): number[] {
  return readAssignment(assignment).partitions.map(({ partition }) => partition)
}

describe.each([
  ['the oldest', { join: 0, sync: 0, heartbeat: 0, leave: 0 }],
  ['those of kafkajs', { join: 5, sync: 3, heartbeat: 3, leave: 3 }],
  ['the newest', { join: 9, sync: 5, heartbeat: 4, leave: 5 }],
])('in %s versions', (_, versions) => {
  test('two members share a topic, one leaves, the other has all', () =>
    onTheWire(async (first, log, served) => {
      await log.admin.createTopics([{ topic: 't', partitions: 2 }])
      await using second = await WireClient.connect(served.places[0]!)
      const a = await join(first, versions.join)
      expect(a).toMatchObject({ errorCode: 0, generationId: 1, protocolName: 'range', leader: a.memberId, skipAssignment: false })
      expect(a.memberId).toMatch(/^test-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/)
      const { memberId } = a
      const alone = await first.ask('syncGroup', syncOf(a, { [memberId]: [0, 1] }), versions.sync)
      expect(partitionsOf(alone)).toEqual([0, 1])

      const joining = join(second, versions.join)
      const beat = { groupId: 'g', generationId: 1, memberId }
      await expect
        .poll(async () => (await first.ask('heartbeat', beat, versions.heartbeat)).errorCode)
        .toBe(errorCodes.REBALANCE_IN_PROGRESS)
      const again = await join(first, versions.join, memberId)
      const b = await joining
      expect(b).toMatchObject({ errorCode: 0, generationId: 2, leader: memberId, members: [] })
      expect(again.members.map((one) => one.memberId).toSorted()).toEqual([memberId, b.memberId].toSorted())
      expect(Buffer.from(again.members[0]!.metadata)).toEqual(Buffer.from(subscription))
      const waiting = second.ask('syncGroup', syncOf(b), versions.sync)
      await first.ask('syncGroup', syncOf(again, { [memberId]: [0], [b.memberId]: [1] }), versions.sync)
      expect(partitionsOf(await waiting)).toEqual([1])
      expect(await first.ask('heartbeat', { ...beat, generationId: 2 }, versions.heartbeat)).toMatchObject({ errorCode: 0 })

      const described = await first.ask('describeGroups', { groups: ['g'], includeAuthorizedOperations: true })
      expect(described.groups[0]).toMatchObject({
        errorCode: 0,
        groupState: 'Stable',
        protocolType: 'consumer',
        protocolData: 'range',
        authorizedOperations: 3_400,
      })
      expect(described.groups[0]!.members).toHaveLength(2)
      expect(described.groups[0]!.members[0]).toMatchObject({ clientId: 'test', clientHost: '/127.0.0.1' })

      const members = [{ memberId: b.memberId }, { memberId: 'nobody' }]
      const left = await second.ask('leaveGroup', leaveOf(versions.leave, members), versions.leave)
      expect(left.errorCode).toBe(0)
      if (versions.leave >= 3) {
        expect(left.members.map(({ errorCode }) => errorCode)).toEqual([0, errorCodes.UNKNOWN_MEMBER_ID])
      }
      expect(await join(first, versions.join, memberId)).toMatchObject({ errorCode: 0, generationId: 3 })
    }))

  test('whoever is no member, or of another generation, is told so', () =>
    onTheWire(async (client) => {
      const stranger = { groupId: 'g', generationId: 1, memberId: 'nobody' }
      const unknown = { errorCode: errorCodes.UNKNOWN_MEMBER_ID }
      expect(await client.ask('heartbeat', stranger, versions.heartbeat)).toMatchObject(unknown)
      expect(await client.ask('syncGroup', syncOf(stranger), versions.sync)).toMatchObject(unknown)
      expect(await client.ask('joinGroup', joinOf('nobody'), versions.join)).toMatchObject({ ...unknown, memberId: 'nobody' })
      const left = await client.ask('leaveGroup', leaveOf(versions.leave, [{ memberId: 'nobody' }]), versions.leave)
      expect(versions.leave < 3 ? left : left.members[0]).toMatchObject(unknown)

      const a = await join(client, versions.join)
      const stale = { ...stranger, memberId: a.memberId, generationId: 7 }
      const illegal = { errorCode: errorCodes.ILLEGAL_GENERATION }
      expect(await client.ask('heartbeat', stale, versions.heartbeat)).toMatchObject(illegal)
      expect(await client.ask('syncGroup', syncOf(stale), versions.sync)).toMatchObject(illegal)
    }))

  test('what cannot be is refused, and the connection stays', () =>
    onTheWire(async (client) => {
      const refusals: [Partial<RequestDraft<'joinGroup'>>, number][] = [
        [{ groupId: '' }, errorCodes.INVALID_GROUP_ID],
        [{ groupId: 'x'.repeat(20_000) }, errorCodes.INVALID_GROUP_ID],
        [{ sessionTimeoutMs: 1 }, errorCodes.INVALID_SESSION_TIMEOUT],
        [{ sessionTimeoutMs: -1 }, errorCodes.INVALID_SESSION_TIMEOUT],
        [{ protocols: [] }, errorCodes.INCONSISTENT_GROUP_PROTOCOL],
        [{ protocolType: '' }, errorCodes.INCONSISTENT_GROUP_PROTOCOL],
        [{ protocolType: 'x'.repeat(30_000) }, errorCodes.INVALID_REQUEST],
      ]
      for (const [wrong, errorCode] of refusals) {
        expect(await client.ask('joinGroup', joinOf('', wrong), versions.join)).toMatchObject({ errorCode, generationId: -1 })
      }
      const nowhere = { groupId: '', generationId: 1, memberId: 'm' }
      const invalid = { errorCode: errorCodes.INVALID_GROUP_ID }
      expect(await client.ask('heartbeat', nowhere, versions.heartbeat)).toMatchObject(invalid)
      expect(await client.ask('syncGroup', { ...syncOf(nowhere), groupId: '' }, versions.sync)).toMatchObject(invalid)
      const nobody = { ...leaveOf(versions.leave, []), groupId: '' }
      expect(await client.ask('leaveGroup', nobody, versions.leave)).toMatchObject(invalid)
      expect((await client.ask('listGroups', {})).groups).toEqual([])
    }))
})

function leaveOf(version: number, members: readonly { readonly memberId: string }[]): RequestDraft<'leaveGroup'> {
  return version < 3 ? { groupId: 'g', memberId: members[0]?.memberId ?? '' } : { groupId: 'g', members }
}

test('from version 4 on a new member is sent away with its id, so that one that retries leaves no ghost', () =>
  onTheWire(async (client) => {
    const first = await client.ask('joinGroup', joinOf(), 4)
    expect(first).toMatchObject({ errorCode: errorCodes.MEMBER_ID_REQUIRED, generationId: -1, protocolName: '' })
    const second = await client.ask('joinGroup', joinOf(first.memberId), 4)
    expect(second).toMatchObject({ errorCode: 0, memberId: first.memberId, generationId: 1 })
    expect(second.members).toHaveLength(1)
  }))

test('a static member comes back to its place: one that leads hears so, or, in older versions, that it does not', () =>
  onTheWire(async (client) => {
    const groupInstanceId = 'i'
    const a = await client.ask('joinGroup', joinOf('', { groupInstanceId }))
    expect(a.memberId).toMatch(/^i-/)
    await client.ask('syncGroup', { ...syncOf(a, { [a.memberId]: [0] }), groupInstanceId })
    const b = await client.ask('joinGroup', joinOf('', { groupInstanceId }))
    expect(b).toMatchObject({ errorCode: 0, generationId: 1, leader: b.memberId, skipAssignment: true })
    expect(b.members).toHaveLength(1)
    expect(partitionsOf(await client.ask('syncGroup', { ...syncOf(b), groupInstanceId }))).toEqual([0])
    const c = await client.ask('joinGroup', joinOf('', { groupInstanceId }), 5)
    expect(c).toMatchObject({ errorCode: 0, generationId: 1, leader: '', members: [] })
    const fenced = { errorCode: errorCodes.FENCED_INSTANCE_ID }
    const beat = { groupId: 'g', generationId: 1, memberId: b.memberId, groupInstanceId }
    expect(await client.ask('heartbeat', beat)).toMatchObject(fenced)
    const removed = await client.ask('leaveGroup', { groupId: 'g', members: [{ memberId: '', groupInstanceId }] })
    expect(removed.members).toMatchObject([{ memberId: '', groupInstanceId, errorCode: 0 }])
    expect((await client.ask('describeGroups', { groups: ['g'] })).groups[0]).toMatchObject({ groupState: 'Empty' })
  }))

test('who takes the group for another one does not sync (KIP-559)', () =>
  onTheWire(async (client) => {
    const a = await join(client)
    const inconsistent = { errorCode: errorCodes.INCONSISTENT_GROUP_PROTOCOL }
    expect(await client.ask('syncGroup', { ...syncOf(a), protocolName: 'roundrobin' })).toMatchObject(inconsistent)
    expect(await client.ask('syncGroup', { ...syncOf(a), protocolType: 'connect' })).toMatchObject(inconsistent)
    expect(await client.ask('syncGroup', { ...syncOf(a), protocolType: null })).toMatchObject(inconsistent)
    expect(await client.ask('syncGroup', syncOf(a, { [a.memberId]: [0] }))).toMatchObject({
      errorCode: 0,
      protocolType: 'consumer',
      protocolName: 'range',
    })
  }))

/** The consumer goes on polling, as its application does. */
async function whilePolling<T>(consumer: Consumer, work: Promise<T>): Promise<T> {
  const progress = { isDone: false }
  const working = work.finally(() => (progress.isDone = true))
  while (!progress.isDone) await consumer.poll({ timeoutMs: 10 })
  return working
}

test('a member in this process and one on the wire share a topic', () =>
  onTheWire(async (client, log) => {
    await log.admin.createTopics([{ topic: 't', partitions: 2 }])
    await using consumer = await log.consumer({ group: 'g', assignor: 'range', reset: 'earliest' })
    consumer.subscribe(['t'])
    while (consumer.assignment().length < 2) await consumer.poll({ timeoutMs: 10 })
    const b = await whilePolling(consumer, join(client))
    expect(b).toMatchObject({ errorCode: 0, members: [] })
    const theirs = partitionsOf(await whilePolling(consumer, client.ask('syncGroup', syncOf(b))))
    const ours = consumer.assignment().map(({ partition }) => partition)
    expect(new Set([...ours, ...theirs])).toEqual(new Set([0, 1]))
    expect(theirs).toHaveLength(1)
    const { groups } = await client.ask('describeGroups', { groups: ['g'] })
    expect(groups[0]!.members.map(({ clientHost }) => clientHost).toSorted()).toEqual(['/127.0.0.1', 'in-process'])
    const [details] = await log.admin.describeGroups(['g'])
    expect(details!.members).toHaveLength(2)
  }))

test('a member on the wire whose subscription nobody can read gets nothing, and the leader in this process goes on', () =>
  onTheWire(async (client, log) => {
    await log.admin.createTopics([{ topic: 't', partitions: 2 }])
    const userData = Buffer.from('junk')
    const subscriptions = [Buffer.from('7fff', 'hex'), writeSubscription({ ...read, userData })]
    for (const assignor of ['range', 'sticky'] as const) {
      await using consumer = await log.consumer({ group: assignor, assignor, reset: 'earliest' })
      consumer.subscribe(['t'])
      while (consumer.assignment().length < 2) await consumer.poll({ timeoutMs: 10 })
      for (const [index, metadata] of subscriptions.entries()) {
        const asked = joinOf('', { groupId: assignor, protocols: [{ name: assignor, metadata }] })
        const joined = await whilePolling(consumer, client.ask('joinGroup', asked, 3))
        const { memberId } = joined
        const sync = { ...syncOf(joined), groupId: assignor }
        const synced = await whilePolling(consumer, client.ask('syncGroup', sync, 3))
        expect([synced.errorCode, partitionsOf(synced).length]).toEqual([0, index])
        await client.ask('leaveGroup', { groupId: assignor, memberId }, 0)
        while (consumer.assignment().length < 2) await consumer.poll({ timeoutMs: 10 })
      }
    }
  }))

test('a connection that ends while its join waits keeps nobody from going on, and the server closes without waiting for joins', () =>
  onTheWire(async (client, _log, served) => {
    const a = await join(client, 3)
    await client.ask('syncGroup', syncOf(a), 3)
    const dying = await WireClient.connect(served.places[0]!)
    const lost = dying.ask('joinGroup', joinOf(), 3)
    const beat = { groupId: 'g', generationId: 1, memberId: a.memberId }
    await expect.poll(async () => (await client.ask('heartbeat', beat)).errorCode).toBe(errorCodes.REBALANCE_IN_PROGRESS)
    dying.destroy()
    await expect(lost).rejects.toThrow(/ended/)
    const again = await join(client, 3, a.memberId)
    expect(again).toMatchObject({ errorCode: 0, generationId: 2 })
    expect(again.members).toHaveLength(2)

    await using third = await WireClient.connect(served.places[0]!)
    const waiting = third.ask('joinGroup', joinOf(), 3)
    const next = { ...beat, generationId: 2 }
    await expect.poll(async () => (await client.ask('heartbeat', next)).errorCode).toBe(errorCodes.REBALANCE_IN_PROGRESS)
    await served.close()
    expect(await waiting).toMatchObject({ errorCode: errorCodes.COORDINATOR_NOT_AVAILABLE })
  }))

test('groups are listed by state and by type, described, and deleted', () =>
  onTheWire(async (client, log) => {
    await log.admin.createTopics([{ topic: 't', partitions: 1 }])
    await log.admin.alterGroupOffsets('offsets', [{ topic: 't', partition: 0, offset: 0 }])
    const a = await join(client)
    await client.ask('syncGroup', syncOf(a))
    const all = [
      { groupId: 'g', protocolType: 'consumer', groupState: 'Stable', groupType: 'classic' },
      { groupId: 'offsets', protocolType: '', groupState: 'Empty', groupType: 'classic' },
    ]
    const listed = async (filter: RequestDraft<'listGroups'>, version: number = 5): Promise<unknown> =>
      (await client.ask('listGroups', filter, version)).groups.map((group) => ({ ...group }))
    expect(await listed({})).toEqual(all)
    expect(await listed({ statesFilter: ['stable'] })).toEqual([all[0]])
    expect(await listed({ statesFilter: ['Empty', 'Dead'], typesFilter: ['Classic'] })).toEqual([all[1]])
    expect(await listed({ typesFilter: ['consumer'] })).toEqual([])
    expect(await listed({ statesFilter: ['none of these'] })).toEqual([])
    expect(await listed({}, 0)).toEqual(all.map((group) => ({ ...group, groupState: '', groupType: '' })))

    const groups = ['g', 'offsets', 'absent', '']
    const newest = await client.ask('describeGroups', { groups })
    expect(newest.groups.map(({ groupState, errorCode }) => [groupState, errorCode])).toEqual([
      ['Stable', 0],
      ['Empty', 0],
      ['Dead', errorCodes.GROUP_ID_NOT_FOUND],
      ['', errorCodes.INVALID_GROUP_ID],
    ])
    const oldest = await client.ask('describeGroups', { groups }, 0)
    expect(oldest.groups[2]).toMatchObject({ groupState: 'Dead', errorCode: 0 })

    for (const version of [0, 2]) {
      const { results } = await client.ask('deleteGroups', { groupsNames: groups }, version)
      expect(results.map(({ errorCode }) => errorCode)).toEqual([
        errorCodes.NON_EMPTY_GROUP,
        version === 0 ? 0 : errorCodes.GROUP_ID_NOT_FOUND,
        errorCodes.GROUP_ID_NOT_FOUND,
        errorCodes.INVALID_GROUP_ID,
      ])
    }
  }))
