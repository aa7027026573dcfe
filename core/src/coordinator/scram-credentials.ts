import { coreError } from '../base/error-catalogue.ts'

/**
 * SCRAM credentials (RFC 5802, KIP-554), replayed from the metadata log:
 *
 *   scram/<mechanism>/<user>   { v: 1, iterations, salt, storedKey, serverKey }     bytes as base64; null: removed
 *   scram-secret               { v: 1, secret }              what the salts of users that there are not are made of
 *
 * Invariants
 *   SC1  No password and no salted password is ever in a record: from what is here nobody can log in.
 */
export const scramMechanisms = ['SCRAM-SHA-256', 'SCRAM-SHA-512'] as const
export type ScramMechanism = (typeof scramMechanisms)[number]

/** Kafka's bounds. */
export const minIterations = 4_096
export const maxIterations = 16_384

export interface ScramCredential {
  readonly iterations: number
  readonly salt: Uint8Array
  readonly storedKey: Uint8Array
  readonly serverKey: Uint8Array
}

interface CredentialRecord {
  readonly key: string
  readonly value: string | null
}

export const scramPrefix = 'scram/'
export const scramSecretKey = 'scram-secret'
const version = 1

export class ScramCredentials {
  private readonly byUser = new Map<string, Map<ScramMechanism, ScramCredential>>()
  /** Null: there was never a credential. */
  secret: Uint8Array | null = null

  get users(): readonly string[] {
    return [...this.byUser.keys()]
  }

  of(user: string): ReadonlyMap<ScramMechanism, ScramCredential> {
    return this.byUser.get(user) ?? new Map()
  }

  replay(key: string, value: string | null): void {
    if (key === scramSecretKey) {
      this.secret = value === null ? null : bytesOf(parse<{ readonly secret: string }>(key, value).secret)
      return
    }
    const [, mechanism, user] = /^scram\/(SCRAM-SHA-256|SCRAM-SHA-512)\/([^]+)$/.exec(key) ?? []
    if (mechanism === undefined) throw unsupported(key, 'no mechanism of this version')
    if (value === null) this.remove(user!, mechanism as ScramMechanism)
    else this.set(user!, mechanism as ScramMechanism, credentialIn(key, value))
  }

  private set(user: string, mechanism: ScramMechanism, credential: ScramCredential): void {
    const own = this.byUser.get(user) ?? new Map<ScramMechanism, ScramCredential>()
    own.set(mechanism, credential)
    this.byUser.set(user, own)
  }

  private remove(user: string, mechanism: ScramMechanism): void {
    const own = this.byUser.get(user)
    own?.delete(mechanism)
    if (own?.size === 0) this.byUser.delete(user)
  }
}

export function credentialRecord(user: string, mechanism: ScramMechanism, credential: ScramCredential | null): CredentialRecord {
  const key = `${scramPrefix}${mechanism}/${user}`
  if (credential === null) return { key, value: null }
  const { iterations, salt, storedKey, serverKey } = credential
  const value = { v: version, iterations, salt: base64(salt), storedKey: base64(storedKey), serverKey: base64(serverKey) }
  return { key, value: JSON.stringify(value) }
}

export function secretRecord(secret: Uint8Array): CredentialRecord {
  return { key: scramSecretKey, value: JSON.stringify({ v: version, secret: base64(secret) }) }
}

interface StoredCredential {
  readonly iterations: number
  readonly salt: string
  readonly storedKey: string
  readonly serverKey: string
}

function credentialIn(key: string, value: string): ScramCredential {
  const { iterations, salt, storedKey, serverKey } = parse<StoredCredential>(key, value)
  return { iterations, salt: bytesOf(salt), storedKey: bytesOf(storedKey), serverKey: bytesOf(serverKey) }
}

function parse<T>(key: string, value: string): T {
  const parsed = JSON.parse(value) as { readonly v?: unknown } | null
  if (parsed?.v !== version) throw unsupported(key, String(parsed?.v))
  return parsed as T
}

function unsupported(key: string, received: string): Error {
  return coreError('UNSUPPORTED_FORMAT', {
    what: 'a metadata record has another version',
    where: key,
    expected: version,
    received,
  })
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64')
}

function bytesOf(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, 'base64'))
}
