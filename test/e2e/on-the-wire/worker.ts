import { errorCodes } from '@millrace/core/testing'
import type { WireClient } from '../../wire/wire-client.ts'

/** A client that outlives the broker: what it knows stays when its connection ends. */
export interface Worker {
  /** Works until the connection ends. @throws ConnectionLost; any other error is a violation */
  work(client: WireClient): Promise<never>
  /** What was answered to it. */
  readonly answered: number
}

export function violated(what: string): never {
  throw new Error(`violated: ${what}`)
}

export function expectCode(received: number, what: string, ...expected: readonly number[]): void {
  const wanted = expected.length === 0 ? [errorCodes.NONE] : expected
  if (!wanted.includes(received)) violated(`${what} was answered with ${received}, expected ${wanted.join(' or ')}`)
}

const passing: readonly number[] = [
  errorCodes.CONCURRENT_TRANSACTIONS,
  errorCodes.COORDINATOR_LOAD_IN_PROGRESS,
  errorCodes.COORDINATOR_NOT_AVAILABLE,
  errorCodes.NOT_COORDINATOR,
  errorCodes.UNSTABLE_OFFSET_COMMIT,
]

const mostTries = 1_000

/** Asks again for as long as the server says that it is not ready for this yet. */
export async function settled<T>(what: string, ask: () => Promise<T>, codeOf: (answer: T) => number): Promise<T> {
  for (let tries = 0; tries < mostTries; tries++) {
    const answer = await ask()
    if (!passing.includes(codeOf(answer))) return answer
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  return violated(`${what} is answered with "not yet" for ever`)
}
