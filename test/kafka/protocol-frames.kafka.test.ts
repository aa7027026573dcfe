import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { FrameTap } from './frame-tap.ts'
import { KafkaBroker } from './kafka-broker.ts'
import { KafkaRun } from './on-kafka.ts'
import { placesOf } from './operations.ts'
import { writtenAgain } from './protocol-frames.ts'
import { abortingOperations, sampleOperations } from './sample-operations.ts'

/** What Kafka's clients and its broker say to each other. */
describe('the frames of real clients', () => {
  let tap: FrameTap
  let kafka: KafkaBroker

  beforeAll(async () => {
    tap = await FrameTap.listen()
    kafka = await KafkaBroker.start({ 'advertised.listeners': `PLAINTEXT://${tap.address}` })
    tap.leadTo(kafka.bootstrap)
    const run = new KafkaRun(kafka.driver)
    await run.apply([...sampleOperations, ...abortingOperations])
    for (const place of placesOf(sampleOperations))
      for (const isolation of ['read_committed', 'read_uncommitted'] as const)
        await kafka.driver.call('consume', { ...place, isolation })
    const place = placesOf(sampleOperations)[0]!
    await kafka.driver.call('listOffset', { ...place, at: 'max-timestamp' })
    await kafka.driver.call('groupOffsets', { group: 'readers' })
    await kafka.driver.call('describeProducers', place)
    await run.close()
  })

  afterAll(async () => {
    await kafka?.[Symbol.asyncDispose]()
    await tap?.[Symbol.asyncDispose]()
  })

  test('are read, and written again as the same bytes', () => {
    for (const frame of tap.frames) {
      const again = writtenAgain(frame)
      const where = `${frame.name} ${frame.kind} v${frame.version}`
      expect(again.equals(frame.bytes), `${where}: ${Buffer.from(frame.bytes).toString('hex', 0, 200)}`).toBe(true)
    }
    expect(tap.frames.length).toBeGreaterThan(300)
  })

  test('are of many APIs, each answered, and none is unknown', () => {
    const names = (kind: 'request' | 'response'): ReadonlySet<string> =>
      new Set(tap.frames.filter((frame) => frame.kind === kind).map(({ name }) => name))
    expect([...tap.unknown]).toEqual([])
    expect([...names('request')].sort()).toEqual([...names('response')].sort())
    for (const name of expected) expect(names('request')).toContain(name)
  })
})

const expected = [
  'apiVersions',
  'metadata',
  'produce',
  'fetch',
  'listOffsets',
  'findCoordinator',
  'initProducerId',
  'txnOffsetCommit',
  'endTxn',
  'offsetFetch',
  'createTopics',
  'describeProducers',
]
