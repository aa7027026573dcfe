import type { Given } from '../../running/fill-topic.ts'
import { seeded } from '../../running/seeded.ts'
import type { Confirmation, Payment } from './topology.ts'

const start = Date.UTC(2026, 0, 1, 12)
const minuteMs = 60_000

/** Five people who pay now and then for an hour, one whose card was copied, and one who buys a car. By time. */
export const paymentsIn: readonly Given<string, Payment>[] = [...usual(), ...copiedCard(), ...aCar()]
  .sort((a, b) => a.timestamp - b.timestamp)
  .map(({ card, amount, timestamp }, i) => ({ key: card, value: { id: `payment-${i}`, amount }, timestamp }))

/** The bank answers two minutes later, but not always. */
export const confirmationsIn: readonly Given<string, Confirmation>[] = paymentsIn
  .filter(({ key }) => key !== 'copied')
  .map(({ key, value, timestamp }) => ({ key, value: { payment: value.id, bank: 'First' }, timestamp: timestamp + 2 * minuteMs }))

interface Unnumbered {
  readonly card: string
  /** Cents. */
  readonly amount: number
  readonly timestamp: number
}

function usual(): readonly Unnumbered[] {
  const random = seeded(1)
  return Array.from({ length: 20 }, (_, i) => ({
    card: `card-${i % 5}`,
    amount: 500 + Math.floor(random() * 9_500),
    timestamp: start + i * 3 * minuteMs + Math.floor(random() * minuteMs),
  }))
}

function copiedCard(): readonly Unnumbered[] {
  return Array.from({ length: 6 }, (_, i) => ({
    card: 'copied',
    amount: 999,
    timestamp: start + 21 * minuteMs + i * 10_000,
  }))
}

function aCar(): readonly Unnumbered[] {
  return [{ card: 'buyer', amount: 1_250_000, timestamp: start + 33 * minuteMs }]
}
