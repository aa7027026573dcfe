import { coreError, type CoreErrorCode } from '../../base/error-catalogue.ts'
import { MillraceError } from '../../base/errors.ts'
import { partitionName, type TopicId, type TopicPartition } from '../../base/ids.ts'
import type { Net, NetPlace } from '../../base/net.ts'
import type { World } from '../../base/world.ts'
import type { ApiName, RequestDraft, ResponseOf } from '../../protocol/apis.ts'
import { errorCodes } from '../../protocol/error-codes.ts'
import { Connection, type AskTerms, type ConnectionTerms } from './connection.ts'
import { checkCode } from './refusals.ts'

/**
 * The servers of a cluster, who leads what among them, and a connection to each that is needed.
 *
 * Invariants
 *   K1  What is known of topics is what a server said last; whoever finds it wrong says so (`forget`), and the next one asks anew.
 *   K2  What passes by itself is tried again, with growing waits, for `timeoutMs` in all; then its error comes out.
 *   K3  A lane is a connection of its own: requests that wait on purpose hold nobody up but those of their lane.
 */
export class Cluster {
  readonly world: Pick<World, 'clock' | 'random'>
  readonly terms: ClusterTerms
  private readonly net: Net
  private readonly brokers = new Map<number, NetPlace>()
  private readonly connections = new Map<string, Promise<Connection>>()
  private readonly topics = new Map<string, TopicView>()
  private readonly coordinators = new Map<string, number>()
  private controllerId = -1
  private closed = false

  private constructor(net: Net, world: Pick<World, 'clock' | 'random'>, terms: ClusterTerms) {
    this.net = net
    this.world = world
    this.terms = terms
  }

  /** Resolves when one of the servers has answered. @throws SERVER_UNREACHABLE, NO_KAFKA_SERVER, AUTHENTICATION_FAILED, UNSUPPORTED_VERSION */
  static async connect(net: Net, world: Pick<World, 'clock' | 'random'>, terms: ClusterTerms): Promise<Cluster> {
    const cluster = new Cluster(net, world, terms)
    try {
      await cluster.describe([])
    } catch (error) {
      cluster.close()
      throw error
    }
    return cluster
  }

  // Connections

  private open(place: NetPlace, lane: string): Promise<Connection> {
    if (this.closed) return Promise.reject(closedError())
    const key = `${place.host}:${place.port} ${lane}`
    const there = this.connections.get(key)
    if (there !== undefined) return there
    const opened = this.opened(place, key)
    this.connections.set(key, opened)
    return opened
  }

  private async opened(place: NetPlace, key: string): Promise<Connection> {
    try {
      const connection = await Connection.open(this.net, place, { clock: this.world.clock, ...this.terms })
      if (this.closed) connection.close()
      return connection
    } catch (error) {
      this.connections.delete(key)
      throw error
    }
  }

  private async live(place: NetPlace, lane = ''): Promise<Connection> {
    const opened = this.open(place, lane)
    const connection = await opened
    if (connection.isOpen) return connection
    // Unless somebody else has seen it, too.
    const key = `${place.host}:${place.port} ${lane}`
    if (this.connections.get(key) === opened) this.connections.delete(key)
    return this.open(place, lane)
  }

  /** Whoever answers first: brokers that are known, then those that the caller named. */
  async any(): Promise<Connection> {
    let failure: unknown
    for (const place of distinct([...this.brokers.values(), ...this.terms.bootstrap])) {
      try {
        return await this.live(place)
      } catch (error) {
        if (!(error instanceof MillraceError) || error.code !== 'SERVER_UNREACHABLE') throw error
        failure = error
      }
    }
    throw failure
  }

  /** @throws SERVER_NOT_READY for a broker that nobody names any more */
  async to(nodeId: number, lane?: string): Promise<Connection> {
    const place = this.brokers.get(nodeId)
    if (place !== undefined) return this.live(place, lane)
    throw coreError('SERVER_NOT_READY', { what: 'the broker is not there', where: `broker ${nodeId}` })
  }

