import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import type { NetPlace } from '../base/net.ts'
import { saltedPassword, scramHash, scramHmac } from '../broker/secrets.ts'
import type { LogClient } from '../client/log-client.ts'
import { NodeNet } from '../platform/node-net.ts'
import { errorCodes } from '../protocol/error-codes.ts'
import { pem, serverTls } from './certificates.fixtures.ts'
import { embeddedLog } from './embedded-log.ts'
import type { ListenerOptions } from './listener-options.ts'
import { scramUsers } from './scram-users.ts'
import { serveLog, type ServeOptions } from './serve-log.ts'
import { WireClient } from './wire-client.fixtures.ts'

interface Served {
  readonly place: NetPlace
  readonly dir: string
  readonly log: LogClient
  readonly errors: unknown[]
}

/** A log whose one listener asks for SASL. */
async function served(
  work: (served: Served) => Promise<void>,
  given: ListenerOptions = {},
  options: ServeOptions = {},
): Promise<void> {
  const parent = mkdtempSync(join(tmpdir(), 'millrace-sasl-'))
  const dir = join(parent, 'data')
  const errors: unknown[] = []
  try {
    await using log = await embeddedLog({ dir, durability: 'os' })
    await scramUsers(log).set('alice', { mechanism: 'SCRAM-SHA-256', password: 'wonder' })
    const sasl = { plain: { alice: 'wonder' }, scram: ['SCRAM-SHA-256', 'SCRAM-SHA-512'] } as const
    const onError = (error: unknown): void => void errors.push(error)
    const listeners = [{ port: 0, sasl, ...given }]
    await using own = await serveLog(log, { listeners, onError, limits: { failedDelayMs: 1 }, ...options })
    await work({ place: own.places[0]!, dir, log, errors })
  } finally {
    rmSync(parent, { recursive: true, force: true })
  }
}

const failed = {
  errorCode: errorCodes.SASL_AUTHENTICATION_FAILED,
  errorMessage: 'Authentication failed',
  authBytes: expect.toSatisfy((bytes: Uint8Array) => bytes.length === 0),
}

async function logsIn(
  client: WireClient,
  token = '\0alice\0wonder',
): Promise<Awaited<ReturnType<typeof client.ask<'saslAuthenticate'>>>> {
  expect((await client.ask('saslHandshake', { mechanism: 'PLAIN' })).errorCode).toBe(0)
  return client.ask('saslAuthenticate', { authBytes: Buffer.from(token) })
}

test('ApiVersions before SASL is answered, the mechanisms are told, and after it everything is', () =>
  served(async ({ place }) => {
    await using client = await WireClient.connect(place)
    const versions = await client.ask('apiVersions', { clientSoftwareName: 'test', clientSoftwareVersion: '1' })
    expect(versions.apiKeys.filter(({ apiKey }) => [17, 36, 51].includes(apiKey))).toEqual([
      { apiKey: 17, minVersion: 0, maxVersion: 1 },
      { apiKey: 36, minVersion: 0, maxVersion: 2 },
      { apiKey: 51, minVersion: 0, maxVersion: 0 },
    ])
    expect(await client.ask('saslHandshake', { mechanism: 'PLAIN' })).toEqual({
      errorCode: 0,
      mechanisms: ['SCRAM-SHA-256', 'SCRAM-SHA-512', 'PLAIN'],
    })
    expect(await client.ask('saslAuthenticate', { authBytes: Buffer.from('\0alice\0wonder') })).toMatchObject({
      errorCode: 0,
      errorMessage: null,
      sessionLifetimeMs: 0,
    })
    expect((await client.ask('metadata', { topics: [] })).controllerId).toBe(1)
    const resources = [{ resourceType: 4, resourceName: '1', configurationKeys: ['listeners'] }]
    const { results } = await client.ask('describeConfigs', { resources })
    expect(results[0]!.configs).toMatchObject([{ name: 'listeners', value: `SASL_PLAINTEXT://127.0.0.1:${place.port}` }])
    expect(await client.ask('saslHandshake', { mechanism: 'PLAIN' })).toEqual({
      errorCode: errorCodes.ILLEGAL_SASL_STATE,
      mechanisms: [],
    })
    expect(await client.ask('saslAuthenticate', { authBytes: Buffer.from('\0bob\0wonder') })).toMatchObject({
      errorCode: errorCodes.ILLEGAL_SASL_STATE,
    })
  }))

