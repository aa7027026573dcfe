import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { RequestDraft, ResponseOf } from '../protocol/apis.ts'
import { errorCodes } from '../protocol/error-codes.ts'
import { embeddedLog } from './embedded-log.ts'
import { onTheWire } from './on-the-wire.fixtures.ts'
import { serveLog } from './serve-log.ts'
import { WireClient } from './wire-client.fixtures.ts'

type Beat = RequestDraft<'consumerGroupHeartbeat'>
type Answer = ResponseOf<'consumerGroupHeartbeat'>

const noId = '0'.repeat(32)

/** What a member sends that joins. */
function joinOf(memberId: string, more: Partial<Beat> = {}): Beat {
  return {
    groupId: 'g',
    memberId,
    memberEpoch: 0,
    rebalanceTimeoutMs: 60_000,
    subscribedTopicNames: ['t'],
    topicPartitions: [],
    ...more,
  }
}

/** What a member sends that has nothing new to say. */
function beatOf(memberId: string, memberEpoch: number, more: Partial<Beat> = {}): Beat {
  return { groupId: 'g', memberId, memberEpoch, ...more }
}

function partitionsOf({ assignment }: Answer): readonly number[] | null {
  return assignment && assignment.topicPartitions.flatMap(({ partitions }) => partitions).toSorted((a, b) => a - b)
}

async function topicIdOf(client: WireClient, name: string): Promise<string> {
  return (await client.ask('metadata', { topics: [{ name, topicId: noId }] })).topics[0]!.topicId
}

test('is told to clients by a feature', () =>
  onTheWire(async (client) => {
    const { finalizedFeatures, apiKeys } = await client.ask('apiVersions', {
      clientSoftwareName: 'x',
      clientSoftwareVersion: '1',
    })
    expect(finalizedFeatures).toContainEqual({ name: 'group.version', minVersionLevel: 1, maxVersionLevel: 1 })
    expect(apiKeys).toContainEqual({ apiKey: 68, minVersion: 0, maxVersion: 1 })
    expect(apiKeys).toContainEqual({ apiKey: 69, minVersion: 0, maxVersion: 1 })
  }))

describe.each([0, 1])('in version %i', (version) => {
  test('two members share a topic, one leaves, the other has all', () =>
    onTheWire(async (client, log) => {
      await log.admin.createTopics([{ topic: 't', partitions: 2 }])
      const topicId = await topicIdOf(client, 't')
      const beat = (request: Beat): Promise<Answer> => client.ask('consumerGroupHeartbeat', request, version)
      const a = await beat(joinOf('a'))
      expect(a).toMatchObject({ errorCode: 0, memberId: 'a', memberEpoch: 1, heartbeatIntervalMs: 5000 })
      expect(a.assignment).toEqual({ topicPartitions: [{ topicId, partitions: [0, 1] }] })
      expect(partitionsOf(await beat(joinOf('b')))).toEqual([])
      expect(partitionsOf(await beat(beatOf('a', 1)))).toEqual([0])
      expect(await beat(beatOf('b', 2))).toMatchObject({ memberEpoch: 2, assignment: null })
      const gave = await beat(beatOf('a', 1, { topicPartitions: [{ topicId, partitions: [0] }] }))
      expect(gave).toMatchObject({ memberEpoch: 2, assignment: null })
      expect(partitionsOf(await beat(beatOf('b', 2)))).toEqual([1])

      const { groups } = await client.ask(
        'consumerGroupDescribe',
        { groupIds: ['g', 'nobody'], includeAuthorizedOperations: true },
        version,
      )
      expect(groups[0]).toMatchObject({
        errorCode: 0,
        groupState: 'Stable',
        groupEpoch: 2,
        assignmentEpoch: 2,
        assignorName: 'uniform',
        authorizedOperations: 3_400,
      })
      const partitions = { topicPartitions: [{ topicId, topicName: 't', partitions: [1] }] }
      expect(groups[0]!.members[1]).toMatchObject({
        memberId: 'b',
        memberEpoch: 2,
        clientId: 'test',
        clientHost: '/127.0.0.1',
        subscribedTopicNames: ['t'],
        subscribedTopicRegex: null,
        assignment: partitions,
        targetAssignment: partitions,
        memberType: version === 1 ? 1 : -1,
      })
      expect(groups[1]).toMatchObject({ errorCode: errorCodes.GROUP_ID_NOT_FOUND })

      expect(await beat(beatOf('a', -1))).toMatchObject({ errorCode: 0, memberEpoch: -1 })
      expect(partitionsOf(await beat(beatOf('b', 2)))).toEqual([0, 1])
    }))

  test('whoever is no member, or of another epoch, is told so', () =>
    onTheWire(async (client, log) => {
      await log.admin.createTopics([{ topic: 't', partitions: 1 }])
      const codeOf = async (request: Beat): Promise<number> =>
        (await client.ask('consumerGroupHeartbeat', request, version)).errorCode
      expect(await codeOf(beatOf('a', 1))).toBe(errorCodes.GROUP_ID_NOT_FOUND)
      expect(await codeOf(joinOf('a'))).toBe(0)
      expect(await codeOf(beatOf('nobody', 1))).toBe(errorCodes.UNKNOWN_MEMBER_ID)
      expect(await codeOf(beatOf('a', 7))).toBe(errorCodes.FENCED_MEMBER_EPOCH)
      expect(await codeOf(beatOf('a', -3))).toBe(errorCodes.INVALID_REQUEST)
      expect(await codeOf(joinOf('b', { groupId: '' }))).toBe(errorCodes.INVALID_REQUEST)
      expect(await codeOf(joinOf('b', { serverAssignor: 'sticky' }))).toBe(errorCodes.UNSUPPORTED_ASSIGNOR)
      expect(await codeOf(joinOf('b', { instanceId: 'i' }))).toBe(0)
      expect(await codeOf(joinOf('c', { instanceId: 'i' }))).toBe(errorCodes.UNRELEASED_INSTANCE_ID)
      expect(await codeOf(beatOf('c', 1, { instanceId: 'i' }))).toBe(errorCodes.FENCED_INSTANCE_ID)
    }))
})

