import { describe, expect, test } from 'vitest'
import type { LogClient } from '../client/log-client.ts'
import { writeSubscription } from '../coordinator/consumer-protocol.ts'
import type { RequestDraft, ResponseOf } from '../protocol/apis.ts'
import { errorCodes } from '../protocol/error-codes.ts'
import { onTheWire } from './on-the-wire.fixtures.ts'
import type { WireClient } from './wire-client.fixtures.ts'

type Commit = RequestDraft<'offsetCommit'>
type CommittedPartition = Commit['topics'][number]['partitions'][number]

const noId = '0'.repeat(32)

function at(partitionIndex: number, committedOffset: number, committedMetadata: string | null = null): CommittedPartition {
  return { partitionIndex, committedOffset, committedMetadata }
}

function commitOf(partitions: readonly CommittedPartition[], more: Partial<Commit> = {}): Commit {
  return { groupId: 'g', memberId: '', topics: [{ name: 't', topicId: noId, partitions }], ...more }
}

function codesOf({ topics }: ResponseOf<'offsetCommit'>): number[] {
  return topics.flatMap(({ partitions }) => partitions.map(({ errorCode }) => errorCode))
}

/** What a group has for partitions of `t`, as the newest version with names says. */
async function fetched(client: WireClient, partitionIndexes: readonly number[], requireStable = false): Promise<unknown[]> {
  const topics = [{ name: 't', partitionIndexes }]
  const { groups } = await client.ask('offsetFetch', { groups: [{ groupId: 'g', topics }], requireStable }, 9)
  return groups[0]!.topics[0]!.partitions.map(({ committedOffset, errorCode, metadata }) => [
    committedOffset,
    errorCode,
    metadata,
  ])
}

async function idOf(client: WireClient, name: string): Promise<string> {
  return (await client.ask('metadata', { topics: [{ name, topicId: noId }] })).topics[0]!.topicId
}

/** A member of the group, alone. */
async function member(
  client: WireClient,
  protocolType = 'consumer',
): Promise<{ readonly memberId: string; readonly generationIdOrMemberEpoch: number }> {
  const metadata = writeSubscription({ topics: ['t'], userData: null, owned: [], generation: -1, rackId: null })
  const joined = await client.ask(
    'joinGroup',
    {
      groupId: 'g',
      sessionTimeoutMs: 10_000,
      rebalanceTimeoutMs: 10_000,
      memberId: '',
      protocolType,
      protocols: [{ name: 'range', metadata }],
    },
    3,
  )
  const { memberId, generationId } = joined
  await client.ask('syncGroup', { groupId: 'g', generationId, memberId, assignments: [] }, 3)
  return { memberId, generationIdOrMemberEpoch: generationId }
}

async function topicsOf(log: LogClient): Promise<void> {
  await log.admin.createTopics(['t', 'u'].map((topic) => ({ topic, partitions: 3 })))
}

describe.each([2, 5, 9])('OffsetCommit in version %i', (version) => {
  test('of one outside of a group: what it commits is there, place by place', () =>
    onTheWire(async (client, log) => {
      await topicsOf(log)
      const partitions = [at(0, 5, 'm'), at(1, 7), at(7, 1), at(2, 3, 'x'.repeat(5_000))]
      const retention = version < 5 ? { retentionTimeMs: 1 } : {}
      expect(codesOf(await client.ask('offsetCommit', commitOf(partitions, retention), version))).toEqual([
        0,
        0,
        errorCodes.UNKNOWN_TOPIC_OR_PARTITION,
        errorCodes.OFFSET_METADATA_TOO_LARGE,
      ])
      expect(await fetched(client, [0, 1, 2])).toEqual([
        [5, 0, 'm'],
        [7, 0, ''],
        [-1, 0, ''],
      ])
      expect(await log.admin.groupOffsets('g')).toHaveLength(2)
    }))

  test('of members and strangers', () =>
    onTheWire(async (client, log) => {
      await topicsOf(log)
      const own = await member(client)
      expect(codesOf(await client.ask('offsetCommit', commitOf([at(0, 1)], own), version))).toEqual([0])
      const refusals: [Partial<Commit>, number][] = [
        [{}, errorCodes.UNKNOWN_MEMBER_ID],
        [{ ...own, memberId: 'nobody' }, errorCodes.UNKNOWN_MEMBER_ID],
        [{ ...own, generationIdOrMemberEpoch: 7 }, errorCodes.ILLEGAL_GENERATION],
        [{ groupId: 'other', ...own }, errorCodes.UNKNOWN_MEMBER_ID],
        [{ groupId: '' }, errorCodes.INVALID_GROUP_ID],
      ]
      for (const [by, errorCode] of refusals) {
        const refused = await client.ask('offsetCommit', commitOf([at(0, 9), at(1, 9)], by), version)
        expect(codesOf(refused)).toEqual([errorCode, errorCode])
      }
      expect(await fetched(client, [0, 1])).toEqual([
        [1, 0, ''],
        [-1, 0, ''],
      ])
    }))
})

