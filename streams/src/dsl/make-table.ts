import type { Serde } from '@millrace/core'
import { versions } from '../graph/table-serdes.ts'
import { isDuration } from '../time/duration.ts'
import { checkOptions } from '../time/options.ts'
import { streamError } from '../time/stream-errors.ts'
import { emitting } from './emit-every.ts'
import { erase } from './erase.ts'
import type { Place } from './place.ts'
import { TableNode } from './table-node.ts'
import type { Versioned } from './table-options.ts'

interface TableParts<V> {
  readonly store: string
  readonly value: Serde<V>
  /** Whose records are the rows; null: operators made them. */
  readonly topic: string | null
  readonly versioned: Versioned | undefined
  readonly emitEvery: 'update' | 'commit'
}

/** Adds the node that makes a table of records. @throws WINDOW_INVALID, INVALID_STREAM_OPTION, TOPOLOGY_NAME_MISSING, … */
export function makeTable<K, V>(
  where: string,
  place: Place<K>,
  { store, value, topic, versioned, emitEvery }: TableParts<V>,
): TableNode<K, V> {
  const { graph, node, key } = place
  if (versioned !== undefined && emitEvery === 'commit') throw keepsVersions(where)
  const historyMs = versioned === undefined ? null : historyIn(where, versioned)
  const rows = historyMs === null ? erase(value) : erase(versions(value))
  const table = { kind: 'table', inputs: [node], store, key: erase(key), value: rows, historyMs } as const
  const name = graph.add({ ...table, topic: historyMs === null ? topic : null })
  return new TableNode(emitting({ ...place, node: name }, emitEvery), value)
}

/** Its older versions are updates as well, and none of them is the last one. */
function keepsVersions(where: string): Error {
  return streamError('INVALID_STREAM_OPTION', {
    what: 'a versioned table emits every update',
    where: `${where}, emitEvery`,
    expected: 'update',
    received: 'commit',
  })
}

function historyIn(where: string, versioned: Versioned): number {
  checkOptions(`${where}, versioned`, versioned, ['historyRetention'])
  const { historyRetention } = versioned
  if (isDuration(historyRetention)) return historyRetention
  throw streamError('WINDOW_INVALID', {
    what: 'the history retention is no duration',
    where,
    received: String(historyRetention),
  })
}
