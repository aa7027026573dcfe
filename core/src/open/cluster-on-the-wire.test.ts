import { expect, test } from 'vitest'
import { apiOf, type ApiName, type RequestDraft } from '../protocol/apis.ts'
import { errorCodes } from '../protocol/error-codes.ts'
import { rangeOf } from '../protocol/versions.ts'
import { onTheWire } from './on-the-wire.fixtures.ts'
import type { WireClient } from './wire-client.fixtures.ts'

const noId = '0'.repeat(32)

test('describes the cluster, to clients of brokers', () =>
  onTheWire(async (client, _log, served) => {
    const { port } = served.places[0]!
    const asked = await client.ask('describeCluster', { includeClusterAuthorizedOperations: true })
    expect(asked).toMatchObject({ errorCode: 0, controllerId: 1, clusterAuthorizedOperations: 8096 })
    expect(asked.brokers).toEqual([{ brokerId: 1, host: '127.0.0.1', port, rack: null, isFenced: false }])
    expect(asked.clusterId).toBe((await client.ask('metadata', { topics: [] })).clusterId)
    for (const [endpointType, code] of [
      [2, errorCodes.MISMATCHED_ENDPOINT_TYPE],
      [3, errorCodes.UNSUPPORTED_ENDPOINT_TYPE],
    ] as const) {
      const refused = await client.ask('describeCluster', { includeClusterAuthorizedOperations: false, endpointType })
      expect(refused).toMatchObject({ errorCode: code, brokers: [] })
    }
  }))

test('describes topics by their ids, whatever their name is said to be', () =>
  onTheWire(async (client, log) => {
    await log.admin.createTopics([{ topic: 't', partitions: 2 }])
    const [named] = (await client.ask('metadata', { topics: [{ name: 't', topicId: noId }] })).topics
    for (const name of [null, '', 'other']) {
      const [found] = (await client.ask('metadata', { topics: [{ name, topicId: named!.topicId }] })).topics
      expect(found).toEqual(named)
    }
    const unknown = 'f'.repeat(32)
    expect((await client.ask('metadata', { topics: [{ name: '', topicId: unknown }] })).topics).toMatchObject([
      { errorCode: errorCodes.UNKNOWN_TOPIC_ID, name: null, topicId: unknown, partitions: [] },
    ])
    const nothing = await client.ask('metadata', { topics: [{ name: null, topicId: noId }] })
    expect(nothing.topics).toMatchObject([{ errorCode: errorCodes.UNKNOWN_TOPIC_ID }])
  }))

test('tells how much of the disk partitions take', () =>
  onTheWire(async (client, log) => {
    await log.admin.createTopics([{ topic: 't', partitions: 2 }])
    const producer = await log.producer()
    const batch = producer.batch('t', 1)
    batch.append(null, 'x'.repeat(10_000), 1_000)
    await producer.send(batch)
    await producer.close()
    const asked = {
      topics: [
        { topic: 't', partitions: [0, 1, 2, 1] },
        { topic: 'absent', partitions: [0] },
      ],
    }
    const { results } = await client.ask('describeLogDirs', asked, 2)
    const [first, second] = results[0]!.topics[0]!.partitions
    expect(results[0]!.topics).toHaveLength(1)
    expect(results[0]!.topics[0]!.partitions).toHaveLength(2)
    expect(first).toMatchObject({ partitionIndex: 0, partitionSize: 0, offsetLag: 0, isFutureKey: false })
    expect(second!.partitionSize).toBeGreaterThan(10_000)
    expect(second!.partitionSize).toBeLessThan(10_200)
    const all = await client.ask('describeLogDirs', { topics: null })
    expect(all.results[0]!.topics.map(({ name }) => name)).toContain('__consumer_offsets')
    const path = all.results[0]!.logDir
    const move = (to: string): RequestDraft<'alterReplicaLogDirs'>['dirs'][number] => ({
      path: to,
      topics: [{ name: 't', partitions: [0, 9] }],
    })
    const moved = await client.ask('alterReplicaLogDirs', { dirs: [move(path), move('/elsewhere')] })
    expect(moved.results.flatMap(({ partitions }) => partitions.map(({ errorCode }) => errorCode))).toEqual([
      errorCodes.NONE,
      errorCodes.UNKNOWN_TOPIC_OR_PARTITION,
      errorCodes.LOG_DIR_NOT_FOUND,
      errorCodes.LOG_DIR_NOT_FOUND,
    ])
  }))

