import { createPrivateKey, generateKeyPairSync, sign, type KeyObject } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Kafka, logLevel, type KafkaConfig, type SASLOptions } from 'kafkajs'
import { expect, test } from 'vitest'
import { embeddedLog, scramUsers, serveLog, type ListenerOptions, type SaslOptions } from '@millrace/core'

const pem = (name: string): string =>
  readFileSync(new URL(`../../../../core/src/platform/testdata/${name}`, import.meta.url), 'utf8')

const authorities = pem('authority.pem')
const tls = { certificate: pem('server.pem'), key: pem('server.key'), clients: 'none' } as const
const ssl = { ca: [authorities] }

/** A log that is served by one listener, whose SCRAM user is alice, and kafkajs as whoever it is to be. */
async function withListener(
  listener: ListenerOptions,
  work: (kafkaAs: (config: Partial<KafkaConfig>) => Kafka) => Promise<void>,
): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), 'millrace-kafkajs-'))
  try {
    await using log = await embeddedLog({ dir, durability: 'os' })
    for (const mechanism of ['SCRAM-SHA-256', 'SCRAM-SHA-512'] as const)
      await scramUsers(log).set('alice', { mechanism, password: 'wonder, land=' })
    await log.admin.createTopics([{ topic: 't', partitions: 1 }])
    await using served = await serveLog(log, { listeners: [{ ...listener, port: 0 }], limits: { failedDelayMs: 1 } })
    const { host, port } = served.places[0]!
    await work(
      (config) => new Kafka({ brokers: [`${host}:${port}`], logLevel: logLevel.NOTHING, retry: { retries: 0 }, ...config }),
    )
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}

async function producesAndConsumes(kafka: Kafka): Promise<void> {
  const producer = kafka.producer()
  await producer.connect()
  await producer.send({ topic: 't', messages: [{ value: 'x' }] })
  await producer.disconnect()
  const consumer = kafka.consumer({ groupId: 'g' })
  await consumer.connect()
  await consumer.subscribe({ topic: 't', fromBeginning: true })
  await new Promise<void>((resolve) => void consumer.run({ eachMessage: async () => resolve() }))
  await consumer.disconnect()
}

async function isRefused(kafka: Kafka, reason: RegExp): Promise<void> {
  const admin = kafka.admin()
  await expect(admin.connect()).rejects.toThrow(reason)
  await admin.disconnect()
}

/** A key set, and tokens that are signed with its key. */
function issuer(): { readonly keys: string; readonly token: (claims: object) => string } {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' })
  const keys = JSON.stringify({ keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'one' }] })
  return { keys, token: (claims) => tokenOf(privateKey, claims) }
}

function tokenOf(key: KeyObject, claims: object): string {
  const parts = [{ alg: 'ES256', kid: 'one' }, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
  const signature = sign('sha256', Buffer.from(parts.join('.')), { key, dsaEncoding: 'ieee-p1363' })
  return [...parts, signature.toString('base64url')].join('.')
}

const { keys, token } = issuer()
const claims = { iss: 'https://issuer', aud: 'millrace', sub: 'alice', exp: 4_000_000_000 }
const oauthBearer = { keys, issuer: 'https://issuer', audience: 'millrace' }
const all: SaslOptions = { plain: { alice: 'wonder, land=' }, scram: ['SCRAM-SHA-256', 'SCRAM-SHA-512'], oauthBearer }

const alice = { username: 'alice', password: 'wonder, land=' }
const good: readonly SASLOptions[] = [
  { mechanism: 'plain', ...alice },
  { mechanism: 'scram-sha-256', ...alice },
  { mechanism: 'scram-sha-512', ...alice },
  { mechanism: 'oauthbearer', oauthBearerProvider: async () => ({ value: token(claims) }) },
]

test.each(good.map((sasl) => [sasl.mechanism, sasl] as const))('kafkajs with %s over TLS', (_, sasl) =>
  withListener({ tls, sasl: all }, (kafkaAs) => producesAndConsumes(kafkaAs({ ssl, sasl }))),
)

const bad: readonly SASLOptions[] = [
  { mechanism: 'plain', username: 'alice', password: 'else' },
  { mechanism: 'scram-sha-256', username: 'alice', password: 'else' },
  { mechanism: 'scram-sha-512', username: 'nobody', password: 'else' },
  { mechanism: 'oauthbearer', oauthBearerProvider: async () => ({ value: token({ ...claims, exp: 1 }) }) },
]

test.each(bad.map((sasl) => [sasl.mechanism, sasl] as const))('kafkajs is refused with the wrong secret of %s', (_, sasl) =>
  withListener({ sasl: all }, (kafkaAs) => isRefused(kafkaAs({ sasl }), /Authentication failed/)),
)

test('kafkajs is told that a mechanism is not offered', () =>
  withListener({ sasl: { scram: ['SCRAM-SHA-512'] } }, (kafkaAs) =>
    isRefused(kafkaAs({ sasl: { mechanism: 'plain', ...alice } }), /mechanism/),
  ))

test('kafkajs authenticates again before its session ends', () =>
  withListener({ sasl: { ...all, maxReauthMs: 1_000 } }, async (kafkaAs) => {
    const admin = kafkaAs({ sasl: good[1]!, retry: { retries: 5 } }).admin()
    await admin.connect()
    for (const end = Date.now() + 1_500; Date.now() < end; await new Promise((resolve) => setTimeout(resolve, 100)))
      expect(await admin.listTopics()).toContain('t')
    await admin.disconnect()
  }))

test('kafkajs with a certificate, and without', () =>
  withListener({ tls: { ...tls, authorities, clients: 'required' } }, async (kafkaAs) => {
    const key = createPrivateKey(pem('client.key')).export({ type: 'pkcs8', format: 'pem' }).toString()
    await producesAndConsumes(kafkaAs({ ssl: { ...ssl, cert: pem('client.pem'), key } }))
    await isRefused(kafkaAs({ ssl }), /./)
  }))
