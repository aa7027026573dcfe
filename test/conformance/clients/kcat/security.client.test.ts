import { generateKeyPairSync } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { scramUsers, type ListenerOptions } from '@millrace/core'
import { runClient } from '../run-client.ts'
import { valuesIn, withServed, type Served } from '../with-served.ts'
import { consumed, kcat } from './kcat.ts'

const pem = (name: string): string => fileURLToPath(new URL(`../../../../core/src/platform/testdata/${name}`, import.meta.url))

const text = (name: string): string => readFileSync(pem(name), 'utf8')
const tls = { certificate: text('server.pem'), key: text('server.key'), clients: 'none' } as const
const sasl = { plain: { alice: 'wonder' }, scram: ['SCRAM-SHA-256', 'SCRAM-SHA-512'] } as const

const overTls = `-X ssl.ca.location=${pem('authority.pem')}`
const as = (mechanism: string, password = 'wonder'): string =>
  `-X sasl.mechanisms=${mechanism} -X sasl.username=alice -X sasl.password=${password}`

/** With a topic, and alice's SCRAM credentials. */
function withListener(listener: ListenerOptions, work: (served: Served) => Promise<void>): Promise<void> {
  return withServed(async (served) => {
    for (const mechanism of sasl.scram) await scramUsers(served.log).set('alice', { mechanism, password: 'wonder' })
    await served.log.admin.createTopics([{ topic: 't', partitions: 1 }])
    await work(served)
  }, listener)
}

async function producesAndConsumes(served: Served, login: string): Promise<void> {
  await kcat(served, `-P -t t ${login}`, 'a\nb\n')
  expect(await consumed(served, `-C -t t ${login}`, '%s')).toEqual(['a', 'b'])
  expect(await valuesIn(served.log, 't')).toEqual(['a', 'b'])
}

async function isRefused({ bootstrap }: Served, login: string, reason: RegExp): Promise<void> {
  const { code, stderr } = await runClient('kcat', ['-b', bootstrap, '-L', '-m', '2', ...login.split(' ')])
  expect(code).not.toBe(0)
  expect(stderr).toMatch(reason)
}

test.for(['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'])('logs in with %s over TLS', (mechanism) =>
  withListener({ tls, sasl }, (served) =>
    producesAndConsumes(served, `-X security.protocol=sasl_ssl ${overTls} ${as(mechanism)}`),
  ),
)

test.for(['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'])('is refused with the wrong password of %s', (mechanism) =>
  withListener({ sasl }, (served) =>
    isRefused(served, `-X security.protocol=sasl_plaintext ${as(mechanism, 'else')}`, /authentication/i),
  ),
)

test('is told that a mechanism is not offered', () =>
  withListener({ sasl: { scram: ['SCRAM-SHA-512'] } }, (served) =>
    isRefused(served, `-X security.protocol=sasl_plaintext ${as('PLAIN')}`, /unsupported|mechanism/i),
  ))

/** Of somebody who signs; kcat's own tokens are not signed. */
const keys = JSON.stringify({
  keys: [{ ...generateKeyPairSync('ec', { namedCurve: 'prime256v1' }).publicKey.export({ format: 'jwk' }), kid: 'one' }],
})

test('is nobody with a token that is not signed', () =>
  withListener({ sasl: { oauthBearer: { keys, issuer: 'https://issuer', audience: 'millrace' } } }, (served) =>
    isRefused(
      served,
      '-X security.protocol=sasl_plaintext -X sasl.mechanisms=OAUTHBEARER -X enable.sasl.oauthbearer.unsecure.jwt=true -X sasl.oauthbearer.config=principal=alice',
      /authentication/i,
    ),
  ))

test('is who its certificate says, and nobody without one', () =>
  withListener({ tls: { ...tls, authorities: text('authority.pem'), clients: 'required' } }, async (served) => {
    const certified = `-X ssl.certificate.location=${pem('client.pem')} -X ssl.key.location=${pem('client.key')}`
    await producesAndConsumes(served, `-X security.protocol=ssl ${overTls} ${certified}`)
    await isRefused(served, `-X security.protocol=ssl ${overTls}`, /transport|ssl|certificate/i)
  }))

test('does not talk plainly to a listener of TLS, nor to a server that it does not know', () =>
  withListener({ tls }, async (served) => {
    await isRefused(served, '-X security.protocol=plaintext', /transport|disconnected/i)
    await isRefused(served, '-X security.protocol=ssl', /certificate|ssl|transport/i)
  }))
