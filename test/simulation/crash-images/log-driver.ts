import { MillraceError, type Producer, type Transaction } from '@millrace/core'
import { openSimulatedLog, type LogGeometry, type SimulatedLog, type SimWorld } from '@millrace/core/testing'
import type { LogHistory, Promised, Starts } from './log-history.ts'
import { placeName, type ModelRecord, type Submission, type Write } from './log-model.ts'
import { group } from './read-log.ts'
import type { Operation } from './workloads.ts'

/** As small as the frame of a transaction allows: a few operations cross every border. */
export const geometry: LogGeometry = {
  journal: { fileBytes: 8192, blockBytes: 512 },
  roundBytes: 1024,
  maxFrameBytes: 2048,
  writeBehindBytes: 300,
  tailBytes: 600,
  openSegments: { openFiles: 3, indexBytes: 100 },
  internalSegmentBytes: 700,
}

const small = { 'index.interval.bytes': '100' }
const retentionMs = 20_000
const configs: Readonly<Record<'deleted' | 'compacted', Readonly<Record<string, string>>>> = {
  deleted: { ...small, 'segment.bytes': '600', 'retention.ms': `${retentionMs}` },
  compacted: {
    ...small,
    'segment.bytes': '400',
    'cleanup.policy': 'compact',
    'min.cleanable.dirty.ratio': '0',
    'delete.retention.ms': '0',
  },
}

/** Topics that are made and deleted on the way, the first one that is free. */
const spareTopics = ['d', 'e', 'f', 'g', 'h']
const transactionTimeoutMs = 900_000

