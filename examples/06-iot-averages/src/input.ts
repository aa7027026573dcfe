import type { Given } from '../../running/fill-topic.ts'
import { seeded } from '../../running/seeded.ts'

const start = Date.UTC(2026, 0, 1, 6)

/** A reading of one sensor, with the time at which it comes. */
interface Sent extends Given<string, number> {
  readonly arrival: number
}

/**
 * Two sensors measure every ten seconds for three minutes. Most readings come within 20 seconds; the radio of the cellar fails at
 * times, and those come two minutes later.
 */
export const input: readonly Given<string, number>[] = [...sensor('attic', 24, 0), ...sensor('cellar', 11, 5)]
  .sort((a, b) => a.arrival - b.arrival)
  .map(({ key, value, timestamp }) => ({ key, value, timestamp }))

function sensor(key: string, degrees: number, failsEvery: number): readonly Sent[] {
  const random = seeded(degrees)
  return Array.from({ length: 18 }, (_, i) => {
    const timestamp = start + i * 10_000
    const failed = failsEvery > 0 && i % failsEvery === failsEvery - 1
    const delayMs = failed ? 120_000 : Math.floor(random() * 20_000)
    return { key, value: degrees + i / 10, timestamp, arrival: timestamp + delayMs }
  })
}
