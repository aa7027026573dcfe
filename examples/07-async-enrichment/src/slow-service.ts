import { setTimeout as sleep } from 'node:timers/promises'
import type { Locate } from './topology.ts'

/** A service that says for every address the same, after the same time, and is down for every fifth one when it is first asked. */
export class SlowService {
  /** Calls until now, failed ones too. */
  calls = 0

  readonly locate: Locate = async (address, _van, { attempt, signal }) => {
    this.calls++
    const number = numberIn(address)
    await sleep(40 - number * 2, undefined, { signal }) // the later the address, the sooner the answer
    if (attempt === 1 && number % 5 === 0) throw new Error('the service is down')
    return `zone ${'ABCD'[number % 4]}`
  }
}

/** Of the house, from 1 to 19. */
function numberIn(address: string): number {
  return Number(/^\d+/.exec(address)?.[0])
}
