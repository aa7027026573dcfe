import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  AclOperationTypes,
  AclPermissionTypes,
  AclResourceTypes,
  ConfigResourceTypes,
  Kafka,
  logLevel,
  ResourcePatternTypes,
  type Admin,
} from 'kafkajs'
import { expect, test } from 'vitest'
import { embeddedLog, serveLog, type AuthorizationOptions, type LogClient } from '@millrace/core'

/** A log on the wire, and the administrator of kafkajs connected to it. */
async function withAdmin(
  work: (admin: Admin, log: LogClient, port: number) => Promise<void>,
  authorization: AuthorizationOptions | null = null,
): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), 'millrace-kafkajs-'))
  try {
    await using log = await embeddedLog({ dir, durability: 'os' })
    await using served = await serveLog(log, { listeners: [{ port: 0 }], authorization })
    const { host, port } = served.places[0]!
    const admin = new Kafka({ brokers: [`${host}:${port}`], logLevel: logLevel.NOTHING, retry: { retries: 0 } }).admin()
    await admin.connect()
    try {
      await work(admin, log, port)
    } finally {
      await admin.disconnect()
    }
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}

async function produce(log: LogClient, topic: string, values: Readonly<Record<number, string>>): Promise<void> {
  await using producer = await log.producer()
  for (const [timestamp, value] of Object.entries(values)) {
    const batch = producer.batch(topic, 0)
    batch.append(null, value, Number(timestamp))
    await producer.send(batch)
  }
}

test('makes and deletes topics', () =>
  withAdmin(async (admin, log) => {
    const configEntries = [{ name: 'cleanup.policy', value: 'compact' }]
    const topics = [{ topic: 'usual' }, { topic: 'set', numPartitions: 3, replicationFactor: 3, configEntries }]
    expect(await admin.createTopics({ topics })).toBe(true)
    expect(await admin.createTopics({ topics })).toBe(false)
    expect((await admin.listTopics()).filter((topic) => !topic.startsWith('__'))).toEqual(['set', 'usual'])
    expect(await log.admin.describeTopics(['set'])).toMatchObject([{ partitions: 3, config: { 'cleanup.policy': 'compact' } }])
    const { topics: described } = await admin.fetchTopicMetadata({ topics: ['set'] })
    expect(described[0]!.partitions[0]).toMatchObject({ leader: 1, replicas: [1, 2, 3], isr: [1, 2, 3], offlineReplicas: [] })
    expect(await admin.createTopics({ validateOnly: true, waitForLeaders: false, topics: [{ topic: 'only-checked' }] })).toBe(
      true,
    )
    const bad = [{ topic: 'bad', configEntries: [{ name: 'nonsense', value: '1' }] }]
    await expect(admin.createTopics({ topics: bad })).rejects.toThrow(/creation errors/)
    await admin.deleteTopics({ topics: ['set', 'usual'] })
    expect((await admin.listTopics()).filter((topic) => !topic.startsWith('__'))).toEqual([])
    await expect(admin.deleteTopics({ topics: ['absent'] })).rejects.toThrow(/does not host/)
    await expect(admin.fetchTopicMetadata({ topics: ['absent'] })).rejects.toThrow(/does not host/)
  }))

test('gives topics more partitions', () =>
  withAdmin(async (admin, log) => {
    await log.admin.createTopics([{ topic: 't', partitions: 1 }])
    await admin.createPartitions({ topicPartitions: [{ topic: 't', count: 4 }] })
    expect((await admin.fetchTopicOffsets('t')).map(({ partition }) => partition).toSorted((a, b) => a - b)).toEqual([0, 1, 2, 3])
    await expect(admin.createPartitions({ topicPartitions: [{ topic: 't', count: 2 }] })).rejects.toMatchObject({
      type: 'INVALID_PARTITIONS',
    })
  }))

test('reads and replaces settings', () =>
  withAdmin(async (admin, log) => {
    await log.admin.createTopics([{ topic: 't', partitions: 1, config: { 'segment.bytes': '2000000' } }])
    const type = ConfigResourceTypes.TOPIC
    const described = async (configNames?: string[]) => {
      const resources = [{ type, name: 't', ...(configNames === undefined ? {} : { configNames }) }]
      const answer = await admin.describeConfigs({ includeSynonyms: true, resources })
      return answer.resources[0]!.configEntries
    }
    expect(await described()).toHaveLength((await log.admin.describeTopicConfig('t')).length)
    expect(await described(['segment.bytes'])).toMatchObject([
      { configName: 'segment.bytes', configValue: '2000000', isDefault: false, readOnly: false },
    ])
    const configEntries = [{ name: 'retention.ms', value: '1000' }]
    await admin.alterConfigs({ validateOnly: false, resources: [{ type, name: 't', configEntries }] })
    expect((await log.admin.describeTopics(['t']))[0]!.config).toEqual({ 'retention.ms': '1000' })
    const wrong = [{ type, name: 't', configEntries: [{ name: 'retention.ms', value: 'long' }] }]
    await expect(admin.alterConfigs({ validateOnly: true, resources: wrong })).rejects.toMatchObject({ type: 'INVALID_CONFIG' })
    const ofBroker = await admin.describeConfigs({
      includeSynonyms: false,
      resources: [{ type: ConfigResourceTypes.BROKER, name: '1' }],
    })
    const { configEntries: settings } = ofBroker.resources[0]!
    expect(settings.find(({ configName }) => configName === 'delete.topic.enable')).toMatchObject({ configValue: 'true' })
  }))

