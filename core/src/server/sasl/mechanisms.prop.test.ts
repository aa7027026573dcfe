import { fc, test } from '@fast-check/vitest'
import { describe, expect } from 'vitest'
import { saltedPassword, scramKeys } from '../../broker/secrets.ts'
import { simWorld } from '../../simulation/sim-world.ts'
import type { SaslMechanism, SaslStep } from './mechanism.ts'
import { oauthBearer } from './oauth-bearer.ts'
import { plain } from './plain.ts'
import { scram } from './scram.ts'
import type { WebKeySet } from './web-key-set.ts'

const { random, clock } = simWorld({ seed: 1 })
const salt = Buffer.from('salt')
const credential = {
  ...scramKeys('SCRAM-SHA-256', saltedPassword('SCRAM-SHA-256', 'wonder', salt, 4096)),
  salt,
  iterations: 4096,
}
const users = { credential: (user: string) => (user === 'alice' ? credential : null), fakeCredential: () => credential }
const keys: WebKeySet = { size: 1, has: () => true, verifies: () => false }

const mechanisms: readonly SaslMechanism[] = [
  plain({ alice: 'wonder' }, random),
  scram('SCRAM-SHA-256', users, () => 'nonce'),
  oauthBearer({ keys: () => keys, issuer: 'i', audiences: ['a'], nameClaim: 'sub', clockSkewMs: 0 }, clock),
]

/** What nobody means, and what is nearly right. */
const tokens = fc.oneof(
  fc.uint8Array({ maxLength: 200 }),
  fc.string({ unit: 'binary', maxLength: 50 }).map((text) => Buffer.from(text)),
  fc
    .constantFrom('n,,n=alice,r=abc', 'n,,n=nobody,r=abc', 'y,a=alice,n=alice,r=abc', '\0alice\0', 'c=biws,r=abcnonce,p=AAAA')
    .map((text) => Buffer.from(text)),
  fc
    .array(
      fc.constantFrom(
        'n,,',
        'n=',
        'alice',
        'r=',
        'a=',
        ',',
        '=',
        '=2C',
        'c=biws',
        'p=',
        'AAAA',
        '\0',
        '\u0001',
        'auth=Bearer ',
        'e30.e30.AA',
      ),
    )
    .map((parts) => Buffer.from(parts.join(''))),
)

describe.each(mechanisms.map((one) => [one.name, one] as const))('%s', (_, mechanism) => {
  test.prop([fc.array(tokens, { minLength: 1, maxLength: 4 })])('lets nobody in who does not know the secret', async (sent) => {
    const exchange = mechanism.begin()
    for (const token of sent) {
      const step = await Promise.resolve()
        .then(() => exchange.step(token))
        .catch((error: unknown): SaslStep => {
          expect(error).toBeInstanceOf(Error) // as the session takes it: refused
          return { kind: 'refused', reason: '' }
        })
      expect(step.kind).not.toBe('done')
      if (step.kind === 'refused') return
    }
  })
})
