import { ConfigResourceTypes, FindCoordinatorKeyTypes, IncrementalAlterConfigOperationTypes } from '@platformatic/kafka'
import { expect, test } from 'vitest'
import { withPlatformatic } from './with-platformatic.ts'

test('topics, partitions and their settings', () =>
  withPlatformatic(async ({ admin, log }) => {
    const configs = [{ name: 'retention.ms', value: '7000' }]
    expect(await admin.createTopics({ topics: ['t'], partitions: 2, replicas: 1, configs })).toMatchObject([
      { name: 't', partitions: 2, replicas: 1, configuration: { 'retention.ms': '7000' } },
    ])
    await expect(admin.createTopics({ topics: ['t'] })).rejects.toThrow(/topics failed|CreateTopics/)
    expect(await admin.listTopics()).toEqual(['t'])
    await admin.createPartitions({ topics: [{ name: 't', count: 3, assignments: null }] })
    const resource = { resourceType: ConfigResourceTypes.TOPIC, resourceName: 't' }
    await admin.incrementalAlterConfigs({
      resources: [
        {
          ...resource,
          configs: [{ name: 'retention.ms', configOperation: IncrementalAlterConfigOperationTypes.SET, value: '8000' }],
        },
      ],
    })
    const [described] = await admin.describeConfigs({ resources: [{ ...resource, configurationKeys: ['retention.ms'] }] })
    expect(described!.configs).toMatchObject([{ name: 'retention.ms', value: '8000', isSensitive: false, readOnly: false }])
    expect(await log.admin.describeTopics(['t'])).toMatchObject([{ partitions: 3, config: { 'retention.ms': '8000' } }])
    await admin.deleteTopics({ topics: ['t'] })
    expect(await log.admin.listTopics()).toEqual([])
  }))

test('offsets, records and directories', () =>
  withPlatformatic(async ({ admin, producer, log }) => {
    await log.admin.createTopics([{ topic: 't', partitions: 1 }])
    const at = (n: number): bigint => 1_000n + BigInt(n) * 10n
    await producer().send({ messages: [0, 1, 2].map((n) => ({ topic: 't', value: 'v', timestamp: at(n) })) })
    const offsetAt = async (timestamp: bigint): Promise<unknown> =>
      (await admin.listOffsets({ topics: [{ name: 't', partitions: [{ partitionIndex: 0, timestamp }] }] }))[0]!.partitions[0]!
        .offset
    expect(await Promise.all([-2n, -1n, at(1), at(9)].map(offsetAt))).toEqual([0n, 3n, 1n, -1n])
    expect(await admin.deleteRecords({ topics: [{ name: 't', partitions: [{ partition: 0, offset: 2n }] }] })).toEqual([
      { name: 't', partitions: [{ partition: 0, lowWatermark: 2n }] },
    ])
    expect(await offsetAt(-2n)).toBe(2n)
    const [directory] = await admin.describeLogDirs({ topics: [{ name: 't', partitions: [0] }] })
    expect(directory).toMatchObject({ broker: 1, results: [{ topics: [{ name: 't', partitions: [{ partitionIndex: 0 }] }] }] })
  }))

test('groups and their offsets', () =>
  withPlatformatic(async ({ admin, consumer, log }) => {
    await log.admin.createTopics([{ topic: 't', partitions: 1 }])
    const member = consumer()
    await member.consume({ topics: ['t'], mode: 'latest' })
    expect([...(await admin.listGroups()).values()]).toMatchObject([{ id: 'g', state: 'Stable', groupType: 'classic' }])
    const described = (await admin.describeGroups({ groups: ['g'] })).get('g')!
    expect(described).toMatchObject({ id: 'g', state: 'Stable', protocolType: 'consumer' })
    expect([...described.members.values()]).toMatchObject([{ clientId: 'platformatic', clientHost: '/127.0.0.1' }])
    expect(await admin.findCoordinator({ keyType: FindCoordinatorKeyTypes.GROUP, keys: ['g'] })).toMatchObject([
      { key: 'g', nodeId: 1 },
    ])
    await expect(admin.deleteGroups({ groups: ['g'] })).rejects.toThrow(/groups failed/)
    await admin.removeMembersFromConsumerGroup({ groupId: 'g' })
    await member.close(true)

    await admin.alterConsumerGroupOffsets({
      groupId: 'g',
      topics: [{ name: 't', partitionOffsets: [{ partition: 0, offset: 7n }] }],
    })
    expect(await admin.listConsumerGroupOffsets({ groups: ['g'] })).toMatchObject([
      { groupId: 'g', topics: [{ name: 't', partitions: [{ partitionIndex: 0, committedOffset: 7n }] }] },
    ])
    await admin.deleteConsumerGroupOffsets({ groupId: 'g', topics: [{ name: 't', partitionIndexes: [0] }] })
    expect(await log.admin.groupOffsets('g')).toEqual([])
    await admin.deleteGroups({ groups: ['g'] })
    expect(await log.admin.listGroups()).toEqual([])
  }))
