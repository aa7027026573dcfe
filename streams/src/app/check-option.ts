import { streamError } from '../time/stream-errors.ts'

/** @throws INVALID_STREAM_OPTION unless it holds */
export function checkOption(name: string, holds: boolean, expected: string, received: unknown): void {
  if (holds) return
  throw streamError('INVALID_STREAM_OPTION', {
    what: `the option ${name} is not valid`,
    where: 'StreamsApp',
    expected,
    received: String(received),
  })
}

export function isWhole(value: unknown, from: number): boolean {
  return Number.isSafeInteger(value) && (value as number) >= from
}
