/** What the graph knows of a table without running it. */
import type { GraphNode } from './node.ts'

interface Nodes {
  node(name: string): GraphNode
}

/** Whether the row of a key can be looked up: it lies in a store, or follows from rows that do. */
export function isReadable(graph: Nodes, name: string): boolean {
  const node = graph.node(name)
  switch (node.kind) {
    case 'table':
    case 'materialize':
    case 'aggregate':
    case 'table-aggregate':
    case 'top-n':
    case 'table-top-n':
      return true
    case 'window-aggregate':
      // A session or a sliding window has no row of its own: it lies among others of its key.
      return node.emit === 'update' && node.windows.kind !== 'session' && node.windows.kind !== 'sliding'
    case 'table-filter':
    case 'table-map-values':
    case 'table-join':
    case 'emit-every-commit':
      return node.inputs.every((input) => isReadable(graph, input))
    default:
      return false
  }
}

/** Whether its changes carry the value that they replace. */
export function knowsReplaced(graph: Nodes, name: string): boolean {
  const node = graph.node(name)
  if (node.kind === 'foreign-resolve') return false
  if (['table-filter', 'table-map-values', 'suppress'].includes(node.kind)) return knowsReplaced(graph, node.inputs[0]!)
  return true
}

/** How long older versions of its rows can be looked up, in milliseconds; null: only the newest can. */
export function historyOf(graph: Nodes, name: string): number | null {
  const node = graph.node(name)
  if (node.kind === 'table') return node.historyMs
  if (node.kind === 'table-filter' || node.kind === 'table-map-values') return historyOf(graph, node.inputs[0]!)
  return null
}
