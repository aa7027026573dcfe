import type { Given } from '../../running/fill-topic.ts'

const start = Date.UTC(2026, 0, 1, 9)

/** Two visitors at the same time, in the order of their keys. Ada thinks in between, and takes a letter back. */
export const input: readonly Given<string, string>[] = [
  ...typing('ada', 0, 150, ['w', 'wa', 'wat', 'wate', 'water']),
  ...typing('ada', 2_000, 150, ['water ', 'water m', 'water mi', 'water mil', 'water mill']),
  ...typing('ada', 5_000, 200, ['water mills', 'water mill']),
  ...typing('bo', 300, 250, ['f', 'fl', 'flo', 'flou', 'flour']),
  ...typing('bo', 12_000, 250, ['b', 'br', 'bra', 'bran']),
].sort((a, b) => a.timestamp - b.timestamp)

/** A key every so many milliseconds. */
function typing(key: string, fromMs: number, everyMs: number, fields: readonly string[]): readonly Given<string, string>[] {
  return fields.map((value, i) => ({ key, value, timestamp: start + fromMs + i * everyMs }))
}
