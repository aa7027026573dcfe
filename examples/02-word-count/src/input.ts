import type { Given } from '../../running/fill-topic.ts'

const text = `The river turns the wheel,
the wheel turns the stone,
and the stone grinds the corn.
When the river is low the wheel is still,
and the miller waits for the river.`

/** A line is the value, its number the key. One a second. */
export const input: readonly Given<string, string>[] = text
  .split('\n')
  .map((value, i) => ({ key: `line-${i}`, value, timestamp: Date.UTC(2026, 0, 1) + i * 1000 }))
