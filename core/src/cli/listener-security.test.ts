import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect } from 'node:tls'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { ListenerOptions } from '../open/listener-options.ts'
import { nodeWorld } from '../platform/node-world.ts'
import { brokerConfig } from './broker-config.ts'
import { listenersOf } from './listeners.ts'
import { listenerSecurity } from './listener-security.ts'
import { millrace } from './millrace.fixtures.ts'
import { runCommand } from './run.ts'

const pem = (name: string): string => readFileSync(new URL(`../platform/testdata/${name}`, import.meta.url), 'utf8')

let folder = ''

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-listeners-'))
  writeFileSync(join(folder, 'keystore.pem'), pem('server.key') + pem('server.pem'))
  writeFileSync(join(folder, 'truststore.pem'), pem('authority.pem'))
  writeFileSync(join(folder, 'keys.json'), '{"keys":[]}')
})

afterEach(() => rmSync(folder, { recursive: true, force: true }))

/** What a file of properties makes of its listeners. */
function listenersIn(...lines: readonly string[]): ListenerOptions[] {
  const config = brokerConfig(lines.join('\n'))
  const around = { config, world: nodeWorld(), onError: () => {} }
  return listenersOf([], config).map(({ name, protocol, place }) => ({ ...place, ...listenerSecurity(name, protocol, around) }))
}

const inline = (text: string): string => text.trim().replaceAll('\n', String.raw`\n`)
const keystore = (): string => `ssl.keystore.location=${join(folder, 'keystore.pem')}`

