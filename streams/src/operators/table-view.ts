/**
 * Lookups of a table's rows by other operators of the task. What lies in a store is read there; the rows of a filter, of
 * mapValues and of joins without a store follow from those before them, at every lookup anew.
 *
 * Of a table that emits every commit there are two views. The records of a stream see its newest rows: what a join of theirs gives does
 * not depend on when a commit is. What is itself a table sees what the table has said, since the values that it replaces follow from that.
 */
import { guarded, skipped } from '../rx/guarded.ts'
import type { Stamped } from '../task/stores.ts'
import type { TaskContext } from '../task/task-context.ts'
import { streamError } from '../time/stream-errors.ts'
import { isByTime, stretchMs } from '../time/stretches.ts'
import type { Windowed } from '../time/windowed.ts'
import type { AlignedWindows, HoppingWindows } from '../time/windows.ts'
import type { EmitEveryCommitNode } from './emit-every-commit.ts'
import type { OperatorNode } from './node.ts'
import { keyText } from './same-bytes.ts'
import { resultOf, type TableJoinNode } from './table-join.ts'
import type { TableFilterNode } from './table-filter.ts'
import type { TableMapValuesNode } from './table-map-values.ts'
import type { TableNode } from './table.ts'
import { TimeRows } from './time-rows.ts'
import { VersionedRows } from './versioned-rows.ts'

export interface TableView {
  get(key: unknown): Stamped<unknown> | undefined
  /** The row as it was then; a table that is not versioned knows only the newest. */
  at(key: unknown, timestamp: number): Stamped<unknown> | undefined
}

type ReadableNode =
  | TableNode
  | TableFilterNode
  | TableMapValuesNode
  | TableJoinNode
  | EmitEveryCommitNode
  | (OperatorNode & { readonly kind: 'materialize' | 'aggregate' | 'table-aggregate'; readonly store: string })
  | (OperatorNode & { readonly kind: 'window-aggregate'; readonly store: string; readonly windows: AlignedWindows })
  | (OperatorNode & { readonly kind: 'top-n' | 'table-top-n'; readonly state: string })

/** The table that the node makes. `nodeOf`: of the same sub-topology. */
export function viewOf(
  name: string,
  nodeOf: (name: string) => OperatorNode & { readonly kind: string },
  context: TaskContext,
  rows: 'newest' | 'heard',
): TableView {
  const node = nodeOf(name) as ReadableNode
  const before = (index: number): TableView => viewOf(node.inputs[index]!, nodeOf, context, rows)
  switch (node.kind) {
    case 'table':
      return node.historyMs === null ? storeView(node.store, context) : VersionedRows.of(node.store, node.historyMs, context)
    case 'materialize':
    case 'aggregate':
    case 'table-aggregate':
      return storeView(node.store, context)
    case 'window-aggregate':
      return isByTime(node.windows) ? hoppingView(node.store, node.windows, context) : windowView(node.store, context)
    case 'top-n':
    case 'table-top-n':
      return storeView(node.state, context)
    case 'emit-every-commit':
      return rows === 'newest' ? before(0) : heardView(node, before(0), context)
    case 'table-filter':
      return filterView(node, before(0), context)
    case 'table-map-values':
      return mapView(node, before(0), context)
    case 'table-join':
      return joinView(node, before(0), before(1), context)
    default:
      return notReadable(node)
  }
}

function storeView(name: string, context: TaskContext): TableView {
  const store = context.keyValueStore<unknown, unknown>(name)
  return { get: (key) => store.get(key), at: (key) => store.get(key) }
}

/** The windows are the same for every key; a row that is closed is none any more. */
function windowView(name: string, context: TaskContext): TableView {
  const store = context.windowStore<unknown, unknown>(name)
  const get = (windowed: unknown): Stamped<unknown> | undefined => {
    const { key, start } = windowed as { readonly key: unknown; readonly start: number }
    return store.get(key, start)
  }
  return { get, at: get }
}

/** A row of the store has several, also such as are closed. */
function hoppingView(name: string, windows: HoppingWindows, context: TaskContext): TableView {
  const rows = new TimeRows<unknown, unknown>(context.windowStore(name), stretchMs(windows))
  const time = context.streamTime(name)
  const get = (windowed: unknown): Stamped<unknown> | undefined => {
    const { key, start } = windowed as Windowed<unknown>
    const row = start + windows.size <= time.closedThrough ? undefined : rows.at(key, start)
    return row === undefined ? undefined : { value: row.value, timestamp: row.stamp }
  }
  return { get, at: get }
}

function heardView({ name, key: serde }: EmitEveryCommitNode, table: TableView, context: TaskContext): TableView {
  const held = context.held.rowsOf(name)
  const get = (key: unknown): Stamped<unknown> | undefined => {
    const heard = held.size === 0 ? null : held.heard(keyText(serde, key))
    return heard === null ? table.get(key) : heard
  }
  return { get, at: get }
}

function filterView(node: TableFilterNode, table: TableView, context: TaskContext): TableView {
  const predicate = guarded(node.predicate, context)
  return derived(table, (row, key) => {
    context.node = node.name
    return predicate(row.value, key, context.record) === true ? row : undefined
  })
}

function mapView(node: TableMapValuesNode, table: TableView, context: TaskContext): TableView {
  const mapper = guarded(node.mapper, context)
  return derived(table, (row, key) => {
    context.node = node.name
    const value = mapper(row.value, key, context.record)
    return value === skipped || value === null ? undefined : { value, timestamp: row.timestamp }
  })
}

function derived(table: TableView, of: (row: Stamped<unknown>, key: unknown) => Stamped<unknown> | undefined): TableView {
  const made = (row: Stamped<unknown> | undefined, key: unknown): Stamped<unknown> | undefined =>
    row === undefined ? undefined : of(row, key)
  return { get: (key) => made(table.get(key), key), at: (key, timestamp) => made(table.at(key, timestamp), key) }
}

function joinView(node: TableJoinNode, left: TableView, right: TableView, context: TaskContext): TableView {
  const join = guarded(node.join, context)
  const get = (key: unknown): Stamped<unknown> | undefined => {
    const [mine, other] = [left.get(key), right.get(key)]
    context.node = node.name
    const value = resultOf(node.sides, join, mine?.value ?? null, other?.value ?? null, key)
    if (value === null || value === skipped) return undefined
    return { value, timestamp: Math.max(mine?.timestamp ?? -1, other?.timestamp ?? -1) }
  }
  return { get, at: get }
}

function notReadable(node: never): never {
  throw streamError('TOPOLOGY_INVALID', {
    what: 'the rows of this table cannot be looked up',
    where: (node as OperatorNode).name,
  })
}
