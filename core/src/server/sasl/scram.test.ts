import { createHmac, randomBytes } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { saltedPassword, scramHash, scramHmac, scramKeys } from '../../broker/secrets.ts'
import type { SaslExchange, SaslStep } from './mechanism.ts'
import { scram } from './scram.ts'

type Name = 'SCRAM-SHA-256' | 'SCRAM-SHA-512'

const salt = Buffer.from('W22ZaJ0SNY7soEsUEjb6gQ==', 'base64')
const serverNonce = '%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0'

/** One user, with the password of the RFC; everybody else gets what is made up. */
function exchange(name: Name = 'SCRAM-SHA-256', known = 'user', nonce = serverNonce): SaslExchange {
  const credential = { ...scramKeys(name, saltedPassword(name, 'pencil', salt, 4096)), salt, iterations: 4096 }
  const fake = { ...scramKeys(name, randomBytes(32)), salt: randomBytes(16), iterations: 4096 }
  const users = { credential: (user: string) => (user === known ? credential : null), fakeCredential: () => fake }
  return scram(name, users, () => nonce).begin()
}

const textOf = (step: SaslStep): string => (step.kind === 'refused' ? step.reason : Buffer.from(step.token).toString())

async function steps(one: SaslExchange, ...texts: readonly string[]): Promise<SaslStep> {
  let last: SaslStep | null = null
  for (const text of texts) last = await one.step(Buffer.from(text))
  return last!
}

/** What a client answers to the server's first message. */
function finalOf(name: Name, bare: string, serverFirst: string, password = 'pencil', header = 'n,,', before = ''): string {
  const [, nonce, salted, iterations] = /^r=([^,]+),s=([^,]+),i=(\d+)$/.exec(serverFirst)!
  const key = saltedPassword(name, password, Buffer.from(salted!, 'base64'), Number(iterations))
  const withoutProof = `c=${Buffer.from(header).toString('base64')},r=${before}${nonce}`
  const clientKey = scramHmac(name, key, 'Client Key')
  const signature = scramHmac(name, scramHash(name, clientKey), `${bare},${serverFirst},${withoutProof}`)
  return `${withoutProof},p=${Buffer.from(clientKey.map((byte, index) => byte ^ signature[index]!)).toString('base64')}`
}