test('what is sent behind the last token is answered after it', () =>
  served(async ({ place }) => {
    await using client = await WireClient.connect(place)
    const answers = await Promise.all([
      client.ask('saslHandshake', { mechanism: 'PLAIN' }),
      client.ask('saslAuthenticate', { authBytes: Buffer.from('\0alice\0wonder') }, 1),
      client.ask('metadata', { topics: [] }),
    ])
    expect(answers.map((answer) => ('errorCode' in answer ? answer.errorCode : 0))).toEqual([0, 0, 0])
  }))

test.each(['metadata', 'saslAuthenticate', 'produce'] as const)('%s before authentication closes the connection', (name) =>
  served(async ({ place, errors }) => {
    await using client = await WireClient.connect(place)
    const requests = {
      metadata: () => client.ask('metadata', { topics: null }),
      saslAuthenticate: () => client.ask('saslAuthenticate', { authBytes: Buffer.from('\0alice\0wonder') }),
      produce: () => client.ask('produce', { acks: 1, timeoutMs: 1, topicData: [] }),
    }
    await expect(requests[name]()).rejects.toThrow('the connection ended')
    await client.closed
    await vi.waitFor(() => expect(errors).toMatchObject([{ code: 'NOT_AUTHENTICATED' }]))
  }),
)

test('a failed attempt is told with words that tell nothing, and ends the connection; so does a mechanism that is not offered', () =>
  served(async ({ place, errors }) => {
    const answers = []
    for (const token of ['\0alice\0wander', '\0nobody\0wonder', 'x', '\0alice\0wonder\0']) {
      const client = await WireClient.connect(place)
      answers.push(await logsIn(client, token))
      await client.closed
    }
    expect(answers).toMatchObject([failed, failed, failed, failed])
    const client = await WireClient.connect(place)
    expect(await client.ask('saslHandshake', { mechanism: 'GSSAPI' })).toMatchObject({
      errorCode: errorCodes.UNSUPPORTED_SASL_MECHANISM,
      mechanisms: ['SCRAM-SHA-256', 'SCRAM-SHA-512', 'PLAIN'],
    })
    await client.closed
    expect(errors.map((error) => (error as { code: string }).code)).toEqual(
      Array.from({ length: 5 }, () => 'AUTHENTICATION_FAILED'),
    )
    expect(String(errors[0])).not.toMatch(/wander|wonder/)
  }))

/** As a client of Kafka 0.10 does it: after the handshake the tokens are frames by themselves. */
async function bareTokens(place: NetPlace, ...tokens: readonly string[]): Promise<string[]> {
  const socket = await new NodeNet().connect(place)
  const chunks: Buffer[] = []
  const { promise: closed, resolve } = Promise.withResolvers<void>()
  socket.start({
    onData: (chunk) => void chunks.push(Buffer.from(chunk)),
    onDrain: () => {},
    onEnd: () => socket.end(),
    onClose: () => resolve(),
  })
  const handshake = Buffer.from('0011000000000007ffff0005504c41494e', 'hex') // SaslHandshake v0, correlation 7, PLAIN
  socket.write([handshake, ...tokens.map((token) => Buffer.from(token))].flatMap((frame) => [sizeOf(frame), frame]))
  socket.end()
  await closed
  const all = Buffer.concat(chunks)
  const frames: string[] = []
  for (let at = 0; at < all.length; at += 4 + all.readInt32BE(at))
    frames.push(all.toString('hex', at + 4, at + 4 + all.readInt32BE(at)))
  return frames
}

function sizeOf(frame: Uint8Array): Uint8Array {
  const size = Buffer.alloc(4)
  size.writeInt32BE(frame.length)
  return size
}

test('a handshake of version 0 is followed by bare tokens', () =>
  served(async ({ place }) => {
    const mechanism = Buffer.from('PLAIN').toString('hex')
    const answers = await bareTokens(place, '\0alice\0wonder')
    expect(answers).toEqual([expect.stringContaining(mechanism), ''])
    expect(await bareTokens(place, '\0alice\0wander')).toEqual([expect.stringContaining(mechanism)])
  }))

