import type { TopicPartition } from '../base/ids.ts'
import type { AssignedMember } from './assignor.ts'

/** What a member is to have, by the name of the partition. */
export interface Share {
  readonly member: AssignedMember
  readonly topics: ReadonlySet<string>
  readonly partitions: Map<string, TopicPartition>
}

/** A partition that may go from one share to another; of several the one whose move costs least. */
interface Move {
  readonly from: number
  readonly to: number
  readonly name: string
  readonly cost: number
}

/**
 * Makes an assignment the best that there is: first the most balanced, then the one that moves the fewest partitions away from their
 * owners.
 *
 * It is a flow of least cost: shares are nodes, a partition that may go from one share to another is an edge, and one more node takes and
 * gives load. A share of n pays n² for it, so giving up the last partition saves 2n - 1, and one more costs 2n + 1. An assignment can be
 * improved as long as there is a cycle of negative cost (Klein 1967), which Bellman's and Ford's relaxation finds.
 *
 * `owners`: member ids by the name of the partition; `count`: of all partitions.
 */
export function improve(shares: readonly Share[], owners: ReadonlyMap<string, string>, count: number): void {
  for (let cycle = improvement(shares, owners, count); cycle.length > 0; cycle = improvement(shares, owners, count)) {
    for (const { from, to, name } of cycle) {
      const place = shares[from]!.partitions.get(name)!
      shares[from]!.partitions.delete(name)
      shares[to]!.partitions.set(name, place)
    }
  }
}

/** The moves of a cycle that makes the assignment better; none: it is the best. */
function improvement(shares: readonly Share[], owners: ReadonlyMap<string, string>, count: number): readonly Move[] {
  const load = shares.length
  const moves = [...shares.keys()].flatMap((from) => movesFrom(shares, from, owners))
  const unit = 2 * count + 1 // a load counts for more than all moves together
  const edges = [...moves]
  for (const [index, { partitions }] of shares.entries()) {
    edges.push({ from: index, to: load, name: '', cost: unit * (2 * partitions.size + 1) })
    edges.push({ from: load, to: index, name: '', cost: -unit * (2 * partitions.size - 1) })
  }
  return negativeCycle(edges, shares.length + 1).filter(({ name }) => name !== '')
}

function movesFrom(shares: readonly Share[], from: number, owners: ReadonlyMap<string, string>): readonly Move[] {
  const best = new Map<number, Move>()
  const { member, partitions } = shares[from]!
  for (const [name, { topic }] of partitions) {
    const owner = owners.get(name)
    for (const [to, other] of shares.entries()) {
      if (to === from || !other.topics.has(topic)) continue
      const cost = (owner === member.memberId ? 1 : 0) - (owner === other.member.memberId ? 1 : 0)
      if (cost < (best.get(to)?.cost ?? Infinity)) best.set(to, { from, to, name, cost })
    }
  }
  return [...best.values()]
}

/** The edges of some cycle whose costs come to less than 0; none: there is no such cycle. */
function negativeCycle(edges: readonly Move[], nodes: number): readonly Move[] {
  const costs = Array.from({ length: nodes }, () => 0)
  const into = Array.from({ length: nodes }, (): Move | null => null)
  let last = -1
  for (let round = 0; round < nodes; round++) {
    last = -1
    for (const edge of edges) {
      if (costs[edge.from]! + edge.cost >= costs[edge.to]!) continue
      costs[edge.to] = costs[edge.from]! + edge.cost
      into[edge.to] = edge
      last = edge.to
    }
    if (last < 0) return []
  }
  let node = last
  for (let back = 0; back < nodes; back++) node = into[node]!.from // onto the cycle, wherever it was entered
  const cycle: Move[] = []
  for (let at = node, edge = into[at]!; cycle.length === 0 || at !== node; edge = into[at]!) {
    cycle.push(edge)
    at = edge.from
  }
  return cycle
}
