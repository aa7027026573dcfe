import { coreError } from '../base/error-catalogue.ts'
import { EmbeddedLog } from '../client/embedded/embedded-log.ts'
import type { LogClient } from '../client/log-client.ts'
import { minIterations, type ScramMechanism } from '../coordinator/scram-credentials.ts'

/** Who can log in with SCRAM. What is kept is good to check a password, and not to log in. */
export interface ScramUserAdmin {
  list(): Promise<readonly ScramUserListing[]>
  /** Makes a credential, or replaces that which the user has. `iterations`: 4,096 (default) to 16,384. @throws UNACCEPTABLE_CREDENTIAL */
  set(user: string, credential: ScramPassword): Promise<void>
  /** @throws UNKNOWN_CREDENTIAL */
  remove(user: string, mechanism: ScramMechanism): Promise<void>
}

export interface ScramUserListing {
  readonly user: string
  readonly mechanism: ScramMechanism
  readonly iterations: number
}

export interface ScramPassword {
  readonly mechanism: ScramMechanism
  readonly password: string
  readonly iterations?: number
}

/** The SCRAM users of an embedded log: those who may log in where it is served with `sasl: { scram: […] }`. @throws INVALID_OPTION */
export function scramUsers(log: LogClient): ScramUserAdmin {
  if (!(log instanceof EmbeddedLog)) {
    throw coreError('INVALID_OPTION', {
      what: 'only an embedded log has users',
      where: 'log',
      expected: 'what embeddedLog gives',
    })
  }
  const { scramUsers: users } = log.broker
  return {
    list: async () =>
      [...(await users.describe())].flatMap(([user, own]) =>
        [...own].map(([mechanism, { iterations }]) => ({ user, mechanism, iterations })),
      ),
    set: (user, { mechanism, password, iterations = minIterations }) => users.setPassword(user, mechanism, password, iterations),
    remove: (user, mechanism) => users.alter(user, [{ kind: 'remove', mechanism }]),
  }
}
