/**
 * The steps of a case as a topology of ours; driver/TopologyBuilder.java does it for Kafka Streams. Steps are data, so the DSL's
 * types cannot help: each operator is called by its name, and one that is missing says so.
 */
import * as streams from '@millrace/streams'
import { StreamsBuilder, type Topology } from '@millrace/streams'
import { call } from './call.ts'
import { countValues } from './count-values.ts'
import { adder, flatMapper, joiner, mapper, predicate } from './callbacks.ts'
import {
  duration,
  foreignJoin,
  pairOf,
  stored,
  streamJoin,
  suppression,
  text,
  through,
  topic,
  total,
  windowsOf,
  type Totalled,
} from './step-options.ts'
import type { Step } from './topology-case.ts'

export interface BuiltCase {
  readonly topology: Topology
  /** What `peek` has seen, newest last. */
  readonly seen: (readonly [key: unknown, value: unknown])[]
}

/** @throws when the DSL has no such operator */
export function buildCase(steps: readonly Step[]): BuiltCase {
  const builder = new CaseBuilder()
  for (const step of steps) builder.add(step)
  return { topology: builder.build(), seen: builder.seen }
}

/** What steps need beyond our DSL's first mile; the names of pending.ts. */
export function featuresOf(steps: readonly Step[]): readonly string[] {
  const features = new Set<string>()
  for (const step of steps) {
    features.add(step.op)
    if (step['versioned'] !== undefined) features.add('versioned')
    if (step.op === 'to' && step['by'] !== undefined) features.add('to.by')
    if ((step.op === 'join' || step.op === 'leftJoin') && step['grace'] !== undefined) features.add(`${step.op}.grace`)
  }
  return [...features]
}

class CaseBuilder {
  readonly seen: (readonly [key: unknown, value: unknown])[] = []
  readonly #builder: StreamsBuilder = new StreamsBuilder()
  readonly #named = new Map<string, unknown>()
  /** What a total of these needs beyond `add`. */
  readonly #totalled = new Map<unknown, Totalled>()
  #last: unknown

  add(step: Step): void {
    if (step.on !== undefined) this.#last = this.#name(step.on)
    const on = this.#last
    this.#last = this.#apply(step, on)
    this.#totalled.set(this.#last, totalledBy(step.op, this.#totalled.get(on)))
    if (step.as !== undefined) this.#named.set(step.as, this.#last)
  }

  build(): Topology {
    return this.#builder.build()
  }

  #apply(step: Step, on: unknown): unknown {
    switch (step.op) {
      case 'stream':
        return call(this.#builder, 'stream', step['topic'], topic)
      case 'table':
      case 'globalTable':
        return call(this.#builder, step.op, step['topic'], { ...topic, ...stored(step) })
      case 'split':
        return this.#split(step, on)
      case 'peek':
        return call(on, 'peek', (value: unknown, key: unknown) => void this.seen.push([key, value]))
      case 'cogroup':
        return this.#cogroup(step, on)
      case 'merge':
        return call(on, 'merge', this.#name(step.with!))
      default:
        return this.#applyToOne(step, on)
    }
  }

  #applyToOne(step: Step, on: unknown): unknown {
    if (step.op.startsWith('table.')) return this.#onTable(step, step.op.slice('table.'.length), on)
    if (step.op.toLowerCase().includes('join')) return this.#join(step, on)
    if (['tumbling', 'hopping', 'sliding', 'session'].includes(step.op)) return call(on, 'windowedBy', windowsOf(step))
    if (['count', 'reduce', 'aggregate'].includes(step.op)) {
      return call(on, step.op, total(step, this.#totalled.get(on) ?? 'stream'))
    }
    return onStream(step, on)
  }

  #name(name: string): unknown {
    const found = this.#named.get(name)
    if (found === undefined) throw new Error(`nothing is named ${name}`)
    return found
  }

  /** Branches and, if given, the default branch get names. */
  #split(step: Step, on: unknown): undefined {
    const branches = step['branches'] as readonly { readonly by: string; readonly as: string }[]
    const tests = Object.fromEntries(branches.map(({ by, as }) => [as, predicate(by)]))
    const rest = step['default'] as string | undefined
    const { otherwise } = streams as { readonly otherwise?: symbol }
    const made = call(on, 'split', rest === undefined ? tests : { ...tests, [rest]: otherwise }) as object
    for (const [name, branch] of Object.entries(made)) this.#named.set(name, branch)
  }

  #cogroup(step: Step, on: unknown): unknown {
    const add = adder(step['by'])
    return step.with === undefined ? call(on, 'cogroup', add) : call(on, 'cogroup', this.#name(step.with), add)
  }

  #onTable(step: Step, op: string, on: unknown): unknown {
    const kept = step['store'] === undefined ? [] : [{ ...stored(step), value: text }]
    switch (op) {
      case 'toStream':
        return call(on, op)
      case 'filter':
      case 'filterNot':
        return call(on, op, predicate(step['by']), ...kept)
      case 'mapValues':
        return call(on, op, mapper(step['by']), ...kept)
      case 'groupBy':
        return call(on, op, pairOf(step), through(step))
      case 'suppress':
        return call(on, op, suppression(step))
      default:
        return call(on, op, this.#name(step.with!), op.endsWith('Foreign') ? foreignJoin(step) : joiner, ...kept)
    }
  }

  #join(step: Step, on: unknown): unknown {
    const other = this.#name(step.with!)
    if (step.op.endsWith('Global')) return call(on, step.op, other, { on: mapper(step['by']), join: joiner })
    if (step.op.endsWith('Stream')) return call(on, step.op, other, streamJoin(step))
    if (step['grace'] === undefined) return call(on, step.op, other, joiner)
    return call(on, step.op, other, joiner, { store: step['name'], grace: duration(step['grace']), value: text })
  }
}

function onStream(step: Step, on: unknown): unknown {
  const { op } = step
  switch (op) {
    case 'filter':
    case 'filterNot':
      return call(on, op, predicate(step['by']))
    case 'mapValues':
    case 'selectKey':
      return call(on, op, mapper(step['by']))
    case 'map':
      return call(on, op, pairOf(step))
    case 'flatMapValues':
      return call(on, op, flatMapper(step['by']))
    case 'flatMap': {
      const flat = flatMapper(step['by'])
      return call(on, op, (value: unknown) => flat(value).map((key) => ({ key, value })))
    }
    case 'repartition':
      return call(on, op, through(step))
    case 'groupByKey':
    case 'emitFinal':
    case 'emitOnUpdate':
      return call(on, op)
    case 'groupBy':
      return call(on, op, mapper(step['by']), through(step))
    case 'toTable':
      return call(on, op, { ...topic, ...stored(step) })
    case 'countValues':
      return call(on, 'processValues', countValues(step['store']))
    case 'to':
      return call(on, op, step['by'] === undefined ? step['topic'] : mapper(step['by']), topic)
    default:
      throw new Error(`no operator ${op}`)
  }
}

function totalledBy(op: string, before: Totalled = 'stream'): Totalled {
  if (op === 'cogroup') return 'cogroup'
  if (op === 'table.groupBy') return 'table'
  if (op === 'session') return before === 'cogroup' ? 'cogrouped session' : 'session'
  return ['tumbling', 'hopping', 'sliding'].includes(op) ? before : 'stream'
}
