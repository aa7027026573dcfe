import { createHmac, generateKeyPairSync, sign, type KeyObject } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { simWorld } from '../../simulation/sim-world.ts'
import type { SaslStep } from './mechanism.ts'
import { oauthBearer } from './oauth-bearer.ts'
import { TokenKeys } from './token-keys.ts'
import { webKeySet } from './web-key-set.ts'

const startTimeMs = 1_700_000_000_000
const now = startTimeMs / 1_000

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
const small = generateKeyPairSync('rsa', { modulusLength: 1024 })
const ec = generateKeyPairSync('ec', { namedCurve: 'prime256v1' })
const ed = generateKeyPairSync('ed25519')
const stranger = generateKeyPairSync('ec', { namedCurve: 'prime256v1' })

const jwk = (key: KeyObject, more: object): object => ({ ...key.export({ format: 'jwk' }), ...more })
const keySet = JSON.stringify({
  keys: [
    jwk(rsa.publicKey, { kid: 'rsa', use: 'sig' }),
    jwk(rsa.publicKey, { kid: 'rsa-pss', alg: 'PS256' }),
    jwk(rsa.publicKey, { kid: 'for-secrets', use: 'enc' }),
    jwk(small.publicKey, { kid: 'small' }),
    jwk(ec.publicKey, { kid: 'ec' }),
    jwk(ed.publicKey, { kid: 'ed' }),
    { kty: 'oct', kid: 'shared', k: Buffer.from('shared secret').toString('base64url') },
    jwk(ec.publicKey, {}),
    { kty: 'of the future', kid: 'new' },
  ],
})

const base64url = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')

const claims = { iss: 'https://issuer', aud: ['others', 'millrace'], sub: 'alice', exp: now + 60 }

function token(header: object, body: object, signer: (signed: Buffer) => Buffer): string {
  const signed = `${base64url(header)}.${base64url(body)}`
  return `${signed}.${signer(Buffer.from(signed)).toString('base64url')}`
}

const byEc = (key: KeyObject) => (signed: Buffer) => sign('sha256', signed, { key, dsaEncoding: 'ieee-p1363' })
const byRsa = (key: KeyObject) => (signed: Buffer) => sign('sha256', signed, key)
const byPss = (signed: Buffer): Buffer => sign('sha256', signed, { key: rsa.privateKey, padding: 6, saltLength: 32 })

const ecToken = (body: object, header: object = {}): string =>
  token({ alg: 'ES256', kid: 'ec', ...header }, body, byEc(ec.privateKey))

async function judged(text: string, nameClaim = 'sub', header = 'n,,'): Promise<SaslStep> {
  const keys = webKeySet(keySet)
  const terms = { keys: () => keys, issuer: 'https://issuer', audiences: ['millrace'], nameClaim, clockSkewMs: 30_000 }
  const message = `${header}\u0001auth=Bearer ${text}\u0001\u0001`
  try {
    return await oauthBearer(terms, simWorld({ seed: 1, startTimeMs }).clock)
      .begin()
      .step(Buffer.from(message))
  } catch (error) {
    return { kind: 'refused', reason: String(error) } // as the session takes it
  }
}