test('a commit below 0 takes back what was committed', () =>
  onTheWire(async (client, log) => {
    await topicsOf(log)
    await client.ask('offsetCommit', commitOf([at(0, 5), at(1, 6)]), 5)
    expect(codesOf(await client.ask('offsetCommit', commitOf([at(0, -2), at(2, -1), at(7, -1)]), 5))).toEqual([
      0,
      0,
      errorCodes.UNKNOWN_TOPIC_OR_PARTITION,
    ])
    expect(await fetched(client, [0, 1, 2])).toEqual([
      [-1, 0, ''],
      [6, 0, ''],
      [-1, 0, ''],
    ])
  }))

test('topics go by id in version 10; an id that nobody knows is said to be unknown', () =>
  onTheWire(async (client, log) => {
    await topicsOf(log)
    const [topicId, unknown] = [await idOf(client, 't'), 'f'.repeat(32)]
    const topics = [topicId, unknown].map((id) => ({ topicId: id, partitions: [at(0, 4)] }))
    const committed = await client.ask('offsetCommit', commitOf([], { topics }))
    expect(codesOf(committed)).toEqual([0, errorCodes.UNKNOWN_TOPIC_ID])
    expect(committed.topics.map((topic) => topic.topicId)).toEqual([topicId, unknown])
    const asked = [topicId, unknown].map((id) => ({ topicId: id, partitionIndexes: [0] }))
    const group = (own: typeof asked | null): RequestDraft<'offsetFetch'> => ({ groups: [{ groupId: 'g', topics: own }] })
    const some = (await client.ask('offsetFetch', group(asked))).groups[0]!
    expect(some.topics.map(({ partitions }) => [partitions[0]!.committedOffset, partitions[0]!.errorCode])).toEqual([
      [4, 0],
      [-1, errorCodes.UNKNOWN_TOPIC_ID],
    ])
    const all = (await client.ask('offsetFetch', group(null))).groups[0]!
    expect(all.topics).toMatchObject([{ topicId, partitions: [{ partitionIndex: 0, committedOffset: 4 }] }])
  }))

test('OffsetFetch of one group: some places, places that nobody knows, and all', () =>
  onTheWire(async (client, log) => {
    await topicsOf(log)
    await client.ask('offsetCommit', commitOf([{ ...at(1, 5, 'm'), committedLeaderEpoch: 3 }]), 9)
    const topics = [
      { name: 't', partitionIndexes: [1, 0] },
      { name: 'absent', partitionIndexes: [0] },
    ]
    const nothing = { committedOffset: -1, metadata: '', errorCode: 0 }
    for (const version of [1, 2, 5, 7]) {
      const found = await client.ask('offsetFetch', { groupId: 'g', topics }, version)
      expect(found.errorCode).toBe(0)
      expect(found.topics).toMatchObject([
        {
          name: 't',
          partitions: [
            { partitionIndex: 1, committedOffset: 5, committedLeaderEpoch: version >= 5 ? 3 : -1, metadata: 'm', errorCode: 0 },
            { partitionIndex: 0, ...nothing },
          ],
        },
        { name: 'absent', partitions: [{ partitionIndex: 0, ...nothing }] },
      ])
      if (version < 2) continue
      const all = await client.ask('offsetFetch', { groupId: 'g', topics: null }, version)
      expect(all.topics).toMatchObject([{ name: 't', partitions: [{ partitionIndex: 1, committedOffset: 5 }] }])
      expect((await client.ask('offsetFetch', { groupId: 'absent', topics: null }, version)).topics).toEqual([])
    }
  }))

