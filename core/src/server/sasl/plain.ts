import type { Random } from '../../base/random.ts'
import { digestOf, sameSecret } from '../../broker/secrets.ts'
import { noToken, quoted, refused, type SaslMechanism, type SaslStep } from './mechanism.ts'

/**
 * PLAIN (RFC 4616): `[authzid] NUL authcid NUL password`, one token. Only for users whose passwords stand in the configuration; what
 * is kept of these in memory are digests under a key that is drawn anew by each process.
 */
export function plain(users: Readonly<Record<string, string>>, random: Random): SaslMechanism {
  const key = random.bytes(32)
  const digests = new Map(Object.entries(users).map(([user, password]) => [user, digestOf(key, password)]))
  const nobody = random.bytes(32)
  const step = (token: Uint8Array): SaslStep => {
    const parts = textOf(token).split('\0')
    const [authzid = '', user = '', password = ''] = parts
    if (parts.length !== 3 || user === '' || password === '') return refused('the token is not of PLAIN')
    if (authzid !== '' && authzid !== user) return refused(`${quoted(user)} asks to be ${quoted(authzid)}`)
    const known = digests.get(user)
    // Compared in any case, so that the time does not tell which users there are.
    const isRight = sameSecret(known ?? nobody, digestOf(key, password))
    if (known === undefined || !isRight) return refused(`no such user, or another password: ${quoted(user)}`)
    return { kind: 'done', token: noToken, principal: { type: 'User', name: user }, lastsMs: null }
  }
  return { name: 'PLAIN', begin: () => ({ step }) }
}

function textOf(token: Uint8Array): string {
  return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(token)
}
