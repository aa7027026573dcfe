import type { Clock } from '../../base/clock.ts'
import { noToken, quoted, refused, type SaslMechanism, type SaslStep } from './mechanism.ts'
import type { WebKeySet } from './web-key-set.ts'

export interface TokenTerms {
  /** Those that hold now; one that a token names and that is not there may be looked for. */
  readonly keys: (keyId: string) => WebKeySet | Promise<WebKeySet>
  /** `iss` of a token. */
  readonly issuer: string
  /** One of these stands in `aud`. */
  readonly audiences: readonly string[]
  /** The claim with the name of the user. */
  readonly nameClaim: string
  /** How far the clock of the issuer may be off. */
  readonly clockSkewMs: number
}

/**
 * OAUTHBEARER (RFC 7628): `n,[a=authzid],^Aauth=Bearer <token>^A^A`, where the token is a JSON web token (RFC 7519) that is signed with
 * one of the issuer's keys. The session lasts as long as the token. A failure is answered as any other, without RFC 7628's JSON.
 */
export function oauthBearer(terms: TokenTerms, clock: Clock): SaslMechanism {
  return { name: 'OAUTHBEARER', begin: () => ({ step: (token) => step(token, terms, clock) }) }
}

async function step(message: Uint8Array, terms: TokenTerms, clock: Clock): Promise<SaslStep> {
  const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(message)
  const [header = '', ...pairs] = text.split('\u0001')
  const [known, authzid] = /^[ny],(?:a=([^,]*))?,$/.exec(header) ?? []
  const token = bearerIn(pairs)
  if (known === undefined || token === null) return refused('the message is not of OAUTHBEARER')
  const [, head, body, signature] = /^([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)$/.exec(token) ?? []
  if (signature === undefined) return refused('the token is not signed, or no JSON web token')
  const parameters = objectIn(head!)
  const claims = objectIn(body!)
  if (parameters === null || claims === null) return refused('the token holds no JSON')
  const { alg, kid, crit } = parameters
  if (typeof alg !== 'string' || typeof kid !== 'string' || crit !== undefined)
    return refused('the token names no algorithm or no key, or has extensions')
  const keys = await terms.keys(kid)
  if (!keys.has(kid)) return refused(`the key ${quoted(kid)} is not one of the issuer`)
  if (!keys.verifies(kid, alg, Buffer.from(`${head}.${body}`), Buffer.from(signature, 'base64url')))
    return refused(`the signature is not good, or ${quoted(alg)} does not belong to its key`)
  return judged(claims, authzid, terms, clock.now())
}

/** `key=value` each, and nothing behind the last. */
function bearerIn(pairs: readonly string[]): string | null {
  if (pairs.length < 3 || pairs.at(-1) !== '' || pairs.at(-2) !== '') return null
  const [auth, ...more] = pairs.filter((pair) => pair.startsWith('auth='))
  return more.length > 0 ? null : (/^auth=bearer +([^ ]+)$/i.exec(auth ?? '')?.[1] ?? null)
}

type Claims = Readonly<Record<string, unknown>>

function judged(claims: Claims, authzid: string | undefined, terms: TokenTerms, nowMs: number): SaslStep {
  const { issuer, audiences, nameClaim, clockSkewMs } = terms
  const { iss, aud, exp, nbf, iat } = claims
  if (iss !== issuer) return refused(`the issuer is another one: ${quoted(String(iss))}`)
  if (![aud].flat().some((one) => typeof one === 'string' && audiences.includes(one)))
    return refused(`the token is for others: ${quoted(String(aud))}`)
  if (!isTime(exp) || exp * 1_000 + clockSkewMs <= nowMs) return refused('the token has expired, or never does')
  for (const [name, time] of Object.entries({ nbf, iat }))
    if (time !== undefined && (!isTime(time) || time * 1_000 - clockSkewMs > nowMs))
      return refused(`the token does not hold yet (${name})`)
  const name = Object.hasOwn(claims, nameClaim) ? claims[nameClaim] : undefined
  if (typeof name !== 'string' || name === '') return refused(`the token has no ${nameClaim}`)
  if (authzid !== undefined && authzid !== '' && authzid !== name) return refused(`${quoted(name)} asks to be ${quoted(authzid)}`)
  const lastsMs = Math.max(1, exp * 1_000 + clockSkewMs - nowMs)
  return { kind: 'done', token: noToken, principal: { type: 'User', name }, lastsMs }
}

function isTime(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0 && value < 1e11
}

function objectIn(part: string): Claims | null {
  const parsed: unknown = JSON.parse(Buffer.from(part, 'base64url').toString('utf8'))
  return typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed) ? (parsed as Claims) : null
}
