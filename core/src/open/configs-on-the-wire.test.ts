import { expect, test } from 'vitest'
import type { RequestDraft, ResponseOf } from '../protocol/apis.ts'
import { errorCodes } from '../protocol/error-codes.ts'
import { onTheWire } from './on-the-wire.fixtures.ts'
import type { WireClient } from './wire-client.fixtures.ts'

const topic = 2
const broker = 4

type Described = ResponseOf<'describeConfigs'>['results'][number]
type Change = RequestDraft<'incrementalAlterConfigs'>['resources'][number]['configs'][number]

async function described(client: WireClient, resourceType: number, resourceName: string): Promise<Described> {
  const resources = [{ resourceType, resourceName, configurationKeys: null }]
  const { results } = await client.ask('describeConfigs', { resources, includeSynonyms: true, includeDocumentation: true })
  return results[0]!
}

async function changed(client: WireClient, ...configs: readonly Change[]): Promise<number> {
  const resources = [{ resourceType: topic, resourceName: 't', configs }]
  const { responses } = await client.ask('incrementalAlterConfigs', { resources, validateOnly: false })
  return responses[0]!.errorCode
}

const set = (name: string, value: string | null): Change => ({ name, configOperation: 0, value })
const reset = (name: string): Change => ({ name, configOperation: 1, value: null })
const append = (name: string, value: string): Change => ({ name, configOperation: 2, value })
const subtract = (name: string, value: string): Change => ({ name, configOperation: 3, value })

test('tells every setting of a topic, with where it comes from', () =>
  onTheWire(async (client, log) => {
    await log.admin.createTopics([{ topic: 't', partitions: 1, config: { 'retention.ms': '5' } }])
    const { errorCode, configs } = await described(client, topic, 't')
    expect(errorCode).toBe(errorCodes.NONE)
    expect(configs.map(({ name }) => name)).toEqual((await log.admin.describeTopicConfig('t')).map(({ name }) => name))
    expect(
      configs.every(({ readOnly, documentation, configType }) => !readOnly && documentation !== null && configType > 0),
    ).toBe(true)
    expect(configs.find(({ name }) => name === 'retention.ms')).toMatchObject({
      value: '5',
      configSource: 1,
      configType: 5,
      synonyms: [
        { name: 'retention.ms', value: '5', source: 1 },
        { name: 'log.retention.ms', value: '604800000', source: 5 },
      ],
    })
    expect(configs.find(({ name }) => name === 'cleanup.policy')).toMatchObject({
      value: 'delete',
      configSource: 5,
      configType: 7,
      synonyms: [{ name: 'log.cleanup.policy', value: 'delete', source: 5 }],
    })
  }))

test('tells only what is asked for, and refuses what is not there', () =>
  onTheWire(async (client, log) => {
    await log.admin.createTopics([{ topic: 't', partitions: 1 }])
    const of = (resourceType: number, resourceName: string, keys: readonly string[] | null = null) => ({
      resourceType,
      resourceName,
      configurationKeys: keys,
    })
    const resources = [
      of(topic, 't', ['retention.ms', 'nonsense']),
      of(topic, 't', []),
      of(topic, 'absent'),
      of(topic, 'a b'),
      of(broker, '7'),
      of(broker, 'x'),
      of(broker, ''),
      of(8, '1'),
      of(32, 'group'),
      of(32, ''),
      of(3, 't'),
    ]
    const { results } = await client.ask('describeConfigs', { resources }, 1)
    expect(results.map(({ errorCode, configs }) => [errorCode, configs.length])).toEqual([
      [0, 1],
      [0, 27],
      [errorCodes.UNKNOWN_TOPIC_OR_PARTITION, 0],
      [errorCodes.INVALID_TOPIC_EXCEPTION, 0],
      [errorCodes.INVALID_REQUEST, 0],
      [errorCodes.INVALID_REQUEST, 0],
      [0, 0],
      [0, 0],
      [0, 2],
      [errorCodes.INVALID_REQUEST, 0],
      [errorCodes.INVALID_REQUEST, 0],
    ])
    expect(results[0]!.configs[0]).toMatchObject({ name: 'retention.ms', synonyms: [] })
  }))

test('tells the settings of the broker, to be read only', () =>
  onTheWire(async (client) => {
    const { configs } = await described(client, broker, '1')
    const names = configs.map(({ name }) => name)
    expect(names).toEqual([...new Set(names)].sort())
    expect(configs.every(({ readOnly }) => readOnly)).toBe(true)
    expect(Object.fromEntries(configs.map(({ name, value }) => [name, value]))).toMatchObject({
      'delete.topic.enable': 'true',
      'inter.broker.protocol.version': '4.2',
      'node.id': '1',
      'auto.create.topics.enable': 'false',
      'num.partitions': '1',
      'offsets.topic.num.partitions': '50',
      'log.retention.ms': '604800000',
      'message.max.bytes': '1048588',
    })
    const resources = [{ resourceType: broker, resourceName: '1', configs: [set('num.partitions', '3')] }]
    const { responses } = await client.ask('incrementalAlterConfigs', { resources, validateOnly: false })
    expect(responses[0]).toMatchObject({ errorCode: errorCodes.INVALID_REQUEST })
  }))