test('version 0 names a member that does not name itself, version 1 does not', () =>
  onTheWire(async (client) => {
    const named = await client.ask('consumerGroupHeartbeat', joinOf(''), 0)
    expect(named).toMatchObject({ errorCode: 0, memberEpoch: 1 })
    expect(named.memberId).toMatch(/^test-[0-9a-f-]{36}$/)
    const refused = await client.ask('consumerGroupHeartbeat', joinOf(''), 1)
    expect(refused.errorCode).toBe(errorCodes.INVALID_REQUEST)
    expect(refused.errorMessage).toContain('a member gives its id')
  }))

test('a member subscribes by an expression, and gets topics that come', () =>
  onTheWire(async (client, log) => {
    await log.admin.createTopics([{ topic: 'logs-a', partitions: 1 }])
    const subscribed = { subscribedTopicNames: null, subscribedTopicRegex: 'logs-.*' }
    const joined = await client.ask('consumerGroupHeartbeat', joinOf('a', subscribed))
    expect(partitionsOf(joined)).toEqual([0])
    await log.admin.createTopics([{ topic: 'logs-b', partitions: 2 }])
    const answer = await client.ask('consumerGroupHeartbeat', beatOf('a', 1))
    expect([answer.memberEpoch, partitionsOf(answer)]).toEqual([2, [0, 0, 1]])
    const wrong = await client.ask('consumerGroupHeartbeat', joinOf('b', { ...subscribed, subscribedTopicRegex: '(' }))
    expect(wrong.errorCode).toBe(errorCodes.INVALID_REGULAR_EXPRESSION)
  }))

