import { spawn } from 'node:child_process'
import { generateKeyPairSync, sign } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { expect, test } from 'vitest'
import { embeddedLog, scramUsers, serveLog, type ListenerOptions } from '@millrace/core'
import { findKafka } from './kafka-home.ts'

const file = (name: string): string => fileURLToPath(new URL(`../../core/src/platform/testdata/${name}`, import.meta.url))
const pem = (name: string): string => readFileSync(file(name), 'utf8')

const tools = {
  topics: 'org.apache.kafka.tools.TopicCommand',
  configs: 'kafka.admin.ConfigCommand',
  produce: 'org.apache.kafka.tools.ConsoleProducer',
  consume: 'org.apache.kafka.tools.consumer.ConsoleConsumer',
} as const

interface ToolEnd {
  readonly code: number | null
  readonly text: string
}

/** One of Kafka's tools, as whoever the file of properties says. */
function run(tool: keyof typeof tools, args: readonly string[], input = '', java: readonly string[] = []): Promise<ToolEnd> {
  const home = findKafka()
  const options = ['-Xmx128m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', `-Dlog4j2.configurationFile=${home.logging}`]
  const child = spawn('java', [...options, ...java, '-cp', home.classPath, tools[tool], ...args], { timeout: 60_000 })
  const chunks: Buffer[] = []
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => chunks.push(chunk))
  child.stdin.end(input)
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code) => resolve({ code, text: Buffer.concat(chunks).toString('utf8') }))
  })
}

