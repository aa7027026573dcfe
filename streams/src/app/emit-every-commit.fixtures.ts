/** A table that two others make, and its sums, all of which emit every commit. */
import { int64, nullable, string } from '@millrace/core'
import type { StreamsBuilder } from '../dsl/streams-builder.ts'
import type { AppWorld } from './app-world.fixtures.ts'

const number = { key: string, value: int64 }
const numbersOut = { key: string, value: nullable(int64) }

/** Sums by the first letter of the key, over a table that two others make. */
export function sums(builder: StreamsBuilder): void {
  const left = builder.table('left', { ...number, store: 'left', emitEvery: 'commit' })
  const right = builder.table('right', { ...number, store: 'right', emitEvery: 'commit' })
  left
    .outerJoin(right, (a, b) => (a ?? 0) * 1000 + (b ?? 0), { store: 'pairs', value: int64, emitEvery: 'commit' })
    .leftJoin(right, (pair, b) => pair + 7 * (b ?? 0))
    .groupBy((value, key) => ({ key: key.slice(0, 1), value }), { name: 'by-letter', ...number })
    .reduce({ store: 'sums', value: int64, add: (a, b) => a + b, subtract: (a, b) => a - b, emitEvery: 'commit' })
    .toStream()
    .to('out', numbersOut)
}

export interface Given {
  readonly topic: 'left' | 'right'
  readonly key: string
  readonly value: number | null
}

/** What the sums come to. */
export function batch(rows: readonly Given[]): Map<string, number> {
  const [left, right] = (['left', 'right'] as const).map(
    (topic) => new Map(rows.filter((row) => row.topic === topic).map(({ key, value }) => [key, value])),
  )
  const totals = new Map<string, number>()
  for (const key of new Set(rows.map((row) => row.key))) {
    const [a, b] = [left!.get(key) ?? null, right!.get(key) ?? null]
    if (a === null && b === null) continue
    const value = (a ?? 0) * 1000 + (b ?? 0) + 7 * (b ?? 0)
    totals.set(key.slice(0, 1), (totals.get(key.slice(0, 1)) ?? 0) + value)
  }
  return totals
}

export async function fill(world: AppWorld, given: readonly Given[]): Promise<void> {
  await world.topics(['left', 'right', 'out'])
  await using producer = await world.log.producer()
  for (const [timestamp, { topic, key, value }] of given.entries()) {
    producer.append(topic, key, value === null ? null : int64.write(value), { timestamp })
  }
  await producer.flush()
}

export async function lastOf(world: AppWorld): Promise<Map<string, number>> {
  const rows = new Map<string, number>()
  for (const { key, value } of await world.records('out')) {
    if (value === null) rows.delete(String(key))
    else rows.set(String(key), int64.read(value))
  }
  return rows
}