describe('SEC-5: OAUTHBEARER', () => {
  test.each([
    ['ES256', ecToken(claims)],
    ['RS256', token({ alg: 'RS256', kid: 'rsa' }, claims, byRsa(rsa.privateKey))],
    ['PS256', token({ alg: 'PS256', kid: 'rsa-pss' }, claims, byPss)],
    ['EdDSA', token({ alg: 'EdDSA', kid: 'ed' }, claims, (signed) => sign(null, signed, ed.privateKey))],
  ])('a token that is signed with %s is taken, for as long as it lasts', async (_, text) => {
    expect(await judged(text)).toMatchObject({ kind: 'done', principal: { name: 'alice' }, lastsMs: 90_000 })
  })

  test('the name may stand in another claim, and an authzid must be it', async () => {
    expect(await judged(ecToken({ ...claims, client: 'app' }), 'client')).toMatchObject({ principal: { name: 'app' } })
    expect((await judged(ecToken(claims), 'sub', 'n,a=alice,')).kind).toBe('done')
    expect((await judged(ecToken(claims), 'sub', 'n,a=root,')).kind).toBe('refused')
  })

  test.each([
    ['alg none', `${base64url({ alg: 'none', kid: 'ec' })}.${base64url(claims)}.`],
    ['alg none and a signature', token({ alg: 'none', kid: 'ec' }, claims, byEc(ec.privateKey))],
    [
      'the public key as a shared secret (RS and HS confused)',
      token({ alg: 'HS256', kid: 'rsa' }, claims, (signed) =>
        createHmac('sha256', rsa.publicKey.export({ type: 'spki', format: 'pem' }))
          .update(signed)
          .digest(),
      ),
    ],
    [
      'a shared secret of the key set',
      token({ alg: 'HS256', kid: 'shared' }, claims, (signed) => createHmac('sha256', 'shared secret').update(signed).digest()),
    ],
    ['another algorithm than its key is for', token({ alg: 'RS256', kid: 'rsa-pss' }, claims, byRsa(rsa.privateKey))],
    ['an algorithm of another kind of key', token({ alg: 'RS256', kid: 'ec' }, claims, byEc(ec.privateKey))],
    ['a key that is too small', token({ alg: 'RS256', kid: 'small' }, claims, byRsa(small.privateKey))],
    ['a key that is not for signatures', token({ alg: 'RS256', kid: 'for-secrets' }, claims, byRsa(rsa.privateKey))],
    ['a key that nobody knows', ecToken(claims, { kid: 'other' })],
    ['no key id', ecToken(claims, { kid: undefined })],
    ['an extension that must be understood', ecToken(claims, { crit: ['b64'], b64: false })],
    ['the signature of somebody else', token({ alg: 'ES256', kid: 'ec' }, claims, byEc(stranger.privateKey))],
    ['claims that were changed', ecToken(claims).replace(/\.[^.]+\./, `.${base64url({ ...claims, sub: 'root' })}.`)],
    ['another issuer', ecToken({ ...claims, iss: 'https://other' })],
    ['no issuer', ecToken({ ...claims, iss: undefined })],
    ['another audience', ecToken({ ...claims, aud: 'others' })],
    ['no audience', ecToken({ ...claims, aud: undefined })],
    ['a time that is over', ecToken({ ...claims, exp: now - 31 })],
    ['no end', ecToken({ ...claims, exp: undefined })],
    ['an end that is no number', ecToken({ ...claims, exp: `${now + 60}` })],
    ['a beginning that is to come', ecToken({ ...claims, nbf: now + 31 })],
    ['a birth that is to come', ecToken({ ...claims, iat: now + 31 })],
    ['no name', ecToken({ ...claims, sub: undefined })],
    ['an empty name', ecToken({ ...claims, sub: '' })],
    ['no JSON', 'YQ.YQ.YQ'],
    ['two parts', 'YQ.YQ'],
  ])('a token with %s is refused', async (_, text) => {
    expect(await judged(text)).toMatchObject({ kind: 'refused' })
  })

  test.each(['n,,', 'n,,\u0001\u0001', 'p=x,,\u0001auth=Bearer a.b.c\u0001\u0001', 'n,,\u0001auth=Basic a.b.c\u0001\u0001'])(
    'the message %j is refused',
    async (message) => {
      const terms = { keys: () => webKeySet(keySet), issuer: 'i', audiences: ['a'], nameClaim: 'sub', clockSkewMs: 0 }
      const step = oauthBearer(terms, simWorld({ seed: 1 }).clock)
        .begin()
        .step(Buffer.from(message))
      expect(await step).toMatchObject({ kind: 'refused', reason: 'the message is not of OAUTHBEARER' })
    },
  )

  test.each(['', '{}', '{"keys":[]}', '{"keys":[{"kty":"oct","kid":"a","k":"YQ"}]}', '[]'])('no keys are in %j', (json) => {
    expect(() => webKeySet(json)).toThrow(expect.objectContaining({ code: 'TOKEN_KEYS_INVALID' }))
  })

  test('without keys it does not begin; later a look that fails leaves those that were', async () => {
    const { clock, run } = simWorld({ seed: 1 })
    await expect(TokenKeys.open({ read: () => '{}', clock, refreshMs: 1, onError: () => {} })).rejects.toMatchObject({
      code: 'TOKEN_KEYS_INVALID',
    })
    const errors: unknown[] = []
    let text = keySet
    let looks = 0
    const read = (): string => (looks++, text)
    const keys = await TokenKeys.open({ read, clock, refreshMs: 60_000, onError: (error) => void errors.push(error) })
    const wait = (ms: number): Promise<void> => run(() => new Promise((resolve) => void clock.after(ms, resolve)))
    text = 'torn'
    for (let round = 0; round < 3; round++) expect((await keys.keys('other')).has('ec')).toBe(true)
    expect(looks).toBe(1) // not at every name that somebody makes up
    await wait(10_000)
    expect((await keys.keys('other')).has('ec')).toBe(true)
    expect([looks, errors.length]).toEqual([2, 1])
    text = JSON.stringify({ keys: [jwk(stranger.publicKey, { kid: 'other' })] })
    await wait(10_000)
    expect((await keys.keys('other')).has('other')).toBe(true)
    expect((await keys.keys('other')).has('ec')).toBe(false)
    await wait(60_000)
    await keys.keys('other')
    expect(looks).toBe(4)
  })
})