test('SEC-14: before authentication a frame is at most 64 KiB, afterwards what it is for all', () =>
  served(async ({ place, errors }) => {
    const client = await WireClient.connect(place)
    client.send(Buffer.from('00010001', 'hex'))
    await client.closed
    await vi.waitFor(() => expect(errors).toMatchObject([{ code: 'FRAME_TOO_LARGE' }]))
    await using known = await WireClient.connect(place)
    await logsIn(known)
    const names = Array.from({ length: 5_000 }, (_, index) => ({ name: `topic-that-is-not-there-${index}` }))
    const { topics } = await known.ask('metadata', { topics: names, allowAutoTopicCreation: false }, 9)
    expect(topics).toHaveLength(5_000)
  }))

test('SEC-20: only so many connections, whether they get anywhere or not', () =>
  served(
    async ({ place }) => {
      const silent = await WireClient.connect(place)
      await using second = await WireClient.connect(place)
      await logsIn(second)
      const third = await WireClient.connect(place)
      await third.closed
      silent.destroy()
      await silent.closed
      for (;;) {
        const next = await WireClient.connect(place)
        const answer = await logsIn(next).catch(() => null) // the server may not have heard yet that the first has gone
        next.destroy()
        if (answer !== null) return
      }
    },
    {},
    { limits: { maxConnectionsPerIp: 2 } },
  ))

test('SEC-21: a client that says nothing is cut off', () =>
  served(
    async ({ place, errors }) => {
      const client = await WireClient.connect(place)
      await client.closed
      await vi.waitFor(() =>
        expect(errors).toMatchObject([{ code: 'NOT_AUTHENTICATED', message: expect.stringContaining('within 20 ms') }]),
      )
    },
    {},
    { limits: { authenticationTimeoutMs: 20 } },
  ))

const unsafe: readonly (readonly [string, ListenerOptions])[] = [
  ['nothing', {}],
  ['TLS alone', { tls: serverTls }],
  ['TLS and certificates of those who want to', { tls: { ...serverTls, clients: 'requested' } }],
  ['PLAIN without TLS (SEC-3)', { sasl: { plain: { a: 'b' } } }],
  ['SCRAM, but PLAIN without TLS too (SEC-3)', { sasl: { plain: { a: 'b' }, scram: ['SCRAM-SHA-256'] } }],
  ['tokens without TLS', { sasl: { oauthBearer: { keys: '{}', issuer: 'i', audience: 'a' } } }],
]

