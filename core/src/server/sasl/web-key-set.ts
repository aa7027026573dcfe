import { createPublicKey, verify, type JsonWebKey, type KeyObject } from 'node:crypto'
import { coreError } from '../../base/error-catalogue.ts'

/** How each algorithm verifies, and of what kind its keys are. What is not here is refused: `none`, and all that share a secret. */
const algorithms: Readonly<Record<string, Algorithm>> = {
  RS256: { kind: 'rsa', hash: 'sha256' },
  RS384: { kind: 'rsa', hash: 'sha384' },
  RS512: { kind: 'rsa', hash: 'sha512' },
  PS256: { kind: 'rsa', hash: 'sha256', isPss: true },
  PS384: { kind: 'rsa', hash: 'sha384', isPss: true },
  PS512: { kind: 'rsa', hash: 'sha512', isPss: true },
  ES256: { kind: 'ec', hash: 'sha256', curve: 'prime256v1' },
  ES384: { kind: 'ec', hash: 'sha384', curve: 'secp384r1' },
  ES512: { kind: 'ec', hash: 'sha512', curve: 'secp521r1' },
  EdDSA: { kind: 'ed25519', hash: null },
}

interface Algorithm {
  readonly kind: 'rsa' | 'ec' | 'ed25519'
  readonly hash: string | null
  readonly curve?: string
  readonly isPss?: true
}

interface WebKey {
  readonly key: KeyObject
  /** The only algorithm that it is for, where it says so. */
  readonly algorithm: string | null
}

/** Public keys by their ids (RFC 7517). */
export interface WebKeySet {
  readonly size: number
  has(keyId: string): boolean
  /** Whether one of these keys signed it. A key is never used with an algorithm of another kind. */
  verifies(keyId: string, algorithm: string, signed: Uint8Array, signature: Uint8Array): boolean
}

/**
 * Of a JSON web key set. Keys that are not for signatures, or are shared secrets, are left out.
 * @throws TOKEN_KEYS_INVALID when it is none, or holds no key that is left
 */
export function webKeySet(json: string): WebKeySet {
  const keys = new Map<string, WebKey>()
  for (const one of keysIn(json)) {
    const { kid, use, alg, kty } = one as Readonly<Record<string, unknown>>
    if (typeof kid !== 'string' || (use !== undefined && use !== 'sig') || kty === 'oct') continue
    const key = publicKey(one)
    if (key !== null) keys.set(kid, { key, algorithm: typeof alg === 'string' ? alg : null })
  }
  if (keys.size === 0) throw invalid('the key set holds no public key with an id')
  return {
    size: keys.size,
    has: (keyId) => keys.has(keyId),
    verifies: (keyId, algorithm, signed, signature) => verifies(keys.get(keyId), algorithm, signed, signature),
  }
}

function verifies(found: WebKey | undefined, name: string, signed: Uint8Array, signature: Uint8Array): boolean {
  const algorithm = Object.hasOwn(algorithms, name) ? algorithms[name]! : null
  if (found === undefined || algorithm === null || (found.algorithm !== null && found.algorithm !== name)) return false
  const { key } = found
  if (key.asymmetricKeyType !== algorithm.kind) return false
  const { namedCurve, modulusLength } = key.asymmetricKeyDetails ?? {}
  if (algorithm.curve !== undefined && namedCurve !== algorithm.curve) return false
  if (algorithm.kind === 'rsa' && (modulusLength ?? 0) < 2_048) return false
  const padding = algorithm.isPss === true ? pss : {}
  return verify(algorithm.hash, signed, { key, dsaEncoding: 'ieee-p1363', ...padding }, signature)
}

/** RSA_PKCS1_PSS_PADDING, with a salt as long as the digest (RSA_PSS_SALTLEN_DIGEST). */
const pss = { padding: 6, saltLength: -1 }

function keysIn(json: string): readonly object[] {
  try {
    const { keys } = JSON.parse(json) as { readonly keys?: unknown }
    if (Array.isArray(keys)) return keys.filter((one) => typeof one === 'object' && one !== null)
  } catch (cause) {
    throw invalid('the key set is no JSON', cause)
  }
  throw invalid('the key set has no keys')
}

function publicKey(jwk: object): KeyObject | null {
  try {
    return createPublicKey({ key: jwk as JsonWebKey, format: 'jwk' })
  } catch {
    return null // of a kind that this version does not know
  }
}

function invalid(what: string, cause?: unknown): Error {
  return coreError('TOKEN_KEYS_INVALID', { what, ...(cause === undefined ? {} : { cause }) })
}
