import { coreError } from '../base/error-catalogue.ts'
import type { Random } from '../base/random.ts'
import {
  credentialRecord,
  maxIterations,
  minIterations,
  secretRecord,
  type ScramCredential,
  type ScramCredentials,
  type ScramMechanism,
} from '../coordinator/scram-credentials.ts'
import type { MetadataLog } from './metadata-log.ts'
import { digestOf, saltedPassword, scramKeys } from './secrets.ts'

/** Of a name, and of what a client makes of a password: no record of the metadata is to be large. */
const longest = 1_000

/** What becomes of one credential of a user. */
export type ScramChange =
  | {
      readonly kind: 'set'
      readonly mechanism: ScramMechanism
      readonly iterations: number
      readonly salt: Uint8Array
      /** As the client has made it of the password, which never comes here. */
      readonly saltedPassword: Uint8Array
    }
  | { readonly kind: 'remove'; readonly mechanism: ScramMechanism }

/**
 * Who can log in with SCRAM. The credentials are records of the metadata log.
 *
 * Invariants
 *   SU1  A user that there is not is answered for as if it were one: the same salt each time, from a secret of the directory.
 */
export class ScramUsers {
  private readonly metadata: MetadataLog
  private readonly random: Random
  /** For as long as there is no credential, and so no secret, in the log. */
  private readonly passingSecret: Uint8Array
  /** Until something changes. */
  private readonly usual = new Map<ScramMechanism, number>()

  constructor(metadata: MetadataLog, random: Random) {
    this.metadata = metadata
    metadata.onChange(() => this.usual.clear())
    this.random = random
    this.passingSecret = random.bytes(32)
  }

  private get credentials(): ScramCredentials {
    return this.metadata.view.scramCredentials
  }

  /** Null: the user has none of this mechanism. */
  credential(user: string, mechanism: ScramMechanism): ScramCredential | null {
    return this.credentials.of(user).get(mechanism) ?? null
  }

  /** For a user without a credential (SU1): nobody knows a password for it. */
  fakeCredential(user: string, mechanism: ScramMechanism): ScramCredential {
    const secret = this.credentials.secret ?? this.passingSecret
    const part = (what: string): Uint8Array => digestOf(secret, `${what}/${mechanism}/${user}`)
    const keys = scramKeys(mechanism, part('key'))
    return { ...keys, iterations: this.usualIterations(mechanism), salt: saltOf(part('salt')) }
  }

  /** What most credentials have. */
  private usualIterations(mechanism: ScramMechanism): number {
    const known = this.usual.get(mechanism)
    if (known !== undefined) return known
    const found = mostCommon(this.credentials.users.map((user) => this.credentials.of(user).get(mechanism)?.iterations))
    this.usual.set(mechanism, found ?? minIterations)
    return found ?? minIterations
  }

  /** Those that there are, once that is durable. */
  describe(): Promise<ReadonlyMap<string, ReadonlyMap<ScramMechanism, ScramCredential>>> {
    return this.metadata.answer(
      ({ scramCredentials }) => new Map(scramCredentials.users.map((user) => [user, new Map(scramCredentials.of(user))])),
    )
  }

  /** All changes of one user or none. @throws UNACCEPTABLE_CREDENTIAL, UNKNOWN_CREDENTIAL */
  async alter(user: string, changes: readonly ScramChange[]): Promise<void> {
    if (user === '' || user.length > longest) throw unacceptable('the name of a user is empty, or too long')
    for (const change of changes) check(user, change)
    await this.metadata.change(({ scramCredentials }) => {
      const secret = scramCredentials.secret === null ? [secretRecord(this.passingSecret)] : []
      return [...secret, ...changes.map((change) => recordOf(user, change, scramCredentials))]
    })
  }

  /** For whoever has the password: our own command. */
  setPassword(user: string, mechanism: ScramMechanism, password: string, iterations: number): Promise<void> {
    if (password === '') throw unacceptable('the password is empty')
    const salt = saltOf(this.random.bytes(32))
    const salted = saltedPassword(mechanism, password, salt, iterations)
    return this.alter(user, [{ kind: 'set', mechanism, iterations, salt, saltedPassword: salted }])
  }
}

function check(user: string, change: ScramChange): void {
  if (change.kind === 'remove') return
  const { iterations, salt, saltedPassword: salted } = change
  if (iterations < minIterations || iterations > maxIterations) {
    const expected = `${minIterations} to ${maxIterations}`
    throw unacceptable('the iterations are out of range', user, expected, iterations)
  }
  for (const [what, { length }] of Object.entries({ salt, 'salted password': salted }))
    if (length === 0 || length > longest) throw unacceptable(`the ${what} is empty, or too long`, user)
}

function recordOf(user: string, change: ScramChange, there: ScramCredentials): ReturnType<typeof credentialRecord> {
  const { mechanism } = change
  if (change.kind === 'set') {
    const { iterations, salt, saltedPassword: salted } = change
    return credentialRecord(user, mechanism, { iterations, salt, ...scramKeys(mechanism, salted) })
  }
  if (!there.of(user).has(mechanism))
    throw coreError('UNKNOWN_CREDENTIAL', { what: `the user has no credential of ${mechanism}`, where: user })
  return credentialRecord(user, mechanism, null)
}

function unacceptable(what: string, where = '', expected: string | number = '', received: string | number = ''): Error {
  const details = { ...(where && { where }), ...(expected && { expected }), ...(received !== '' && { received }) }
  return coreError('UNACCEPTABLE_CREDENTIAL', { what, ...details })
}

/** 130 bits as text, which is what Kafka's tools make: salts of users and of those that are none look alike. */
function saltOf(bytes: Uint8Array): Uint8Array {
  const bits = BigInt(`0x${Buffer.from(bytes.subarray(0, 17)).toString('hex')}`) >> 6n
  return new Uint8Array(Buffer.from(bits.toString(36)))
}

function mostCommon(numbers: readonly (number | undefined)[]): number | undefined {
  const counts = new Map<number, number>()
  for (const one of numbers) if (one !== undefined) counts.set(one, (counts.get(one) ?? 0) + 1)
  return [...counts].toSorted(([, few], [, many]) => many - few)[0]?.[0]
}