test('moves no partition and elects no leader', () =>
  onTheWire(async (client, log) => {
    await log.admin.createTopics([{ topic: 't', partitions: 1 }])
    const partitions = [[1], [2], [1, 2], null].map((replicas) => ({ partitionIndex: 0, replicas }))
    const topics = [{ name: 't', partitions: [...partitions, { partitionIndex: 4, replicas: [1] }] }]
    const moved = await client.ask('alterPartitionReassignments', { topics })
    expect(moved.responses[0]!.partitions.map(({ errorCode }) => errorCode)).toEqual([
      errorCodes.NONE,
      errorCodes.INVALID_REPLICA_ASSIGNMENT,
      errorCodes.INVALID_REPLICA_ASSIGNMENT,
      errorCodes.NO_REASSIGNMENT_IN_PROGRESS,
      errorCodes.UNKNOWN_TOPIC_OR_PARTITION,
    ])
    expect(await client.ask('listPartitionReassignments', { topics: null })).toMatchObject({ errorCode: 0, topics: [] })
    const topicPartitions = [{ topic: 't', partitions: [0, 1] }]
    const elected = await client.ask('electLeaders', { electionType: 0, topicPartitions })
    expect(elected.replicaElectionResults[0]!.partitionResult.map(({ errorCode }) => errorCode)).toEqual([
      errorCodes.ELECTION_NOT_NEEDED,
      errorCodes.UNKNOWN_TOPIC_OR_PARTITION,
    ])
    expect(await client.ask('electLeaders', { topicPartitions: null }, 0)).toMatchObject({ replicaElectionResults: [] })
    const unknown = await client.ask('electLeaders', { electionType: 7, topicPartitions: null })
    expect(unknown.errorCode).toBe(errorCodes.INVALID_REQUEST)
  }))

test('a quorum of one, and features that stay', () =>
  onTheWire(async (client) => {
    const ask = [
      { topicName: '__cluster_metadata', partitions: [{ partitionIndex: 0 }, { partitionIndex: 1 }] },
      { topicName: 't', partitions: [{ partitionIndex: 0 }] },
    ]
    for (const version of [0, 2]) {
      const { errorCode, topics } = await client.ask('describeQuorum', { topics: ask }, version)
      expect(errorCode).toBe(0)
      expect(topics[0]!.partitions[0]).toMatchObject({
        errorCode: 0,
        leaderId: 1,
        currentVoters: [{ replicaId: 1 }],
        observers: [],
      })
      expect(topics[0]!.partitions[1]).toMatchObject({ errorCode: errorCodes.UNKNOWN_TOPIC_OR_PARTITION })
      expect(topics[1]!.partitions[0]).toMatchObject({ errorCode: errorCodes.UNKNOWN_TOPIC_OR_PARTITION })
    }
    const update = (feature: string, maxVersionLevel: number): Promise<number> =>
      client.ask('updateFeatures', { featureUpdates: [{ feature, maxVersionLevel }] }).then(({ errorCode }) => errorCode)
    expect(await update('transaction.version', 2)).toBe(errorCodes.NONE)
    expect(await update('transaction.version', 1)).toBe(errorCodes.INVALID_UPDATE_VERSION)
    expect(await update('nonsense', 1)).toBe(errorCodes.INVALID_UPDATE_VERSION)
  }))

