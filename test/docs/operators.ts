/** The public methods of the DSL as they are at run time, and the pages that have to show them. */
import { string } from '@millrace/core'
import { millis, session, StreamsBuilder, tumbling } from '@millrace/streams'

export interface Operators {
  readonly methods: readonly string[]
  /** Pages. */
  readonly on: readonly string[]
}

/** What the types of the DSL do not show. */
const hidden = ['constructor', 'checkReadable']

const text = { key: string, value: string }
const builder = new StreamsBuilder()
const stream = builder.stream('in', text)
const grouped = stream.groupByKey()
const table = builder.table('table', { ...text, store: 'table' })
const windowed = grouped.windowedBy(tumbling({ size: millis(1), grace: millis(0) }))
const sessions = grouped.windowedBy(session({ gap: millis(1), grace: millis(0) }))
const groupedTable = table.groupBy((value, key) => ({ key, value }), { name: 'by', ...text })

const streams = ['stateless.md', 'sinks-and-sources.md', 'processors.md', 'grouping-and-aggregates.md', 'tables.md']
const joins = ['stream-joins.md', 'stream-table-joins.md', 'global-tables.md']
const stateful = ['durable-operators.md', 'windowed-rx.md', 'map-async.md']
const tables = ['tables.md', 'table-joins.md', 'foreign-key-joins.md', 'suppress.md']

export const operators: Readonly<Record<string, Operators>> = {
  StreamsBuilder: { methods: methodsOf(builder), on: ['sinks-and-sources.md', 'processors.md', 'tables.md', 'global-tables.md'] },
  KStream: { methods: methodsOf(stream), on: [...streams, ...joins, ...stateful] },
  GroupedStream: { methods: methodsOf(grouped), on: ['grouping-and-aggregates.md', 'cogroup.md', 'windows.md'] },
  WindowedStream: { methods: methodsOf(windowed), on: ['windows.md'] },
  WindowTable: { methods: methodsOf(windowed.count({ store: 'counts' })), on: ['windows.md'] },
  SessionStream: { methods: methodsOf(sessions), on: ['sessions.md'] },
  CogroupedStream: { methods: methodsOf(grouped.cogroup((total: string) => total)), on: ['cogroup.md'] },
  KTable: { methods: methodsOf(table), on: tables },
  GroupedTable: { methods: methodsOf(groupedTable), on: ['tables.md'] },
}

/** Its methods and those that it inherits. */
function methodsOf(given: object): readonly string[] {
  const methods = new Set<string>()
  for (let at: object = Object.getPrototypeOf(given); at !== Object.prototype; at = Object.getPrototypeOf(at)) {
    for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(at))) {
      if (typeof value === 'function' && !hidden.includes(name)) methods.add(name)
    }
  }
  return [...methods].sort()
}
