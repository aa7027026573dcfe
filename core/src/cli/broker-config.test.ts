import { expect, test } from 'vitest'
import { brokerConfig } from './broker-config.ts'
import { listenersOf } from './listeners.ts'
import { UsageError } from './usage-error.ts'

test("Kafka's own server.properties is taken", () => {
  const config = brokerConfig(`
# The role of this server.
process.roles=broker,controller
node.id=1
listeners=PLAINTEXT://127.0.0.1:9092,CONTROLLER://:9093
advertised.listeners=PLAINTEXT://localhost:19092,CONTROLLER://localhost:9093
controller.listener.names=CONTROLLER
num.network.threads=3
log.dirs=/somewhere
num.partitions=4
log.retention.hours = 168
log.retention.check.interval.ms: 1000
log.segment.bytes \\
   1073741824
offsets.retention.minutes=2
`)
  expect(config).toMatchObject({
    durability: 'sync',
    autoCreate: true,
    partitions: 4,
    topicConfig: { 'retention.ms': '604800000', 'segment.bytes': '1073741824' },
    maintenance: { retentionIntervalMs: 1000, offsetsRetentionMs: 120_000 },
  })
  const place = { host: '127.0.0.1', port: 9092, advertised: { host: 'localhost', port: 19092 } }
  expect(listenersOf([], config)).toEqual([{ name: 'PLAINTEXT', protocol: 'PLAINTEXT', place }])
  const six = { host: '::1', port: 0 }
  expect(listenersOf(['[::1]:0'], config)).toEqual([{ name: 'PLAINTEXT', protocol: 'PLAINTEXT', place: six }])
  expect(listenersOf(['SASL_SSL://[::1]:0'], config)).toEqual([{ name: 'SASL_SSL', protocol: 'SASL_SSL', place: six }])
})

test('milliseconds go before hours, and Kafka’s flushing is left to the system', () => {
  const { topicConfig, durability, autoCreate } = brokerConfig(
    'log.retention.ms=5\nlog.retention.hours=1\nlog.flush.interval.messages=9223372036854775807\nauto.create.topics.enable=false',
  )
  expect({ topicConfig, durability, autoCreate }).toEqual({
    topicConfig: { 'retention.ms': '5' },
    durability: 'os',
    autoCreate: false,
  })
})

test("Kafka's authorizer is named, and no other class is ever loaded", () => {
  const name = 'org.apache.kafka.metadata.authorizer.StandardAuthorizer'
  const text = `authorizer.class.name=${name}\nsuper.users=User:admin; User:CN=ops,O=we ;\nallow.everyone.if.no.acl.found=true`
  expect(brokerConfig(text)).toMatchObject({
    authorizer: true,
    superUsers: ['User:admin', 'User:CN=ops,O=we'],
    allowIfNoRule: true,
  })
  expect(brokerConfig('authorizer.class.name=millrace')).toMatchObject({ authorizer: true, superUsers: [], allowIfNoRule: false })
  expect(brokerConfig('authorizer.class.name=')).toMatchObject({ authorizer: false })
  for (const wrong of ['authorizer.class.name=./mine.js', 'super.users=admin', 'allow.everyone.if.no.acl.found=yes'])
    expect(() => brokerConfig(wrong)).toThrow(UsageError)
})