test('its offsets are committed and read in the epoch of a member', () =>
  onTheWire(async (client, log) => {
    await log.admin.createTopics([{ topic: 't', partitions: 1 }])
    await client.ask('consumerGroupHeartbeat', joinOf('a'))
    const commit = async (memberId: string, epoch: number, version = 9): Promise<number> => {
      const partitions = [{ partitionIndex: 0, committedOffset: 5, committedMetadata: '' }]
      const topics = [{ name: 't', topicId: noId, partitions }]
      const answer = await client.ask(
        'offsetCommit',
        { groupId: 'g', memberId, generationIdOrMemberEpoch: epoch, topics },
        version,
      )
      return answer.topics[0]!.partitions[0]!.errorCode
    }
    expect(await commit('a', 1)).toBe(0)
    expect(await commit('a', 2)).toBe(errorCodes.STALE_MEMBER_EPOCH)
    expect(await commit('a', 2, 8)).toBe(errorCodes.UNSUPPORTED_VERSION)
    expect(await commit('nobody', 1)).toBe(errorCodes.UNKNOWN_MEMBER_ID)
    const fetch = async (memberId: string | null, memberEpoch: number): Promise<unknown> => {
      const topics = [{ name: 't', topicId: noId, partitionIndexes: [0] }]
      const { groups } = await client.ask('offsetFetch', { groups: [{ groupId: 'g', memberId, memberEpoch, topics }] }, 9)
      return groups[0]!.errorCode || groups[0]!.topics[0]!.partitions[0]!.committedOffset
    }
    expect(await fetch('a', 1)).toBe(5)
    expect(await fetch(null, -1)).toBe(5)
    expect(await fetch('a', 0)).toBe(errorCodes.STALE_MEMBER_EPOCH)
    expect(await fetch('nobody', 1)).toBe(errorCodes.UNKNOWN_MEMBER_ID)
  }))

test('stands in lists, is no classic group, and can be deleted when it is empty', () =>
  onTheWire(async (client, log) => {
    await log.admin.createTopics([{ topic: 't', partitions: 1 }])
    await client.ask('consumerGroupHeartbeat', joinOf('a'))
    const list = async (typesFilter: readonly string[]): Promise<unknown> =>
      (await client.ask('listGroups', { statesFilter: [], typesFilter })).groups
    const listed = [{ groupId: 'g', protocolType: 'consumer', groupState: 'Stable', groupType: 'consumer' }]
    expect(await list([])).toEqual(listed)
    expect(await list(['Consumer'])).toEqual(listed)
    expect(await list(['classic'])).toEqual([])
    const classic = { groups: ['g'], includeAuthorizedOperations: false }
    expect((await client.ask('describeGroups', classic, 5)).groups[0]).toMatchObject({ errorCode: 0, groupState: 'Dead' })
    const described = (await client.ask('describeGroups', classic, 6)).groups[0]
    expect(described).toMatchObject({ errorCode: errorCodes.GROUP_ID_NOT_FOUND, errorMessage: 'Group g is not a classic group.' })
    const [details] = await log.admin.describeGroups(['g'])
    expect(details).toMatchObject({
      state: 'Stable',
      assignor: 'uniform',
      members: [{ member: 'a', partitions: [{ topic: 't', partition: 0 }] }],
    })

    const classicJoin = {
      groupId: 'g',
      sessionTimeoutMs: 10_000,
      rebalanceTimeoutMs: 10_000,
      memberId: '',
      protocolType: 'consumer',
    }
    const joined = await client.ask(
      'joinGroup',
      { ...classicJoin, protocols: [{ name: 'range', metadata: new Uint8Array(0) }] },
      9,
    )
    expect(joined.errorCode).toBe(errorCodes.INCONSISTENT_GROUP_PROTOCOL)
    const remove = async (): Promise<number> => (await client.ask('deleteGroups', { groupsNames: ['g'] })).results[0]!.errorCode
    expect(await remove()).toBe(errorCodes.NON_EMPTY_GROUP)
    await client.ask('consumerGroupHeartbeat', beatOf('a', -1))
    expect(await remove()).toBe(0)
    expect(await list([])).toEqual([])
  }))

