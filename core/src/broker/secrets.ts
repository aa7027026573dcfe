import { createHash, createHmac, pbkdf2Sync, timingSafeEqual } from 'node:crypto'
import type { ScramMechanism } from '../coordinator/scram-credentials.ts'

/** Whether two secrets are the same. How long it takes tells nothing of where they differ. */
export function sameSecret(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && timingSafeEqual(one, other)
}

/** Of a text of any length, under a key: what is compared in the place of a password, so that not even its length shows. */
export function digestOf(key: Uint8Array, text: string): Uint8Array {
  return createHmac('sha256', key).update(text, 'utf8').digest()
}

const hashes: Readonly<Record<ScramMechanism, string>> = { 'SCRAM-SHA-256': 'sha256', 'SCRAM-SHA-512': 'sha512' }
const sizes: Readonly<Record<ScramMechanism, number>> = { 'SCRAM-SHA-256': 32, 'SCRAM-SHA-512': 64 }

export function scramHmac(mechanism: ScramMechanism, key: Uint8Array, text: string): Uint8Array {
  return createHmac(hashes[mechanism], key).update(text, 'utf8').digest()
}

export function scramHash(mechanism: ScramMechanism, bytes: Uint8Array): Uint8Array {
  return createHash(hashes[mechanism]).update(bytes).digest()
}

/** `Hi` of RFC 5802: slow on purpose, 4,096 iterations take a few milliseconds. The password is taken as it is (no SASLprep), as Kafka does. */
export function saltedPassword(mechanism: ScramMechanism, password: string, salt: Uint8Array, iterations: number): Uint8Array {
  return pbkdf2Sync(password, salt, iterations, sizes[mechanism], hashes[mechanism])
}

/** What a server keeps: neither is of use to log in with. */
export interface ScramKeys {
  readonly storedKey: Uint8Array
  readonly serverKey: Uint8Array
}

export function scramKeys(mechanism: ScramMechanism, salted: Uint8Array): ScramKeys {
  const storedKey = scramHash(mechanism, scramHmac(mechanism, salted, 'Client Key'))
  return { storedKey, serverKey: scramHmac(mechanism, salted, 'Server Key') }
}