test("Kafka's tools over TLS as SCRAM users that they made, with sessions that end", { timeout: 240_000 }, async () => {
  const dir = mkdtempSync(join(tmpdir(), 'millrace-security-'))
  try {
    await using log = await embeddedLog({ dir: join(dir, 'data'), durability: 'os' })
    await scramUsers(log).set('admin', { mechanism: 'SCRAM-SHA-512', password: 'first, of=all' })
    const tls = {
      certificate: pem('server.pem'),
      key: pem('server.key'),
      authorities: pem('authority.pem'),
      clients: 'none',
    } as const
    const sasl = { scram: ['SCRAM-SHA-256', 'SCRAM-SHA-512'], maxReauthMs: 2_000 } as const
    const errors: string[] = []
    await using served = await serveLog(log, {
      onError: (error) => void errors.push(String(error)),
      listeners: [
        { port: 0, tls, sasl },
        { port: 0, tls: { ...tls, clients: 'required' } },
      ],
    })
    const [place, own] = served.places.map(({ host, port }) => `${host}:${port}`)
    const trust = ['ssl.truststore.type=PEM', `ssl.truststore.location=${file('authority.pem')}`]
    const as = (user: string, password: string, mechanism: string): string => {
      const path = join(dir, `${user}-${mechanism}.properties`)
      const module = `org.apache.kafka.common.security.scram.ScramLoginModule required username="${user}" password="${password}";`
      const lines = ['security.protocol=SASL_SSL', `sasl.mechanism=${mechanism}`, `sasl.jaas.config=${module}`, ...trust]
      writeFileSync(path, lines.join('\n'))
      return path
    }
    const admin = ['--bootstrap-server', place!, '--command-config', as('admin', 'first, of=all', 'SCRAM-SHA-512')]
    const users = ['--entity-type', 'users', '--entity-name', 'alice']

    const altered = await run('configs', [
      ...admin,
      '--alter',
      ...users,
      '--add-config',
      'SCRAM-SHA-256=[iterations=8192,password=wonder]',
    ])
    expect(altered).toMatchObject({ code: 0, text: expect.stringContaining('Completed updating config for user alice') })
    expect((await run('configs', [...admin, '--describe', ...users])).text).toContain('SCRAM-SHA-256=iterations=8192')

    const alice = as('alice', 'wonder', 'SCRAM-SHA-256')
    const asAlice = ['--bootstrap-server', place!, '--command-config', alice]
    expect(await run('topics', [...asAlice, '--create', '--topic', 't'])).toMatchObject({ code: 0 })
    const lines = Array.from({ length: 5 }, (_, index) => `line ${index}\n`)
    const produced = await run('produce', [...asAlice.slice(0, 2), '--topic', 't', '--command-config', alice], lines.join(''))
    expect(produced.code).toBe(0)
    // Longer than a session lasts: the consumer authenticates again in between. Where it comes too late, on a slow machine, it loses a
    // connection, and nothing else.
    const consumer = [
      ...asAlice.slice(0, 2),
      '--topic',
      't',
      '--from-beginning',
      '--timeout-ms',
      '6000',
      '--command-config',
      alice,
    ]
    const consumed = await run('consume', consumer)
    expect(consumed.text).toContain(lines.join(''))
    expect(consumed.text).not.toMatch(/Authentication/i)
    expect(errors.filter((error) => !/client that is expired/.test(error))).toEqual([])

    for (const [user, password, mechanism] of [
      ['alice', 'wander', 'SCRAM-SHA-256'],
      ['nobody', 'wonder', 'SCRAM-SHA-256'],
      ['alice', 'wonder', 'PLAIN'],
    ] as const) {
      const refused = await run('topics', [
        '--bootstrap-server',
        place!,
        '--command-config',
        as(user, password, mechanism),
        '--list',
      ])
      expect([refused.code, refused.text]).toEqual([1, expect.stringMatching(/Authentication failed|mechanism|LoginException/i)])
    }

    const removed = await run('configs', [...admin, '--alter', ...users, '--delete-config', 'SCRAM-SHA-256'])
    expect(removed.code).toBe(0)
    expect(await run('topics', [...asAlice, '--list'])).toMatchObject({
      code: 1,
      text: expect.stringContaining('Authentication failed'),
    })

    const certificate = join(dir, 'certificate.properties')
    writeFileSync(join(dir, 'client.pem'), pem('client.key') + pem('client.pem'))
    const key = ['ssl.keystore.type=PEM', `ssl.keystore.location=${join(dir, 'client.pem')}`]
    writeFileSync(certificate, ['security.protocol=SSL', ...trust, ...key].join('\n'))
    expect(
      await run('topics', ['--bootstrap-server', own!, '--command-config', certificate, '--list', '--exclude-internal']),
    ).toEqual({
      code: 0,
      text: 't\n',
    })
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
})

test("Kafka's tools log in with a token that is for this server", { timeout: 120_000 }, async () => {
  const dir = mkdtempSync(join(tmpdir(), 'millrace-security-'))
  try {
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' })
    const keys = JSON.stringify({ keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'one' }] })
    const now = Math.floor(Date.now() / 1_000)
    const claims = { iss: 'https://issuer', aud: 'millrace', sub: 'alice', iat: now, exp: now + 600 }
    const signed = [{ alg: 'ES256', kid: 'one' }, claims]
      .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
      .join('.')
    const signature = sign('sha256', Buffer.from(signed), { key: privateKey, dsaEncoding: 'ieee-p1363' })
    const token = join(dir, 'token')
    writeFileSync(token, `${signed}.${signature.toString('base64url')}`)
    await using log = await embeddedLog({ dir: join(dir, 'data'), durability: 'os' })
    const listener = (audience: string): ListenerOptions => {
      return { port: 0, sasl: { oauthBearer: { keys, issuer: 'https://issuer', audience } } }
    }
    await using served = await serveLog(log, { listeners: [listener('millrace'), listener('others')] })
    const url = pathToFileURL(token).href
    const lines = [
      'security.protocol=SASL_PLAINTEXT',
      'sasl.mechanism=OAUTHBEARER',
      'sasl.login.callback.handler.class=org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginCallbackHandler',
      'sasl.jaas.config=org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule required;',
      `sasl.oauthbearer.token.endpoint.url=${url}`,
    ]
    const config = join(dir, 'client.properties')
    writeFileSync(config, lines.join('\n'))
    const java = [`-Dorg.apache.kafka.sasl.oauthbearer.allowed.urls=${url}`]
    const [taken, refused] = await Promise.all(
      served.places.map(({ host, port }) =>
        run('topics', ['--bootstrap-server', `${host}:${port}`, '--command-config', config, '--list'], '', java),
      ),
    )
    expect(taken).toMatchObject({ code: 0 })
    expect(refused).toMatchObject({ code: 1, text: expect.stringContaining('Authentication failed') })
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
})