test('has settings of its own, which hold from the next heartbeat on', () =>
  onTheWire(async (client) => {
    const group = { resourceType: 32, resourceName: 'g' }
    const set = async (name: string, value: string | null, configOperation = 0): Promise<number> => {
      const resources = [{ ...group, configs: [{ name, configOperation, value }] }]
      return (await client.ask('incrementalAlterConfigs', { resources, validateOnly: false })).responses[0]!.errorCode
    }
    const shown = async (): Promise<unknown> => {
      const resources = [{ ...group, configurationKeys: null }]
      const { results } = await client.ask('describeConfigs', { resources, includeSynonyms: false, includeDocumentation: false })
      return results[0]!.configs.map(({ name, value, configSource }) => [name, value, configSource])
    }
    const interval = async (): Promise<number> => (await client.ask('consumerGroupHeartbeat', joinOf('a'))).heartbeatIntervalMs
    expect(await interval()).toBe(5000)
    expect(await set('consumer.heartbeat.interval.ms', '7000')).toBe(0)
    expect(await interval()).toBe(7000)
    expect(await shown()).toEqual([
      ['consumer.heartbeat.interval.ms', '7000', 8],
      ['consumer.session.timeout.ms', '45000', 5],
    ])
    const listed = await client.ask('listConfigResources', { resourceTypes: [32] })
    expect(listed.configResources).toEqual([{ resourceName: 'g', resourceType: 32 }])
    expect(await set('consumer.session.timeout.ms', '7000')).toBe(errorCodes.INVALID_CONFIG)
    expect(await set('consumer.session.timeout.ms', 'long')).toBe(errorCodes.INVALID_CONFIG)
    expect(await set('retention.ms', '7000')).toBe(errorCodes.INVALID_CONFIG)
    expect(await set('consumer.heartbeat.interval.ms', null, 1)).toBe(0)
    expect(await interval()).toBe(5000)
    const configs = [{ name: 'consumer.session.timeout.ms', value: '60000' }]
    await client.ask('alterConfigs', { resources: [{ ...group, configs }], validateOnly: true })
    expect((await client.ask('listConfigResources', { resourceTypes: [32] })).configResources).toEqual([])
    await client.ask('alterConfigs', { resources: [{ ...group, configs }], validateOnly: false })
    expect(await shown()).toContainEqual(['consumer.session.timeout.ms', '60000', 8])
  }))

test('takes its usual settings from how the log is opened', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'millrace-wire-'))
  try {
    const wrong = embeddedLog({ dir, consumerGroups: { heartbeatIntervalMs: 1000, sessionTimeoutMs: 1000 } })
    await expect(wrong).rejects.toThrow('INVALID_OPTION')
    await expect(embeddedLog({ dir, consumerGroups: { maxSize: 0 } })).rejects.toThrow('INVALID_OPTION')
    await using log = await embeddedLog({ dir, durability: 'os', consumerGroups: { heartbeatIntervalMs: 1000, maxSize: 1 } })
    await using served = await serveLog(log, { listeners: [{ port: 0 }] })
    await using client = await WireClient.connect(served.places[0]!)
    expect((await client.ask('consumerGroupHeartbeat', joinOf('a'))).heartbeatIntervalMs).toBe(1000)
    const full = await client.ask('consumerGroupHeartbeat', joinOf('b'))
    expect(full.errorCode).toBe(errorCodes.GROUP_MAX_SIZE_REACHED)
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
})

test('goes on where it stood when the log is opened again', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'millrace-wire-'))
  try {
    const session = async (
      work: (beat: (request: Beat) => Promise<Answer>, client: WireClient) => Promise<void>,
    ): Promise<void> => {
      await using log = await embeddedLog({ dir })
      await using served = await serveLog(log, { listeners: [{ port: 0 }] })
      await using client = await WireClient.connect(served.places[0]!)
      if ((await log.admin.listTopics()).length === 0) await log.admin.createTopics([{ topic: 't', partitions: 4 }])
      await work((request) => client.ask('consumerGroupHeartbeat', request), client)
    }
    let topicId = ''
    await session(async (beat, client) => {
      topicId = await topicIdOf(client, 't')
      await beat(joinOf('a'))
      await beat(joinOf('b', { instanceId: 'i' }))
      expect(partitionsOf(await beat(beatOf('a', 1)))).toEqual([0, 1])
    })
    await session(async (beat) => {
      expect(await beat(beatOf('b', 2, { instanceId: 'i' }))).toMatchObject({ errorCode: 0, memberEpoch: 2, assignment: null })
      expect(await beat(beatOf('a', 1, { topicPartitions: [{ topicId, partitions: [0, 1] }] }))).toMatchObject({ memberEpoch: 2 })
      expect(partitionsOf(await beat(beatOf('b', 2, { instanceId: 'i' })))).toEqual([2, 3])
      expect(await beat(beatOf('b', -2, { instanceId: 'i' }))).toMatchObject({ errorCode: 0, memberEpoch: -2 })
    })
    await session(async (beat) => {
      expect(await beat(beatOf('a', 2))).toMatchObject({ errorCode: 0, assignment: null })
      expect(partitionsOf(await beat(joinOf('b2', { instanceId: 'i' })))).toEqual([2, 3])
    })
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
})
