import type { Given } from '../../running/fill-topic.ts'

/** Three vans with four addresses each, in turn. */
export const input: readonly Given<string, string>[] = Array.from({ length: 12 }, (_, i) => ({
  key: `van-${1 + (i % 3)}`,
  value: `${i + 1} Mill Lane`,
  timestamp: Date.UTC(2026, 0, 1, 8) + i * 60_000,
}))