test('changes single settings, and appends to lists', () =>
  onTheWire(async (client, log) => {
    await log.admin.createTopics([{ topic: 't', partitions: 1 }])
    const config = async (): Promise<unknown> => (await log.admin.describeTopics(['t']))[0]!.config
    expect(await changed(client, set('retention.ms', '5'), set('segment.bytes', '2000000'))).toBe(0)
    expect(await config()).toEqual({ 'retention.ms': '5', 'segment.bytes': '2000000' })
    expect(await changed(client, append('cleanup.policy', 'compact'), reset('segment.bytes'))).toBe(0)
    expect(await config()).toEqual({ 'retention.ms': '5', 'cleanup.policy': 'delete,compact' })
    expect(await changed(client, append('cleanup.policy', 'compact'))).toBe(0)
    expect(await changed(client, subtract('cleanup.policy', 'delete'))).toBe(0)
    expect(await config()).toEqual({ 'retention.ms': '5', 'cleanup.policy': 'compact' })
    for (const [code, ...changes] of [
      [errorCodes.INVALID_CONFIG, append('retention.ms', '7')],
      [errorCodes.INVALID_CONFIG, set('no.such', '7')],
      [errorCodes.INVALID_CONFIG, reset('retention.ms'), set('retention.bytes', 'much')],
      [errorCodes.INVALID_REQUEST, set('retention.ms', null)],
      [errorCodes.INVALID_REQUEST, set('retention.ms', '1'), set('retention.ms', '2')],
      [errorCodes.INVALID_REQUEST, { name: 'retention.ms', configOperation: 9, value: '1' }],
    ] as const)
      expect(await changed(client, ...changes)).toBe(code)
    expect(await config()).toEqual({ 'retention.ms': '5', 'cleanup.policy': 'compact' })
  }))

test('replaces all settings, or only says whether it could', () =>
  onTheWire(async (client, log) => {
    await log.admin.createTopics([{ topic: 't', partitions: 1, config: { 'retention.ms': '5' } }])
    const config = async (): Promise<unknown> => (await log.admin.describeTopics(['t']))[0]!.config
    const replace = async (value: string | null, validateOnly: boolean, version: number): Promise<number> => {
      const resources = [{ resourceType: topic, resourceName: 't', configs: [{ name: 'segment.bytes', value }] }]
      const { responses } = await client.ask('alterConfigs', { resources, validateOnly }, version)
      return responses[0]!.errorCode
    }
    expect(await replace('2000000', true, 0)).toBe(0)
    expect(await replace('few', true, 0)).toBe(errorCodes.INVALID_CONFIG)
    expect(await replace(null, false, 2)).toBe(errorCodes.INVALID_REQUEST)
    expect(await config()).toEqual({ 'retention.ms': '5' })
    expect(await replace('2000000', false, 2)).toBe(0)
    expect(await config()).toEqual({ 'segment.bytes': '2000000' })
    const checked = await client.ask('incrementalAlterConfigs', {
      resources: [
        { resourceType: topic, resourceName: 't', configs: [set('retention.ms', '1')] },
        { resourceType: topic, resourceName: 'absent', configs: [] },
        { resourceType: topic, resourceName: 'twice', configs: [] },
        { resourceType: topic, resourceName: 'twice', configs: [] },
        { resourceType: 99, resourceName: 't', configs: [] },
        { resourceType: topic, resourceName: '__consumer_offsets', configs: [] },
      ],
      validateOnly: true,
    })
    expect(checked.responses.map(({ errorCode }) => errorCode)).toEqual([
      errorCodes.NONE,
      errorCodes.UNKNOWN_TOPIC_OR_PARTITION,
      errorCodes.INVALID_REQUEST,
      errorCodes.INVALID_REQUEST,
      errorCodes.INVALID_REQUEST,
      errorCodes.INVALID_TOPIC_EXCEPTION,
    ])
    expect(await config()).toEqual({ 'segment.bytes': '2000000' })
  }))

test('lists what has settings', () =>
  onTheWire(async (client, log) => {
    await log.admin.createTopics([{ topic: 't', partitions: 1 }])
    const all = await client.ask('listConfigResources', { resourceTypes: [] })
    expect(all.configResources).toContainEqual({ resourceName: 't', resourceType: topic })
    expect(all.configResources).toContainEqual({ resourceName: '1', resourceType: broker })
    const some = await client.ask('listConfigResources', { resourceTypes: [16, 32] })
    expect(some).toMatchObject({ errorCode: 0, configResources: [] })
    expect(await client.ask('listConfigResources', {}, 0)).toMatchObject({ errorCode: 0, configResources: [] })
    const unknown = await client.ask('listConfigResources', { resourceTypes: [5] })
    expect(unknown.errorCode).toBe(errorCodes.UNSUPPORTED_VERSION)
  }))