describe('SEC-4: SCRAM', () => {
  test('the example of RFC 7677', async () => {
    const one = exchange()
    expect(textOf(await steps(one, 'n,,n=user,r=rOprNGfwEbeRWgbNEkqO'))).toBe(
      'r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096',
    )
    const last = 'c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ='
    const done = await steps(one, last)
    expect(done).toMatchObject({ kind: 'done', principal: { type: 'User', name: 'user' }, lastsMs: null })
    expect(textOf(done)).toBe('v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=')
  })

  test.each(['SCRAM-SHA-256', 'SCRAM-SHA-512'] as const)('%s takes the password, and no other', async (name) => {
    for (const [password, kind] of [
      ['pencil', 'done'],
      ['Pencil', 'refused'],
      ['', 'refused'],
    ] as const) {
      const one = exchange(name)
      const serverFirst = textOf(await steps(one, 'n,,n=user,r=abc'))
      expect((await steps(one, finalOf(name, 'n=user,r=abc', serverFirst, password))).kind).toBe(kind)
    }
  })

  test('the server shows that it knows the password too', async () => {
    const one = exchange('SCRAM-SHA-512')
    const serverFirst = textOf(await steps(one, 'n,,n=user,r=abc'))
    const last = finalOf('SCRAM-SHA-512', 'n=user,r=abc', serverFirst)
    const signed = `n=user,r=abc,${serverFirst},${last.slice(0, last.indexOf(',p='))}`
    const { serverKey } = scramKeys('SCRAM-SHA-512', saltedPassword('SCRAM-SHA-512', 'pencil', salt, 4096))
    expect(textOf(await steps(one, last))).toBe(`v=${createHmac('sha512', serverKey).update(signed).digest('base64')}`)
  })

  test('an authzid must be the user', async () => {
    expect(await steps(exchange(), 'n,a=root,n=user,r=abc')).toMatchObject({
      kind: 'refused',
      reason: '"user" asks to be "root"',
    })
    const one = exchange()
    const serverFirst = textOf(await steps(one, 'n,a=user,n=user,r=abc'))
    const last = finalOf('SCRAM-SHA-256', 'n=user,r=abc', serverFirst, 'pencil', 'n,a=user,')
    expect((await steps(one, last)).kind).toBe('done')
  })

  test('names are written with =2C and =3D', async () => {
    const one = exchange('SCRAM-SHA-256', 'a,b=c')
    const serverFirst = textOf(await steps(one, 'n,,n=a=2Cb=3Dc,r=abc'))
    expect(await steps(one, finalOf('SCRAM-SHA-256', 'n=a=2Cb=3Dc,r=abc', serverFirst))).toMatchObject({
      principal: { name: 'a,b=c' },
    })
    expect((await steps(exchange(), 'n,,n=a=b,r=abc')).kind).toBe('refused')
  })

  test.each([
    ['another nonce', (last: string) => last.replace('r=abc', 'r=abd')],
    ['the nonce of the client alone', (last: string) => last.replace(serverNonce, '')],
    ['another channel binding', (last: string) => last.replace('c=biws', `c=${Buffer.from('y,,').toString('base64')}`)],
    ['no proof', (last: string) => last.replace(/,p=.*/, '')],
    ['a proof that is too short', (last: string) => last.replace(/,p=.*/, ',p=AAAA')],
    ['a proof of zeros', (last: string) => last.replace(/,p=.*/, `,p=${Buffer.alloc(32).toString('base64')}`)],
    ['an extension', (last: string) => last.replace(',p=', ',m=x,p=')],
  ])('a last message with %s is refused', async (_, change) => {
    const one = exchange()
    const serverFirst = textOf(await steps(one, 'n,,n=user,r=abc'))
    expect((await steps(one, change(finalOf('SCRAM-SHA-256', 'n=user,r=abc', serverFirst)))).kind).toBe('refused')
  })

  test('the last message may have the nonce of the client twice, as of librdkafka 2.0.2', async () => {
    const one = exchange()
    const serverFirst = textOf(await steps(one, 'n,,n=user,r=abc'))
    const last = finalOf('SCRAM-SHA-256', 'n=user,r=abc', serverFirst, 'pencil', 'n,,', 'abc')
    expect((await steps(one, last)).kind).toBe('done')
    const other = exchange()
    await steps(other, 'n,,n=user,r=abc')
    expect((await steps(other, last.replace('r=abcabc', 'r=abc'))).kind).toBe('refused') // the proof is over it
  })

  test('a last message that was heard before is refused: the nonce is another one', async () => {
    const one = exchange()
    const last = finalOf('SCRAM-SHA-256', 'n=user,r=abc', textOf(await steps(one, 'n,,n=user,r=abc')))
    expect((await steps(one, last)).kind).toBe('done')
    expect((await steps(exchange('SCRAM-SHA-256', 'user', 'another'), 'n,,n=user,r=abc', last)).kind).toBe('refused')
  })

  test.each([
    'p=tls-unique,,n=user,r=abc',
    'n,,m=x,n=user,r=abc',
    'n,,n=user,r=abc,tokenauth=true',
    'n,,n=,r=abc',
    'n,,n=user,r=',
    '',
  ])('the first message %j is refused', async (text) => expect((await steps(exchange(), text)).kind).toBe('refused'))

  test('a user that there is not is asked like any other, and fails at the end with the same words', async () => {
    const reasons = []
    for (const user of ['user', 'nobody']) {
      const one = exchange()
      const first = await steps(one, `n,,n=${user},r=abc`)
      expect(textOf(first)).toMatch(/^r=abc\S+,s=[A-Za-z0-9+/=]{24},i=4096$/)
      const last = await steps(one, finalOf('SCRAM-SHA-256', `n=${user},r=abc`, textOf(first), 'wrong'))
      reasons.push(textOf(last).replace(`"${user}"`, ''))
    }
    expect(new Set(reasons).size).toBe(1)
  })
})
