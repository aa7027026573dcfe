import { streamError } from '../time/stream-errors.ts'
import { checkName } from './names.ts'
import type { GraphNode, NodeKind } from './node.ts'
import type { StoreDeclaration } from './stores.ts'
import { Topology } from './topology.ts'

const changesKey: ReadonlySet<NodeKind> = new Set<NodeKind>([
  'select-key',
  'map',
  'flat-map',
  'transform',
  'table-regroup',
  'foreign-subscribe',
  'foreign-answer',
])

const needsKey: ReadonlySet<NodeKind> = new Set<NodeKind>([
  'aggregate',
  'window-aggregate',
  'table',
  'table-aggregate',
  'table-join',
  'join-table',
  'join-table-later',
  'foreign-resolve',
])

/** A node before it has its name. */
export type NewNode = GraphNode extends infer N ? (N extends GraphNode ? Omit<N, 'name'> : never) : never

/**
 * Gathers nodes in the order of the user's calls and refuses what cannot be built at the call that asks for it, so that the
 * stack of the error points into the user's code (invariants G1 to G4 of node.ts).
 */
export class GraphBuilder {
  readonly #nodes: GraphNode[] = []
  readonly #counts = new Map<NodeKind, number>()
  readonly #names = new Set<string>()
  /** What has each name, for the message to the second one. */
  readonly #durable = new Map<string, string>()
  readonly #shared = new Set<StoreDeclaration>()
  readonly #topics = new Map<string, string>()
  /** Stores of windowed totals of which nobody has said yet when they are emitted. */
  readonly #announced = new Set<string>()
  /** Nodes whose records may lie in another partition than that of their key. */
  readonly #rekeyed = new Set<string>()

  /** @throws TOPOLOGY_NAME_MISSING, TOPOLOGY_NAME_INVALID, TOPOLOGY_NAME_TAKEN, TOPOLOGY_INVALID */
  add(node: NewNode): string {
    const rekeyed = this.#isRekeyed(node)
    this.#checkTopics(node)
    this.#checkDurable(node)
    const name = 'givenName' in node ? this.#given(node.givenName) : this.#nameOf(node.kind)
    if (rekeyed) this.#rekeyed.add(name)
    this.#nodes.push(Object.freeze({ ...node, name }))
    return name
  }

  /** Claims what a node needs and refuses what cannot be, before the call that adds the node says the rest. @throws as `add` */
  announce(node: NewNode & { readonly store: string }): void {
    this.#isRekeyed(node)
    this.#checkDurable(node)
    this.#announced.add(node.store)
  }

  /** A node that was added. */
  node(name: string): GraphNode {
    return this.#nodes.find((node) => node.name === name)!
  }

  /** @throws TOPOLOGY_EMPTY, TOPOLOGY_INVALID */
  build(): Topology {
    if (!this.#nodes.some(({ kind }) => kind === 'source')) {
      throw streamError('TOPOLOGY_EMPTY', { what: 'the topology reads no topic' })
    }
    for (const store of this.#announced) throw goesNowhere(store)
    for (const node of this.#nodes) {
      if (node.kind === 'window-aggregate' && node.emit === 'final') this.#checkEmitted(node.name, node.store)
    }
    for (const store of this.#shared) this.#checkUsed(store)
    return new Topology(this.#nodes)
  }

  #given(name: string): string {
    checkName('this operator', name)
    if (this.#names.has(name)) {
      throw streamError('TOPOLOGY_NAME_TAKEN', { what: 'another operator of this topology has the name', where: name })
    }
    this.#names.add(name)
    return name
  }

  /** A name that the user gave to another operator before is passed over. */
  #nameOf(kind: NodeKind): string {
    const count = (this.#counts.get(kind) ?? 0) + 1
    this.#counts.set(kind, count)
    const name = `${kind}-${count}`
    // The halves of a repartition are nodes of tasks.
    const names = kind === 'repartition' ? [name, `${name}-source`, `${name}-sink`] : [name]
    if (names.some((one) => this.#names.has(one))) return this.#nameOf(kind)
    for (const one of names) this.#names.add(one)
    return name
  }

  #checkDurable(node: NewNode): void {
    if (node.kind === 'repartition') this.#claim('the repartition topic', node.topicName)
    else if (node.kind === 'process') for (const store of node.stateStores) this.#share(store)
    else if ('kept' in node) for (const { name } of node.kept) this.#claim('the store', name)
    else if ('store' in node && !this.#announced.delete(node.store)) this.#claim('the store', node.store)
  }

  /** The store belongs to the topology, and something must use it. @throws TOPOLOGY_NAME_* */
  addStore(store: StoreDeclaration): void {
    this.#share(store)
  }

  #checkUsed(store: StoreDeclaration): void {
    if (this.#nodes.some((node) => node.kind === 'process' && node.stateStores.includes(store))) return
    throw streamError('TOPOLOGY_INVALID', { what: 'no processor uses a store that was added', where: store.name })
  }

  /** A declaration that is used again is the same store; another one of its name is refused. */
  #share(store: StoreDeclaration): void {
    if (!this.#shared.has(store)) this.#claim('the store', store.name)
    this.#shared.add(store)
  }

  #claim(what: string, name: string): void {
    checkName(`${what} of this operator`, name)
    const before = this.#durable.get(name)
    if (before !== undefined) {
      throw streamError('TOPOLOGY_NAME_TAKEN', {
        what: `${what} has the name of another`,
        where: name,
        received: `already ${before}`,
      })
    }
    this.#durable.set(name, `${what} of an operator before`)
  }

  #checkTopics(node: NewNode): void {
    if (node.kind === 'to') return checkName('the topic of to(...)', node.topic)
    if (node.kind === 'route') for (const topic of node.topics ?? []) checkName('a topic of to(...)', topic)
    if (node.kind === 'global-table') return this.#read(node.topic, 'globalTable')
    if (node.kind === 'source') for (const topic of node.topics) this.#read(topic, node.table === true ? 'table' : 'stream')
  }

  /** One topic, one reader: two would disagree on its serdes, and count its records twice. */
  #read(topic: string, by: string): void {
    checkName(`the topic of ${by}(...)`, topic)
    const before = this.#topics.get(topic)
    if (before !== undefined) {
      const what = 'a topic is read twice; keep the first stream in a variable and use it again'
      throw streamError('TOPOLOGY_INVALID', { what, where: topic, received: `${before}(...) and ${by}(...)` })
    }
    this.#topics.set(topic, by)
  }

  /** Whether records leave the node in another task than that of their key. @throws where that must not be (G4) */
  #isRekeyed(node: NewNode): boolean {
    if (node.kind === 'repartition') return false
    if (changesKey.has(node.kind) || (node.kind === 'process' && !node.fixedKey)) return true
    const rekeyed = node.inputs.some((input) => this.#rekeyed.has(input))
    if (rekeyed && ('kept' in node || needsKey.has(node.kind))) {
      const what = 'the key was changed, so records of one key lie in several tasks; call repartition(...) before'
      throw streamError('TOPOLOGY_INVALID', { what, where: storeOf(node) ?? node.kind })
    }
    return rekeyed
  }

  #checkEmitted(name: string, store: string): void {
    if (this.#nodes.some(({ inputs }) => inputs.includes(name))) return
    throw goesNowhere(store)
  }
}

function goesNowhere(store: string): Error {
  return streamError('TOPOLOGY_INVALID', { what: 'the rows of windows go nowhere; call emitFinal() and to(...)', where: store })
}

function storeOf(node: NewNode): string | undefined {
  if ('kept' in node) return node.kept[0]?.name
  return 'store' in node ? node.store : undefined
}