  /** Ends the connection of a lane, and with it what waits there. */
  async leave(nodeId: number, lane: string): Promise<void> {
    const place = this.brokers.get(nodeId)
    if (place === undefined) return
    const key = `${place.host}:${place.port} ${lane}`
    const connection = this.connections.get(key)
    this.connections.delete(key)
    await connection?.then((one) => one.close(), ignore)
  }

  /** One for each address: a broker may show itself as several. */
  everyBroker(): readonly number[] {
    const byPlace = new Map([...this.brokers].map(([nodeId, { host, port }]) => [`${host}:${port}`, nodeId]))
    return [...byPlace.values()]
  }

  // Metadata

  /** Asks, for these topics or all; null for one that is not there. */
  async describe(names: readonly string[] | null): Promise<ReadonlyMap<string, TopicView | null>> {
    const connection = await this.any()
    const answer = await connection.ask('metadata', {
      topics: names?.map((name) => ({ name })) ?? null,
      allowAutoTopicCreation: false,
    })
    checkCode(answer.errorCode, { where: 'Metadata' })
    this.brokers.clear()
    for (const { nodeId, host, port } of answer.brokers) this.brokers.set(nodeId, { host, port })
    this.controllerId = answer.controllerId
    const found = answer.topics.map((topic) => [topic.name ?? '', this.learn(topic)] as const)
    return new Map(found)
  }

  private learn({ name, errorCode, topicId, isInternal, partitions }: TopicAnswer): TopicView | null {
    const topic = name ?? ''
    if (isMissing(errorCode)) {
      this.topics.delete(topic)
      return null
    }
    checkCode(errorCode, { where: topic })
    const view: TopicView = {
      topic,
      topicId,
      internal: isInternal,
      leaders: partitions.toSorted((a, b) => a.partitionIndex - b.partitionIndex).map(({ leaderId }) => leaderId),
      stale: false,
    }
    this.topics.set(topic, view)
    return view
  }

  /** What is known of it, without asking. */
  known(topic: string): TopicView | undefined {
    return this.topics.get(topic)
  }

  /** @throws UNKNOWN_TOPIC */
  async topic(name: string): Promise<TopicView> {
    const known = this.topics.get(name)
    if (known !== undefined && !known.stale) return known
    const found = (await this.describe([name])).get(name)
    if (found) return found
    throw coreError('UNKNOWN_TOPIC', { what: 'there is no such topic', where: name })
  }

  /** @throws UNKNOWN_TOPIC, UNKNOWN_PARTITION, SERVER_NOT_READY while there is none */
  async leaderOf(place: TopicPartition): Promise<number> {
    const name = partitionName(place)
    let { leaders } = await this.topic(place.topic)
    if (leaders[place.partition] === undefined || leaders[place.partition]! < 0) {
      this.forget(place.topic)
      leaders = (await this.topic(place.topic)).leaders
    }
    const leader = leaders[place.partition]
    if (leader === undefined) throw coreError('UNKNOWN_PARTITION', { what: 'there is no such partition', where: name })
    if (leader < 0) throw coreError('SERVER_NOT_READY', { what: 'the partition has no leader now', where: name })
    return leader
  }

  /** The next one asks anew. */
  forget(topic: string): void {
    const known = this.topics.get(topic)
    if (known !== undefined) known.stale = true
  }

  private forgetAll(): void {
    for (const topic of this.topics.keys()) this.forget(topic)
    this.coordinators.clear()
    this.controllerId = -1
  }

  // Who decides

  /** Where topics are made. A cluster without controller in its metadata lets any broker pass it on. */
  async controller(): Promise<Connection> {
    if (!this.brokers.has(this.controllerId)) await this.describe([])
    return this.brokers.has(this.controllerId) ? this.to(this.controllerId) : this.any()
  }

