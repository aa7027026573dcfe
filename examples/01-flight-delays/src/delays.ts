import type { Flight } from './flights.ts'

/** What is known of an airport's flights of a day. */
export interface Delays {
  readonly flights: number
  /** Flights more than 15 minutes late, the measure of the US Department of Transportation. */
  readonly late: number
  /** Minutes, of the delayed flights only: an early one does not make up for a late one. */
  readonly totalDelay: number
  /** Minutes; negative when every flight was early. */
  readonly worstDelay: number
}

const lateAfterMinutes = 15

export function noDelays(): Delays {
  return { flights: 0, late: 0, totalDelay: 0, worstDelay: 0 }
}

export function addFlight(delays: Delays, { delay }: Flight): Delays {
  return {
    flights: delays.flights + 1,
    late: delays.late + (delay > lateAfterMinutes ? 1 : 0),
    totalDelay: delays.totalDelay + Math.max(delay, 0),
    worstDelay: delays.flights === 0 ? delay : Math.max(delays.worstDelay, delay),
  }
}