test('without an authorizer there are no access rules; quotas and credentials there are', () =>
  onTheWire(async (client) => {
    const any = { resourceNameFilter: null, principalFilter: null, hostFilter: null, operation: 1, permissionType: 1 }
    const filter = { ...any, resourceTypeFilter: 1, patternTypeFilter: 1 }
    expect(await client.ask('describeAcls', filter)).toMatchObject({ errorCode: errorCodes.SECURITY_DISABLED, resources: [] })
    const rule = { resourceType: 2, resourceName: 't', principal: 'User:a', host: '*', operation: 3, permissionType: 3 }
    const created = await client.ask('createAcls', { creations: [rule, rule] }, 1)
    expect(created.results.map(({ errorCode }) => errorCode)).toEqual([
      errorCodes.SECURITY_DISABLED,
      errorCodes.SECURITY_DISABLED,
    ])
    const deleted = await client.ask('deleteAcls', { filters: [filter] })
    expect(deleted.filterResults).toMatchObject([{ errorCode: errorCodes.SECURITY_DISABLED, matchingAcls: [] }])
    const component = { entityType: 'user', matchType: 2, match: null }
    const quotas = await client.ask('describeClientQuotas', { components: [component], strict: false })
    expect(quotas).toMatchObject({ errorCode: 0, entries: [] })
    const odd = { ...component, entityType: 'odd' }
    const refused = await client.ask('describeClientQuotas', { components: [odd], strict: false })
    expect(refused).toMatchObject({ errorCode: errorCodes.UNSUPPORTED_VERSION, entries: null })
    const twice = await client.ask('describeClientQuotas', { components: [component, component], strict: false }, 0)
    expect(twice).toMatchObject({ errorCode: errorCodes.INVALID_REQUEST, entries: null })
    const entity = [{ entityType: 'user', entityName: null }]
    const ops = [{ key: 'producer_byte_rate', value: 5, remove: false }]
    const altered = await client.ask('alterClientQuotas', { entries: [{ entity, ops }], validateOnly: false })
    expect(altered.entries).toMatchObject([{ errorCode: 0, entity }])
    const all = await client.ask('describeUserScramCredentials', { users: null })
    expect(all).toMatchObject({ errorCode: 0, results: [] })
    const users = ['a', 'b', 'b'].map((name) => ({ name }))
    const some = await client.ask('describeUserScramCredentials', { users })
    expect(some.results.map(({ user, errorCode }) => [user, errorCode])).toEqual([
      ['a', errorCodes.RESOURCE_NOT_FOUND],
      ['b', errorCodes.DUPLICATE_RESOURCE],
    ])
  }))

test('serves every version that it says', () =>
  onTheWire(async (client, log) => {
    await log.admin.createTopics([{ topic: 't', partitions: 1 }])
    await each(client, 'metadata', () => ({ topics: [{ name: 't', topicId: noId }] }))
    await each(client, 'createTopics', (version) => ({
      topics: [{ name: `new-${version}`, numPartitions: -1, replicationFactor: -1, assignments: [], configs: [] }],
    }))
    await each(client, 'deleteTopics', (version) =>
      version < 6
        ? { topicNames: [`new-${version + 1}`], timeoutMs: 1 }
        : { topics: [{ name: 'new-7', topicId: noId }], timeoutMs: 1 },
    )
    await each(client, 'deleteRecords', () => ({
      topics: [{ name: 't', partitions: [{ partitionIndex: 0, offset: -1 }] }],
      timeoutMs: 1,
    }))
    await each(client, 'createPartitions', (version) => ({
      topics: [{ name: 't', count: version + 2, assignments: null }],
      timeoutMs: 1,
      validateOnly: false,
    }))
    await each(client, 'describeConfigs', () => ({
      resources: [{ resourceType: 2, resourceName: 't', configurationKeys: null }],
      includeSynonyms: true,
    }))
    await each(client, 'alterConfigs', () => ({
      resources: [{ resourceType: 2, resourceName: 't', configs: [] }],
      validateOnly: true,
    }))
    await each(client, 'incrementalAlterConfigs', () => ({
      resources: [{ resourceType: 2, resourceName: 't', configs: [] }],
      validateOnly: true,
    }))
    await each(client, 'describeCluster', () => ({ includeClusterAuthorizedOperations: true }))
    await each(client, 'describeLogDirs', () => ({ topics: null }))
    await each(client, 'describeTopicPartitions', () => ({ topics: [{ name: 't' }] }))
    await each(client, 'alterPartitionReassignments', () => ({ topics: [] }))
    await each(client, 'listPartitionReassignments', () => ({}))
    await each(client, 'electLeaders', () => ({ topicPartitions: null }))
    await each(client, 'updateFeatures', () => ({ featureUpdates: [] }))
    await each(client, 'describeQuorum', () => ({ topics: [] }))
    await each(client, 'listConfigResources', () => ({}))
    await each(client, 'alterReplicaLogDirs', () => ({ dirs: [] }))
  }))

/** Nothing in any answer may say that something failed. */
async function each<Name extends ApiName>(client: WireClient, name: Name, request: (version: number) => RequestDraft<Name>) {
  const { min, max } = rangeOf(apiOf(name).versions)
  for (let version = min; version <= max; version++) {
    const answer = JSON.stringify(await client.ask(name, request(version), version))
    expect(answer.match(/"errorCode":(?!0[,}])-?\d+/), `${name} ${version}: ${answer}`).toBeNull()
  }
}