  async coordinatorOf(kind: CoordinatorKind, key: string): Promise<number> {
    const name = `${kind} ${key}`
    const known = this.coordinators.get(name)
    if (known !== undefined && this.brokers.has(known)) return known
    const nodeId = await this.findCoordinator(kind, key)
    if (!this.brokers.has(nodeId)) await this.describe([])
    this.coordinators.set(name, nodeId)
    return nodeId
  }

  private async findCoordinator(kind: CoordinatorKind, key: string): Promise<number> {
    const connection = await this.any()
    const keyType = kind === 'group' ? 0 : 1
    const several = connection.speaks('findCoordinator', 4)
    const request = several ? { keyType, coordinatorKeys: [key] } : { keyType, key }
    const answer = await connection.ask('findCoordinator', request)
    const found = several ? answer.coordinators[0]! : answer
    checkCode(found.errorCode, { where: key, message: found.errorMessage })
    return found.nodeId
  }

  async askCoordinator<Name extends ApiName>(
    kind: CoordinatorKind,
    key: string,
    name: Name,
    request: RequestDraft<Name>,
    terms: AskTerms & { readonly lane?: string } = {},
  ): Promise<ResponseOf<Name>> {
    const connection = await this.to(await this.coordinatorOf(kind, key), terms.lane)
    return connection.ask(name, request, terms)
  }

  // Trying again

  /**
   * Does the work again while what it meets passes by itself. With `once` a request whose answer was lost is not made again: it may
   * have been done. @throws what it met last
   */
  async retrying<T>(work: () => Promise<T>, { once = false }: { readonly once?: boolean } = {}): Promise<T> {
    const { clock } = this.world
    const deadline = clock.monotonic() + this.terms.timeoutMs
    for (let waitMs = firstWaitMs; ; waitMs = Math.min(2 * waitMs, longestWaitMs)) {
      try {
        return await work()
      } catch (error) {
        if (this.closed || !passes(error, once) || clock.monotonic() + waitMs > deadline) throw error
        this.forgetAll()
        await this.pause(waitMs)
      }
    }
  }

  pause(ms: number): Promise<void> {
    return new Promise((resolve) => void this.world.clock.after(ms, resolve))
  }

  assertOpen(): void {
    if (this.closed) throw closedError()
  }

  close(): void {
    this.closed = true
    for (const connection of this.connections.values()) void connection.then((one) => one.close(), ignore)
    this.connections.clear()
  }
}

export interface ClusterTerms extends Omit<ConnectionTerms, 'clock'> {
  readonly bootstrap: readonly NetPlace[]
  /** How long something is tried again. */
  readonly timeoutMs: number
}

/** What the servers say of a topic. */
export interface TopicView {
  readonly topic: string
  readonly topicId: TopicId
  readonly internal: boolean
  /** By partition; -1 while there is none. */
  readonly leaders: readonly number[]
  /** It was found wrong. */
  stale: boolean
}

export type CoordinatorKind = 'group' | 'transaction'

type TopicAnswer = ResponseOf<'metadata'>['topics'][number]

const firstWaitMs = 20
const longestWaitMs = 1_000

const passing: readonly string[] = ['SERVER_NOT_READY', 'SERVER_UNREACHABLE', 'CONCURRENT_TRANSACTIONS'] satisfies CoreErrorCode[]
const lost: readonly string[] = ['CONNECTION_LOST', 'REQUEST_TIMED_OUT'] satisfies CoreErrorCode[]

function passes(error: unknown, once: boolean): boolean {
  return error instanceof MillraceError && (passing.includes(error.code) || (!once && lost.includes(error.code)))
}

function isMissing(code: number): boolean {
  return code === errorCodes.UNKNOWN_TOPIC_OR_PARTITION || code === errorCodes.INVALID_TOPIC_EXCEPTION
}

function distinct(places: readonly NetPlace[]): Iterable<NetPlace> {
  return new Map(places.map((place) => [`${place.host}:${place.port}`, place])).values()
}

function closedError(): Error {
  return coreError('CLOSED', { what: 'the client is closed' })
}

function ignore(): void {
  // Whoever asked hears of it.
}