/** Takes operations on a simulated log, and notes in a history what it submits and what is acknowledged. */
export class LogDriver {
  readonly history: LogHistory
  readonly #world: SimWorld
  readonly #durability: 'sync' | 'os'
  #log: SimulatedLog
  #plain: Producer | null = null
  #transactional: Producer | null = null
  #atomic: Producer | null = null
  #transaction: Transaction | null = null
  #number: number
  readonly #deeds: Readonly<Record<Operation, () => Promise<unknown>>> = {
    append: () => this.#append(),
    appendDurable: () => this.#appendDurable(),
    transactionalAppend: () => this.#appendInTransaction(),
    commit: () => this.#end('commit'),
    abort: () => this.#end('abort'),
    transact: () => this.#transact(),
    roll: () => this.#roll(),
    compact: () => this.#compact(),
    truncate: () => this.#truncate(),
    retain: () => this.#retain(),
    checkpoint: () => this.#covering(() => this.#log.broker.directory.checkpoint().catch(asFailedCheckpoint)),
    delete: () => this.#delete(),
    create: () => this.#create(),
    reopen: () => this.#reopen(),
  }
  /** Submissions that were refused or are in doubt. */
  readonly failures: string[] = []

  constructor(world: SimWorld, durability: 'sync' | 'os', log: SimulatedLog, history: LogHistory) {
    this.#world = world
    this.#durability = durability
    this.#log = log
    this.history = history
    this.#number = history.submissions.length * 100
    history.starts.push(this.#starts())
  }

  static async open(world: SimWorld, durability: 'sync' | 'os', history: LogHistory): Promise<LogDriver> {
    return new LogDriver(world, durability, await openSimulatedLog(world, durability, geometry), history)
  }

  get log(): SimulatedLog {
    return this.#log
  }

  /** What has been promised at this moment. */
  promised(): Promised {
    const { acknowledged, durable, starts } = this.history
    return { acknowledged, durable, done: starts.length - 1, starts: this.#starts(), ends: this.#ends() }
  }

  async take(operation: Operation): Promise<void> {
    await this.#survivable(this.#deeds[operation])
    if (this.#durability === 'sync') this.history.durable = this.history.acknowledged
    this.history.starts.push(this.#starts())
  }

  /** The topics of every workload. */
  async begin(): Promise<void> {
    await this.#createTopic('a', 2, 'deleted')
    await this.#createTopic('c', 1, 'compacted')
    await this.#createTopic('d', 1, 'deleted')
  }

  async #append(): Promise<void> {
    const writes = [this.#write('a', 0, 2), this.#write('a', 1, 1), this.#write('c', 0, 2)]
    if (this.#topics().includes('d')) writes.push(this.#write('d', 0, 1))
    await allDone(writes.map((write) => this.#send(write)))
  }

  async #appendDurable(): Promise<void> {
    await this.#send(this.#write('a', 0, 1))
    await this.#covering(() => this.#log.broker.directory.sync())
  }

  async #roll(): Promise<void> {
    for (let times = 0; times < 3; times++) await this.#send(this.#write('a', 0, 1, 260))
    await this.#send(this.#write('c', 0, 1, 260))
  }

  async #appendInTransaction(): Promise<void> {
    const producer = await this.#transactionalProducer()
    this.#transaction ??= await producer.begin()
    const transaction = this.#transaction
    for (const write of [this.#write('a', 0, 1), this.#write('c', 0, 1)]) {
      await this.#submit({ kind: 'append', write, transaction: 't' }, () =>
        transaction.send(batchOf(this.#world, producer, write)),
      )
    }
  }

  async #end(how: 'commit' | 'abort'): Promise<void> {
    await this.#transactionalProducer()
    if (this.#transaction === null) await this.#appendInTransaction()
    const transaction = this.#transaction!
    const position = how === 'commit' ? this.history.submissions.length : null
    if (position !== null) await this.#survivable(() => transaction.sendOffsets(offsetsOf(position)))
    await this.#submit({ kind: 'end', transaction: 't', how, position }, async () => {
      await (how === 'commit' ? transaction.commit() : transaction.abort())
      this.#transaction = null
    })
  }

  async #transact(): Promise<void> {
    const producer = (this.#atomic ??= await this.#log.log.producer({ transactionalId: 'u', transactionTimeoutMs }))
    const writes = [this.#write('a', 1, 1), this.#write('c', 0, 1)]
    const position = this.history.submissions.length
    await this.#submit({ kind: 'transact', writes, position }, () =>
      producer.transact({ batches: writes.map((write) => batchOf(this.#world, producer, write)), offsets: offsetsOf(position) }),
    )
  }

  async #compact(): Promise<void> {
    this.history.compacts = true
    await this.#survivable(() => this.#log.broker.maintenance.run())
  }

  async #truncate(): Promise<void> {
    const log = this.#log.broker.topics.log({ topic: 'a', partition: 0 })
    const half = (log.startOffset + log.lastStableOffset) >> 1
    const before = this.history.submissions.length % 2 === 0 ? half : 'stable'
    await this.#covering(() => this.#log.log.admin.deleteRecords([{ topic: 'a', partition: 0, before }]))
  }

  async #retain(): Promise<void> {
    this.#world.clock.jump(2 * retentionMs)
    await this.#compact()
  }

  async #delete(): Promise<void> {
    const topic = spareTopics.find((name) => this.#topics().includes(name)) ?? (await this.#create())
    await this.#submit({ kind: 'delete', topic }, () => this.#log.log.admin.deleteTopics([topic]))
  }

  async #create(): Promise<string> {
    const topic = spareTopics.find((name) => !this.#topics().includes(name))!
    await this.#createTopic(topic, 1, 'deleted')
    await this.#send(this.#write(topic, 0, 1))
    return topic
  }

  #createTopic(topic: string, partitions: number, policy: 'deleted' | 'compacted'): Promise<void> {
    const submission: Submission = { kind: 'create', topic, partitions, compacted: policy === 'compacted' }
    const config = configs[policy]
    return this.#submit(submission, () => this.#log.log.admin.createTopics([{ topic, partitions, config }]))
  }

  async #reopen(): Promise<void> {
    await this.#covering(() => this.#log.broker.close())
    this.#log = await openSimulatedLog(this.#world, this.#durability, geometry)
    this.#plain = this.#transactional = this.#atomic = this.#transaction = null
  }

  /** Once it is done, all that was acknowledged before is durable. */
  async #covering(work: () => Promise<unknown>): Promise<void> {
    const { acknowledged } = this.history
    await work()
    this.history.durable = Math.max(this.history.durable, acknowledged)
  }

  async #send(write: Write): Promise<void> {
    const producer = (this.#plain ??= await this.#log.log.producer())
    await this.#submit({ kind: 'append', write, transaction: null }, () => producer.send(batchOf(this.#world, producer, write)))
  }

  /** The first call after an open takes back what a transaction of the last life has left open. */
  async #transactionalProducer(): Promise<Producer> {
    if (this.#transactional !== null) return this.#transactional
    const open = async (): Promise<Producer> =>
      (this.#transactional = await this.#log.log.producer({ transactionalId: 't', transactionTimeoutMs }))
    if (this.history.hasOpen('t')) await this.#submit({ kind: 'end', transaction: 't', how: 'abort', position: null }, open)
    return this.#transactional ?? (await open())
  }

  async #submit(submission: Submission, answer: () => Promise<unknown>): Promise<void> {
    try {
      await this.history.submit(submission, answer)
    } catch (error) {
      this.#failed(error)
      if ((error as MillraceError).outcome === 'unknownOutcome') this.history.doubt(submission)
      else this.history.refuse(submission)
    }
  }

  /** What changes nothing that a reader sees. */
  async #survivable(work: () => Promise<unknown>): Promise<void> {
    try {
      await work()
    } catch (error) {
      this.#failed(error)
    }
  }

  /** On a disk that fails, errors of the log are answers; anything else is a fault of the log. */
  #failed(error: unknown): void {
    if (!(error instanceof MillraceError) || error.fault === 'bug') throw error
    this.failures.push(error.code)
  }

  #write(topic: string, partition: number, count: number, sizeBytes: number = 40): Write {
    const records = Array.from({ length: count }, (): ModelRecord => {
      const number = this.#number++
      const key = topic === 'c' ? `k${number % 3}` : null
      return { key, value: topic === 'c' && number % 7 === 0 ? null : `v${number}`.padEnd(sizeBytes, '.') }
    })
    return { topic, partition, records }
  }

  #topics(): readonly string[] {
    return this.#log.broker.topics.names
  }

  #starts(): Starts {
    return this.#places((log) => log.startOffset)
  }

  #ends(): Starts {
    return this.#places((log) => log.highWatermark)
  }

  #places(what: (log: ReturnType<SimulatedLog['broker']['topics']['log']>) => number): Starts {
    const { topics } = this.#log.broker
    const found: Record<string, number> = {}
    for (const topic of topics.names) for (const log of topics.opened(topic)) found[placeName(log)] = what(log)
    return found
  }
}

/** The log makes checkpoints for itself, and says in each case what it means. */
function asFailedCheckpoint(cause: unknown): never {
  if (cause instanceof MillraceError) throw cause
  const row = { fault: 'world', outcome: 'retriable', todo: '' } as const
  throw new MillraceError('CHECKPOINT_FAILED', row, { what: 'no checkpoint', cause })
}

async function allDone(works: readonly Promise<void>[]): Promise<void> {
  for (const result of await Promise.allSettled(works)) if (result.status === 'rejected') throw result.reason
}

function batchOf(world: SimWorld, producer: Producer, { topic, partition, records }: Write): ReturnType<Producer['batch']> {
  const batch = producer.batch(topic, partition)
  for (const { key, value } of records) batch.append(key, value, world.clock.now())
  return batch
}

function offsetsOf(offset: number): Parameters<Transaction['sendOffsets']>[0] {
  return { group, positions: [{ topic: 'a', partition: 0, offset }] }
}