describe('listeners of a file', () => {
  test('say with their names, or the map, what is spoken; what is of one listener goes first', () => {
    const [one, two, three] = listenersIn(
      'listeners=INTERNAL://127.0.0.1:9092,EXTERNAL://0.0.0.0:9093,PLAINTEXT://127.0.0.1:9094',
      'listener.security.protocol.map=INTERNAL:SASL_PLAINTEXT,EXTERNAL:SSL',
      'listener.name.internal.sasl.enabled.mechanisms=SCRAM-SHA-256, PLAIN',
      'listener.name.internal.plain.sasl.jaas.config=x.PlainLoginModule required user_alice="wonder";',
      'connections.max.reauth.ms=3600000',
      'ssl.keystore.type=PEM',
      keystore(),
      `ssl.truststore.location=${join(folder, 'truststore.pem')}`,
      'ssl.client.auth=none',
      'listener.name.external.ssl.client.auth=required',
      'ssl.principal.mapping.rules=RULE:^CN=(.*?),.*$/$1/L,DEFAULT',
    )
    const sasl = { plain: { alice: 'wonder' }, scram: ['SCRAM-SHA-256'], maxReauthMs: 3_600_000 }
    expect(one).toEqual({ host: '127.0.0.1', port: 9092, sasl })
    const { tls, ...rest } = two!
    expect(rest).toEqual({ host: '0.0.0.0', port: 9093, principalMapping: 'RULE:^CN=(.*?),.*$/$1/L,DEFAULT' })
    const texts = { certificate: pem('server.key') + pem('server.pem'), authorities: pem('authority.pem'), clients: 'required' }
    expect((tls as () => unknown)()).toMatchObject(texts)
    expect(three).toEqual({ host: '127.0.0.1', port: 9094 })
  })

  test('with SASL ask for certificates only where they say so themselves (KIP-684)', () => {
    const lines = [
      'listeners=A://127.0.0.1:1,B://127.0.0.1:2',
      'listener.security.protocol.map=A:SASL_SSL,B:SASL_SSL',
      keystore(),
    ]
    const sasl = ['sasl.enabled.mechanisms=SCRAM-SHA-512', `ssl.truststore.location=${join(folder, 'truststore.pem')}`]
    const clients = ['ssl.client.auth=required', 'listener.name.b.ssl.client.auth=requested']
    const found = listenersIn(...lines, ...sasl, ...clients).map(
      ({ tls }) => (tls as () => { readonly clients: string })().clients,
    )
    expect(found).toEqual(['none', 'requested'])
  })

  test('may hold certificate and key themselves', () => {
    const [one] = listenersIn(
      'listeners=SSL://127.0.0.1:0',
      `ssl.keystore.certificate.chain=${inline(pem('server.pem'))}`,
      `ssl.keystore.key=${inline(pem('server.key'))}`,
    )
    expect((one!.tls as () => unknown)()).toMatchObject({ certificate: pem('server.pem').trim(), clients: 'none' })
  })

  test('know the keys of tokens from a file, or from a URL of the list', () => {
    const issuer = ['sasl.oauthbearer.expected.issuer=https://i', 'sasl.oauthbearer.expected.audience=a, b']
    const lines = ['listeners=SASL_PLAINTEXT://127.0.0.1:0', 'sasl.enabled.mechanisms=OAUTHBEARER', ...issuer]
    const [one] = listenersIn(...lines, `sasl.oauthbearer.jwks.endpoint.url=file://${join(folder, 'keys.json')}`)
    const { keys, ...rest } = one!.sasl!.oauthBearer!
    expect((keys as () => unknown)()).toBe('{"keys":[]}')
    expect(rest).toEqual({
      issuer: 'https://i',
      audience: ['a', 'b'],
      nameClaim: 'sub',
      clockSkewMs: 30_000,
      refreshMs: 3_600_000,
    })
    const url = 'sasl.oauthbearer.jwks.endpoint.url=https://i/keys'
    expect(() => listenersIn(...lines, url)).toThrow(/allowed.urls does not have https:\/\/i\/keys/)
    const allowed = 'org.apache.kafka.sasl.oauthbearer.allowed.urls=https://other, https://i/keys'
    expect(listenersIn(...lines, url, allowed)).toHaveLength(1)
  })

  const sasl = 'listeners=SASL_PLAINTEXT://127.0.0.1:0'
  const oauth = 'sasl.enabled.mechanisms=OAUTHBEARER'
  test.each([
    [['listeners=INTERNAL://127.0.0.1:0'], /listener.security.protocol.map does not say/],
    [['listener.security.protocol.map=A:KERBEROS'], /listener.security.protocol.map takes/],
    [['listeners=SSL://127.0.0.1:0'], /needs ssl.keystore.location/],
    [['listeners=SSL://127.0.0.1:0', 'ssl.keystore.location=/nowhere/x.pem'], /NOT_A_FILE/],
    [['ssl.keystore.type=JKS'], /ssl.keystore.type takes PEM/],
    [['ssl.client.auth=maybe'], /ssl.client.auth takes/],
    [[sasl], /needs sasl.enabled.mechanisms/],
    [[sasl, 'sasl.enabled.mechanisms=GSSAPI'], /sasl.enabled.mechanisms takes PLAIN, SCRAM/],
    [[sasl, 'sasl.enabled.mechanisms=PLAIN'], /PLAIN needs users: listener.name.sasl_plaintext.plain.sasl.jaas.config/],
    [[sasl, oauth], /needs sasl.oauthbearer.jwks.endpoint.url/],
    [[sasl, oauth, 'sasl.oauthbearer.jwks.endpoint.url=http://i'], /takes https/],
    [[sasl, oauth, 'sasl.oauthbearer.jwks.endpoint.url=file:///k'], /needs sasl.oauthbearer.expected.issuer/],
    [['listener.name.x.sasl.mechanisms=PLAIN'], /there is no property listener.name.x.sasl.mechanisms/],
    [['max.connections=0'], /max.connections takes an integer from 1/],
    [['max.connections.per.ip.overrides=here'], /max.connections.per.ip.overrides takes/],
  ])('SEC-5: %j is refused', (lines, message) => {
    expect(() => listenersIn(...lines)).toThrow(message)
  })

  test('SEC-20: limits are those of the file', () => {
    const text = 'max.connections=7\nmax.connections.per.ip.overrides=10.0.0.1:3,[::1]:4\nsocket.request.max.bytes=1000'
    expect(brokerConfig(text).limits).toEqual({
      maxConnections: 7,
      maxConnectionsByIp: { '10.0.0.1': 3, '::1': 4 },
      maxFrameBytes: 1_000,
    })
  })

  test('those of docs/security.md are taken', () => {
    const page = readFileSync(new URL('../../docs/security.md', import.meta.url), 'utf8')
    const files = [...page.matchAll(/^```properties\n([^]*?)^```/gm)].map(([, text]) => text!)
    expect(files).toHaveLength(4)
    for (const text of files) {
      const here = text.replaceAll(/\/etc\/millrace\/broker.pem/g, join(folder, 'keystore.pem'))
      expect(
        listenersIn(here.replaceAll(/\/etc\/millrace\/authorities.pem/g, join(folder, 'truststore.pem'))).length,
      ).toBeGreaterThan(0)
    }
  })

  test('SEC-2: the broker says what it does not take, and starts without authentication only when it is told to', async () => {
    const config = join(folder, 'server.properties')
    writeFileSync(
      config,
      'listeners=SASL_PLAINTEXT://:0\nsasl.enabled.mechanisms=PLAIN\nsasl.jaas.config=PlainLoginModule required user_a=b;\n',
    )
    const dir = join(folder, 'data')
    const refused = await millrace('broker', '--dir', dir, '--config', config)
    expect(refused).toMatchObject({ code: 1, err: expect.stringMatching(/LISTENER_UNSAFE.*PLAIN without TLS/) })
    const told: string[] = []
    const stopped = AbortSignal.abort()
    const code = await runCommand(['broker', '--dir', dir, '--config', config, '--insecure'], {
      world: nodeWorld(),
      out: (line) => void told.push(line),
      err: (line) => void told.push(line),
      input: (async function* (): AsyncGenerator<Uint8Array> {})(),
      stop: () => stopped,
    })
    expect([code, ...told]).toEqual([
      0,
      expect.stringContaining('--insecure: whoever'),
      expect.stringContaining('ready at 0.0.0.0:'),
    ])
  })

  test('SEC-6: a broker that runs takes a certificate that has changed, and keeps the old one where the new one is torn', async () => {
    const config = join(folder, 'server.properties')
    writeFileSync(config, ['listeners=SASL_SSL://127.0.0.1:0', keystore(), 'sasl.enabled.mechanisms=SCRAM-SHA-512'].join('\n'))
    const told: string[] = []
    const ready = Promise.withResolvers<number>()
    const stop = new AbortController()
    const ended = runCommand(['broker', '--dir', join(folder, 'data'), '--config', config], {
      world: nodeWorld(),
      out: (line) => ready.resolve(Number(/:(\d+),/.exec(line)![1])),
      err: (line) => void told.push(line),
      input: (async function* (): AsyncGenerator<Uint8Array> {})(),
      stop: () => stop.signal,
    })
    const port = await ready.promise
    expect(await shownAt(port)).toBe('CN=server')
    const renewed = pem('server.key') + pem('server-renewed.pem')
    writeFileSync(join(folder, 'keystore.pem'), renewed.slice(0, -200))
    expect(await shownAt(port)).toBe('CN=server')
    writeFileSync(join(folder, 'keystore.pem'), renewed)
    expect(await shownAt(port)).toBe(String.raw`CN=server\, renewed`)
    stop.abort()
    expect(await ended).toBe(0)
    expect(told.filter((line) => line.includes('CERTIFICATE_INVALID'))).toHaveLength(1)
  })
})

/** The subject of the certificate that a listener shows. */
function shownAt(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port, ca: pem('authority.pem') }, () => {
      resolve(socket.getPeerX509Certificate()!.subject)
      socket.end()
    })
    socket.once('error', reject)
  })
}
