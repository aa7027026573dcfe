import { streamError } from '../time/stream-errors.ts'

/** @throws INVALID_STREAM_OPTION when one is no whole number of milliseconds. */
export function checkTimes(where: string, times: Readonly<Record<string, unknown>>): void {
  for (const [name, given] of Object.entries(times)) {
    if (Number.isSafeInteger(given)) continue
    throw streamError('INVALID_STREAM_OPTION', {
      what: 'not a time',
      where: `${where}, ${name}`,
      expected: 'whole milliseconds since 1970',
      received: String(given),
    })
  }
}
