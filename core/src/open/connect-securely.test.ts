import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { millrace } from '../cli/millrace.fixtures.ts'
import { connectLog, type ConnectLogOptions } from './connect-log.ts'
import { embeddedLog } from './embedded-log.ts'
import type { ListenerOptions } from './listener-options.ts'
import { scramUsers } from './scram-users.ts'
import { serveLog } from './serve-log.ts'

const testdata = new URL('../platform/testdata/', import.meta.url)
const pem = (name: string): string => readFileSync(new URL(name, testdata), 'utf8')
const tls = {
  certificate: pem('server.pem'),
  key: pem('server.key'),
  authorities: pem('authority.pem'),
  clients: 'none',
} as const
const trust = { authorities: pem('authority.pem') }
const password = 'wonder, land="'

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-secure-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

async function withListener(listener: ListenerOptions, work: (bootstrapServers: string) => Promise<void>): Promise<void> {
  await using log = await embeddedLog({ dir: join(folder, 'log'), durability: 'os' })
  for (const mechanism of ['SCRAM-SHA-256', 'SCRAM-SHA-512'] as const)
    await scramUsers(log).set('ali=ce,', { mechanism, password })
  const [there] = await log.admin.describeTopics(['t'])
  if (!there) await log.admin.createTopics([{ topic: 't', partitions: 1 }])
  await using served = await serveLog(log, { listeners: [{ ...listener, port: 0 }], limits: { failedDelayMs: 1 } })
  await work(`localhost:${served.places[0]!.port}`)
}

async function topicsOf(options: ConnectLogOptions): Promise<readonly string[]> {
  await using client = await connectLog({ timeoutMs: 0, ...options })
  return await client.admin.listTopics()
}

const scramListener: ListenerOptions = { sasl: { scram: ['SCRAM-SHA-256', 'SCRAM-SHA-512'] } }

test.each(['SCRAM-SHA-256', 'SCRAM-SHA-512'] as const)(
  '%s lets in who knows the password, and nobody else',
  async (mechanism) => {
    await withListener(scramListener, async (bootstrapServers) => {
      const sasl = { mechanism, username: 'ali=ce,', password }
      expect(await topicsOf({ bootstrapServers, sasl })).toEqual(['t'])
      for (const wrong of [
        { ...sasl, password: 'x' },
        { ...sasl, username: 'bob' },
        { ...sasl, mechanism: 'PLAIN' as const },
      ])
        await expect(topicsOf({ bootstrapServers, sasl: wrong })).rejects.toMatchObject({ code: 'AUTHENTICATION_FAILED' })
      await expect(topicsOf({ bootstrapServers })).rejects.toMatchObject({ name: 'MillraceError' })
    })
  },
)

test('PLAIN lets in who knows the password; a listener that asks nobody says so', async () => {
  const sasl = { mechanism: 'PLAIN', username: 'alice', password } as const
  await withListener({ sasl: { plain: { alice: password } } }, async (bootstrapServers) => {
    expect(await topicsOf({ bootstrapServers, sasl })).toEqual(['t'])
    await expect(topicsOf({ bootstrapServers, sasl: { ...sasl, password: 'x' } })).rejects.toMatchObject({
      code: 'AUTHENTICATION_FAILED',
    })
  })
  await withListener({}, async (bootstrapServers) => {
    await expect(topicsOf({ bootstrapServers, sasl })).rejects.toMatchObject({ code: 'AUTHENTICATION_FAILED' })
  })
})

test('TLS: the server is believed by its authority only, and may ask for a certificate', async () => {
  await withListener({ tls }, async (bootstrapServers) => {
    expect(await topicsOf({ bootstrapServers, tls: trust })).toEqual(['t'])
    await expect(topicsOf({ bootstrapServers, tls: {} })).rejects.toMatchObject({ code: 'SERVER_UNREACHABLE' })
    const plain = topicsOf({ bootstrapServers, connectTimeoutMs: 500 })
    await expect(plain).rejects.toMatchObject({ code: expect.stringMatching(/SERVER_UNREACHABLE|NO_KAFKA_SERVER/) })
  })
  await withListener({ tls: { ...tls, clients: 'required' } }, async (bootstrapServers) => {
    const own = { certificate: pem('client.pem'), key: pem('client.key') }
    expect(await topicsOf({ bootstrapServers, tls: { ...trust, ...own } })).toEqual(['t'])
    await expect(topicsOf({ bootstrapServers, tls: trust })).rejects.toMatchObject({ code: 'SERVER_UNREACHABLE' })
  })
})

test('the command line takes TLS and SASL from a file', async () => {
  const config = join(folder, 'client.properties')
  const authority = join(folder, 'authority.pem')
  writeFileSync(authority, trust.authorities)
  const module = 'org.apache.kafka.common.security.scram.ScramLoginModule'
  const good = [
    'security.protocol=SASL_SSL',
    'sasl.mechanism=SCRAM-SHA-256',
    String.raw`sasl.jaas.config=${module} required username="ali=ce," password="wonder, land=\\"";`,
    `ssl.truststore.location=${authority}`,
    'ssl.truststore.type=PEM',
  ]
  await withListener({ ...scramListener, tls }, async (server) => {
    const run = (lines: readonly string[]) => {
      writeFileSync(config, lines.join('\n'))
      return millrace('topics', 'list', '--exclude-internal', '--bootstrap-server', server, '--command-config', config)
    }
    expect(await run(good)).toMatchObject({ code: 0, out: 't' })
    expect(await run([...good, 'acks=all'])).toMatchObject({ code: 0, err: expect.stringContaining('no property acks') })
    expect(await run([...good, 'ssl.truststor.password=x'])).toMatchObject({ code: 2 })
    expect(await run([...good, 'request.timeout.ms=soon'])).toMatchObject({ code: 2 })
    expect(await run(['security.protocol=SSLL'])).toMatchObject({
      code: 2,
      err: expect.stringContaining('security.protocol takes'),
    })
    expect(await run(['security.protocol=SASL_SSL'])).toMatchObject({ code: 2, err: expect.stringContaining('sasl.mechanism') })
    expect(await run(good.slice(0, 2))).toMatchObject({ code: 2, err: expect.stringContaining('sasl.jaas.config') })
    expect(await run(good.map((line) => line.replace('wonder', 'blunder')))).toMatchObject({
      code: 1,
      err: expect.stringContaining('AUTHENTICATION_FAILED'),
    })
  })
  expect(await millrace('topics', 'list', '--dir', folder, '--command-config', config)).toMatchObject({ code: 2 })
})