test('finds offsets by time, and deletes records', () =>
  withAdmin(async (admin, log) => {
    await log.admin.createTopics([{ topic: 't', partitions: 1 }])
    await produce(log, 't', { 1000: 'a', 2000: 'b', 3000: 'c' })
    expect(await admin.fetchTopicOffsets('t')).toEqual([{ partition: 0, offset: '3', high: '3', low: '0' }])
    expect(await admin.fetchTopicOffsetsByTimestamp('t', 1500)).toEqual([{ partition: 0, offset: '1' }])
    expect(await admin.fetchTopicOffsetsByTimestamp('t', 9000)).toEqual([{ partition: 0, offset: '3' }])
    await admin.deleteTopicRecords({ topic: 't', partitions: [{ partition: 0, offset: '2' }] })
    expect(await admin.fetchTopicOffsets('t')).toEqual([{ partition: 0, offset: '3', high: '3', low: '2' }])
    await admin.deleteTopicRecords({ topic: 't', partitions: [{ partition: 0, offset: '-1' }] })
    expect(await admin.fetchTopicOffsets('t')).toEqual([{ partition: 0, offset: '3', high: '3', low: '3' }])
    const beyond = admin.deleteTopicRecords({ topic: 't', partitions: [{ partition: 0, offset: '9' }] })
    await expect(beyond).rejects.toThrow(/deleting records/)
  }))

test('describes the cluster, and hears that there are no access rules and nothing moves', () =>
  withAdmin(async (admin, log, port) => {
    await log.admin.createTopics([{ topic: 't', partitions: 1 }])
    const cluster = await admin.describeCluster()
    expect(cluster).toMatchObject({ controller: 1, brokers: [{ nodeId: 1, host: '127.0.0.1', port }] })
    expect(cluster.clusterId).toMatch(/^[\w-]{22}$/)
    const rule = {
      resourceType: AclResourceTypes.TOPIC,
      resourceName: 't',
      resourcePatternType: ResourcePatternTypes.LITERAL,
      principal: 'User:a',
      host: '*',
      operation: AclOperationTypes.ALL,
      permissionType: AclPermissionTypes.ALLOW,
    }
    const disabled = { type: 'SECURITY_DISABLED' }
    await expect(admin.describeAcls({ ...rule, resourcePatternType: ResourcePatternTypes.ANY })).rejects.toMatchObject(disabled)
    await expect(admin.createAcls({ acl: [rule] })).rejects.toMatchObject(disabled)
    await expect(admin.deleteAcls({ filters: [rule] })).rejects.toMatchObject(disabled)
    expect(await admin.listPartitionReassignments({})).toEqual({ topics: [] })
    const topics = [{ topic: 't', partitionAssignment: [{ partition: 0, replicas: [1] }] }]
    await admin.alterPartitionReassignments({ topics })
  }))

test('makes, finds and removes access rules, and is held to them', () =>
  withAdmin(
    async (admin, log) => {
      await log.admin.createTopics([{ topic: 't', partitions: 1 }])
      const rule = {
        resourceType: AclResourceTypes.TOPIC,
        resourceName: 't',
        resourcePatternType: ResourcePatternTypes.LITERAL,
        principal: 'User:ANONYMOUS',
        host: '*',
        operation: AclOperationTypes.DELETE,
        permissionType: AclPermissionTypes.DENY,
      }
      expect(await admin.createAcls({ acl: [rule] })).toBe(true)
      const { resources } = await admin.describeAcls({ ...rule, resourcePatternType: ResourcePatternTypes.MATCH })
      expect(resources).toMatchObject([{ resourceName: 't', acls: [{ principal: 'User:ANONYMOUS', host: '*' }] }])
      await log.admin.addAccessRules([
        {
          resourceType: 'cluster',
          resourceName: 'kafka-cluster',
          patternType: 'literal',
          principal: 'User:ANONYMOUS',
          host: '*',
          operation: 'alter',
          permission: 'allow',
        },
      ])
      await expect(admin.deleteTopics({ topics: ['t'] })).rejects.toMatchObject({ type: 'TOPIC_AUTHORIZATION_FAILED' })
      const { filterResponses } = await admin.deleteAcls({ filters: [rule] })
      expect(filterResponses).toMatchObject([{ errorCode: 0, matchingAcls: [{ resourceName: 't' }] }])
      await admin.deleteTopics({ topics: ['t'] })
      expect(await log.admin.listTopics()).toEqual([])
    },
    { allowIfNoRule: true },
  ))