test('OffsetFetch of several groups at once', () =>
  onTheWire(async (client, log) => {
    await topicsOf(log)
    await client.ask('offsetCommit', commitOf([at(0, 1)]), 9)
    await client.ask('offsetCommit', commitOf([at(0, 2)], { groupId: 'h' }), 9)
    const topics = [{ name: 't', partitionIndexes: [0] }]
    const asked = [
      { groupId: 'g', topics },
      { groupId: 'h', topics: null, memberId: 'm', memberEpoch: 1 },
      { groupId: 'absent', topics },
    ]
    const { groups } = await client.ask('offsetFetch', { groups: asked }, 9)
    expect(groups.map(({ groupId, errorCode }) => [groupId, errorCode])).toEqual([
      ['g', 0],
      ['h', 0],
      ['absent', 0],
    ])
    expect(groups.map((group) => group.topics[0]?.partitions[0]?.committedOffset)).toEqual([1, 2, -1])
  }))

test('while a transaction commits an offset, whoever asks for a stable one is told to come again (KIP-447)', () =>
  onTheWire(async (client, log) => {
    await topicsOf(log)
    await client.ask('offsetCommit', commitOf([at(1, 1)]), 9)
    await using producer = await log.producer({ transactionalId: 'x' })
    const transaction = await producer.begin()
    await transaction.sendOffsets({ group: 'g', positions: [{ topic: 't', partition: 0, offset: 9 }] })
    expect(await fetched(client, [0, 1], true)).toEqual([
      [-1, errorCodes.UNSTABLE_OFFSET_COMMIT, ''],
      [1, 0, ''],
    ])
    expect(await fetched(client, [0, 1], false)).toEqual([
      [-1, 0, ''],
      [1, 0, ''],
    ])
    const all = await client.ask('offsetFetch', { groups: [{ groupId: 'g', topics: null }], requireStable: true }, 8)
    expect(all.groups[0]!.topics[0]!.partitions.map(({ partitionIndex, errorCode }) => [partitionIndex, errorCode])).toEqual([
      [1, 0],
      [0, errorCodes.UNSTABLE_OFFSET_COMMIT],
    ])
    const unstable = await client.ask('offsetFetch', { groups: [{ groupId: 'g', topics: null }] }, 8)
    expect(unstable.groups[0]!.topics[0]!.partitions).toHaveLength(1)
    await transaction.commit()
    expect(await fetched(client, [0], true)).toEqual([[9, 0, '']])
  }))

test('OffsetDelete waits for the end of members of whom nobody knows what they read', () =>
  onTheWire(async (client, log) => {
    await topicsOf(log)
    await client.ask('offsetCommit', commitOf([at(0, 1)]), 9)
    await member(client, 'connect')
    const topics = [{ name: 't', partitions: [{ partitionIndex: 0 }] }]
    expect(await client.ask('offsetDelete', { groupId: 'g', topics })).toMatchObject({
      errorCode: errorCodes.NON_EMPTY_GROUP,
      topics: [],
    })
  }))

test('OffsetDelete deletes what no member reads', () =>
  onTheWire(async (client, log) => {
    await topicsOf(log)
    const places = ['t', 'u'].map((name) => ({ name, partitions: [{ partitionIndex: 0 }, { partitionIndex: 7 }] }))
    const absent = await client.ask('offsetDelete', { groupId: 'g', topics: places })
    expect(absent).toMatchObject({ errorCode: errorCodes.GROUP_ID_NOT_FOUND, topics: [] })
    const invalid = await client.ask('offsetDelete', { groupId: '', topics: places })
    expect(invalid).toMatchObject({ errorCode: errorCodes.INVALID_GROUP_ID, topics: [] })
    const committed = ['t', 'u'].map((name) => ({ name, topicId: noId, partitions: [at(0, 1)] }))
    await client.ask('offsetCommit', commitOf([], { topics: committed }), 9)
    const { memberId } = await member(client)
    const deleted = await client.ask('offsetDelete', { groupId: 'g', topics: places })
    const unknown = errorCodes.UNKNOWN_TOPIC_OR_PARTITION
    expect(deleted.errorCode).toBe(0)
    expect(deleted.topics.map(({ partitions }) => partitions.map(({ errorCode }) => errorCode))).toEqual([
      [errorCodes.GROUP_SUBSCRIBED_TO_TOPIC, unknown],
      [0, unknown],
    ])
    await client.ask('leaveGroup', { groupId: 'g', memberId }, 0)
    expect(await log.admin.groupOffsets('g')).toMatchObject([{ topic: 't', offset: 1 }])
    await client.ask('offsetDelete', { groupId: 'g', topics: places })
    expect(await log.admin.groupOffsets('g')).toEqual([])
  }))