test.each(unsafe)('SEC-2: a listener that others reach is refused with %s', async (_, listener) => {
  const dir = mkdtempSync(join(tmpdir(), 'millrace-sasl-'))
  try {
    await using log = await embeddedLog({ dir, durability: 'os' })
    for (const host of ['0.0.0.0', '::', 'example.org', '127.example.org'])
      await expect(serveLog(log, { listeners: [{ host, port: 0, ...listener }] })).rejects.toMatchObject({
        code: 'LISTENER_UNSAFE',
      })
    if (listener.sasl?.oauthBearer !== undefined) return
    await using open = await serveLog(log, { listeners: [{ host: '0.0.0.0', port: 0, ...listener }], allowInsecure: true })
    expect(open.places[0]!.host).toBe('0.0.0.0')
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
})

test('SEC-1, SEC-2: without being told it listens on loopback; beyond it with SCRAM, with a certificate, or PLAIN over TLS', () =>
  served(async ({ log }) => {
    await using usual = await serveLog(log, { listeners: [{ port: 0 }] })
    expect(usual.places[0]!.host).toBe('127.0.0.1')
    const safe: readonly ListenerOptions[] = [
      { sasl: { scram: ['SCRAM-SHA-512'] } },
      { tls: serverTls, sasl: { plain: { a: 'b' } } },
      { tls: { ...serverTls, clients: 'required' } },
    ]
    await using others = await serveLog(log, { listeners: safe.map((one) => ({ host: '0.0.0.0', port: 0, ...one })) })
    expect(others.places).toHaveLength(3)
    const { port } = others.places[2]!
    const own = { authorities: serverTls.authorities!, certificate: pem('client.pem'), key: pem('client.key') }
    await using client = await WireClient.connect({ host: '127.0.0.1', port, tls: own })
    const { brokers } = await client.ask('metadata', { topics: [] })
    expect(brokers[0]).toMatchObject({ host: hostname(), port }) // and not 0.0.0.0, where nobody can connect
  }))

test('a password is in no message', () =>
  served(async ({ log }) => {
    const listeners = [{ port: 0, sasl: { plain: { alice: 'wonder', bob: '' } } }]
    const error = await serveLog(log, { listeners }).catch((thrown: unknown) => thrown)
    expect(String(error)).toMatch(/^(?!.*wonder).*INVALID_OPTION/)
  }))

test.each([
  ['no mechanism', { sasl: {} }, 'INVALID_OPTION'],
  ['PLAIN without users', { sasl: { plain: {} } }, 'INVALID_OPTION'],
  ['SCRAM-SHA-1', { sasl: { scram: ['SCRAM-SHA-1'] } }, 'INVALID_OPTION'],
  ['a mechanism that is not there', { sasl: { digest: {} } }, 'UNKNOWN_OPTION'],
  ['tokens and no keys', { sasl: { oauthBearer: { issuer: 'i', audience: 'a' } } }, 'INVALID_OPTION'],
  [
    'tokens and an empty set of keys',
    { sasl: { oauthBearer: { keys: '{"keys":[]}', issuer: 'i', audience: 'a' } } },
    'TOKEN_KEYS_INVALID',
  ],
  ['a key that is none', { tls: { ...serverTls, key: 'x' } }, 'CERTIFICATE_INVALID'],
  ['no certificate', { tls: { ...serverTls, certificate: '' } }, 'CERTIFICATE_INVALID'],
  [
    'certificates of clients and no authority',
    { tls: { certificate: serverTls.certificate, key: serverTls.key, clients: 'required' } },
    'CERTIFICATE_INVALID',
  ],
  ['a mapping that is none', { principalMapping: 'RULE:' }, 'INVALID_OPTION'],
])('SEC-5: a listener with %s is refused when it is opened', (_, listener, code) =>
  served(async ({ log }) => {
    await expect(serveLog(log, { listeners: [{ port: 0, ...(listener as ListenerOptions) }] })).rejects.toMatchObject({ code })
  }),
)

const salt = Buffer.from('some salt')
const salted = saltedPassword('SCRAM-SHA-512', 'pencil', salt, 4096)
const upsertion = { name: 'bob', mechanism: 2, iterations: 4096, salt, saltedPassword: salted }

/** A client's SCRAM, with the salted password. */
async function scramLogin(place: NetPlace, user: string, key: Uint8Array): Promise<number> {
  await using client = await WireClient.connect(place)
  await client.ask('saslHandshake', { mechanism: 'SCRAM-SHA-512' })
  const bare = `n=${user},r=abc`
  const first = Buffer.from((await client.ask('saslAuthenticate', { authBytes: Buffer.from(`n,,${bare}`) })).authBytes).toString()
  const withoutProof = `c=biws,r=${/^r=([^,]+)/.exec(first)![1]}`
  const clientKey = scramHmac('SCRAM-SHA-512', key, 'Client Key')
  const signature = scramHmac('SCRAM-SHA-512', scramHash('SCRAM-SHA-512', clientKey), `${bare},${first},${withoutProof}`)
  const proof = Buffer.from(clientKey.map((byte, index) => byte ^ signature[index]!)).toString('base64')
  return (await client.ask('saslAuthenticate', { authBytes: Buffer.from(`${withoutProof},p=${proof}`) })).errorCode
}

test('SCRAM users are made, described and removed on the wire; whoever is made can log in at once', () =>
  served(async ({ place }) => {
    await using client = await WireClient.connect(place)
    await logsIn(client)
    expect(await scramLogin(place, 'bob', salted)).toBe(errorCodes.SASL_AUTHENTICATION_FAILED)
    const altered = await client.ask('alterUserScramCredentials', { deletions: [], upsertions: [upsertion] })
    expect(altered.results).toEqual([{ user: 'bob', errorCode: 0, errorMessage: null }])
    expect(await scramLogin(place, 'bob', salted)).toBe(0)
    const described = await client.ask('describeUserScramCredentials', { users: null })
    expect(described.results).toMatchObject([
      { user: 'alice', errorCode: 0, credentialInfos: [{ mechanism: 1, iterations: 4096 }] },
      { user: 'bob', errorCode: 0, credentialInfos: [{ mechanism: 2, iterations: 4096 }] },
    ])
    const some = await client.ask('describeUserScramCredentials', { users: [{ name: 'bob' }, { name: 'eve' }, { name: 'eve' }] })
    expect(some.results.map(({ errorCode }) => errorCode)).toEqual([0, errorCodes.DUPLICATE_RESOURCE])
    await client.ask('alterUserScramCredentials', { deletions: [{ name: 'bob', mechanism: 2 }], upsertions: [] })
    expect(await scramLogin(place, 'bob', salted)).toBe(errorCodes.SASL_AUTHENTICATION_FAILED)
  }))

test('a credential that cannot be is refused, and of its user nothing is changed', () =>
  served(async ({ place, log }) => {
    await using client = await WireClient.connect(place)
    await logsIn(client)
    const codes = async (request: Parameters<typeof client.ask<'alterUserScramCredentials'>>[1]): Promise<number[]> =>
      (await client.ask('alterUserScramCredentials', request)).results.map(({ errorCode }) => errorCode)
    const { UNACCEPTABLE_CREDENTIAL, UNSUPPORTED_SASL_MECHANISM, RESOURCE_NOT_FOUND, DUPLICATE_RESOURCE } = errorCodes
    const bad = [
      { ...upsertion, name: 'few', iterations: 4095 },
      { ...upsertion, name: 'many', iterations: 16_385 },
      { ...upsertion, name: 'unsalted', salt: Buffer.alloc(0) },
      { ...upsertion, name: 'unkeyed', saltedPassword: Buffer.alloc(0) },
      { ...upsertion, name: '' },
      { ...upsertion, name: 'x'.repeat(1_001) },
      { ...upsertion, name: 'strange', mechanism: 3 },
    ]
    expect(await codes({ deletions: [], upsertions: bad })).toEqual([
      ...Array.from({ length: 6 }, () => UNACCEPTABLE_CREDENTIAL),
      UNSUPPORTED_SASL_MECHANISM,
    ])
    const one = { name: 'alice', mechanism: 1 }
    expect(await codes({ deletions: [one, { name: 'eve', mechanism: 1 }], upsertions: [{ ...upsertion, ...one }] })).toEqual([
      DUPLICATE_RESOURCE,
      RESOURCE_NOT_FOUND,
    ])
    expect(await codes({ deletions: [one, { name: 'alice', mechanism: 2 }], upsertions: [] })).toEqual([RESOURCE_NOT_FOUND])
    expect(await scramUsers(log).list()).toEqual([{ user: 'alice', mechanism: 'SCRAM-SHA-256', iterations: 4096 }])
  }))

test('SEC-4: the salt of a user that there is not is the same each time, also in the next process', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'millrace-sasl-'))
  try {
    const salts = []
    for (let round = 0; round < 2; round++) {
      await using log = await embeddedLog({ dir, durability: 'os' })
      if (round === 0) await scramUsers(log).set('alice', { mechanism: 'SCRAM-SHA-256', password: 'wonder' })
      await using own = await serveLog(log, { listeners: [{ port: 0, sasl: { scram: ['SCRAM-SHA-256'] } }] })
      for (const user of ['nobody', 'nobody', 'alice', 'other']) {
        const client = await WireClient.connect(own.places[0]!)
        await client.ask('saslHandshake', { mechanism: 'SCRAM-SHA-256' })
        const { authBytes } = await client.ask('saslAuthenticate', { authBytes: Buffer.from(`n,,n=${user},r=abc`) })
        const [, text] = /,s=([^,]+),i=4096$/.exec(Buffer.from(authBytes).toString())!
        expect(Buffer.from(text!, 'base64').toString()).toMatch(/^[0-9a-z]{22,26}$/)
        salts.push(text)
        client.destroy()
      }
    }
    expect(salts[0]).toBe(salts[1])
    expect(salts.slice(4)).toEqual(salts.slice(0, 4))
    expect(new Set(salts).size).toBe(3)
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
})

test('SEC-9: neither the password nor what one could log in with is in the data directory, and nobody else reads it', () =>
  served(async ({ dir, place }) => {
    await using client = await WireClient.connect(place)
    await logsIn(client)
    await client.ask('alterUserScramCredentials', { deletions: [], upsertions: [upsertion] })
    const files = readdirSync(dir, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
    const all = Buffer.concat(files.map(({ parentPath, name }) => readFileSync(join(parentPath, name))))
    expect(all.includes('scram/SCRAM-SHA-512/bob')).toBe(true)
    for (const secret of ['wonder', 'pencil', Buffer.from(salted), Buffer.from(salted).toString('base64')])
      expect(all.includes(secret)).toBe(false)
    expect(statSync(dir).mode & 0o777).toBe(0o700)
    for (const { parentPath, name } of files.filter((file) => !file.name.startsWith('.lock')))
      expect([name, statSync(join(parentPath, name)).mode & 0o777]).toEqual([name, 0o600])
  }))
