/** The arguments of steps as the options of our DSL. */
import { string, type Serde } from '@millrace/core'
import * as streams from '@millrace/streams'
import { millis, type Duration } from '@millrace/streams'
import { call } from './call.ts'
import { adder, initial, joiner, mapper, merger, subtractor, textOf } from './callbacks.ts'
import type { Step } from './topology-case.ts'

/** Anything as text, read back as text; null passes. */
export const text: Serde<unknown> = {
  name: 'text',
  nullable: true,
  write: (value) => textOf(value)!,
  read: (bytes) => string.read(bytes),
}
/** Kafka drops null keys on the way into a repartition topic. */
const textKey: Serde<unknown> = { name: 'text key', write: text.write, read: text.read }

export const topic: { readonly key: Serde<unknown>; readonly value: Serde<unknown> } = { key: text, value: text }

export function duration(ms: unknown): Duration {
  return millis(Number(ms))
}

/** Windows by their kind. Joined in `call`, for not every kind may be there. */
export function windowsOf({ op, size, advance, difference, gap, grace }: Step): unknown {
  const times = { size, advance, difference, gap, grace }
  const given = Object.entries(times).filter(([, ms]) => ms !== undefined)
  return call(streams, op, Object.fromEntries(given.map(([name, ms]) => [name, duration(ms)])))
}

export function stored(step: Step): object {
  const { store, versioned } = step
  return versioned === undefined ? { store } : { store, versioned: { historyRetention: duration(versioned) } }
}

export function through(step: Step): object {
  return { name: step['name'], key: textKey, value: text }
}

export function pairOf(step: Step): (value: unknown, key: unknown) => object {
  const [key, value] = [mapper(step['key']), mapper(step['value'])]
  return (before, of) => ({ key: key(before, of), value: value(before, of) })
}

/** What a total is made of. */
export type Totalled = 'stream' | 'session' | 'table' | 'cogroup' | 'cogrouped session'

export function total({ op, by, store }: Step, of: Totalled): object {
  if (op === 'count') return { store }
  const more = {
    ...(of === 'table' && { subtract: subtractor(by) }),
    ...(op === 'aggregate' && { initial: () => initial(by) }),
    ...(op === 'aggregate' && (of === 'session' || of === 'cogrouped session') && { merge: merger(by) }),
    ...(of !== 'cogroup' && of !== 'cogrouped session' && { add: adder(by) }),
  }
  return { store, value: text, ...more }
}

export function suppression({ until, records, store }: Step): object {
  const { suppress } = streams
  const bounds = records === undefined ? {} : { maxRecords: Number(records) }
  const waits = until === 'closed' ? suppress.untilWindowCloses(bounds) : suppress.untilTimeLimit(duration(until), bounds)
  return { store, value: text, until: waits }
}

export function streamJoin({ name, before, after, grace }: Step): object {
  const within = { before: duration(before), after: duration(after) }
  return { name, within, grace: duration(grace), key: text, left: text, right: text, join: joiner }
}

export function foreignJoin({ name, by }: Step): object {
  return { name, on: mapper(by), join: joiner, value: text, foreignValue: text }
}
