/**
 * Kills a broker at random moments while clients write, commit and read over the wire, starts it again at the same port, and checks that
 * what it had answered holds.
 *
 *   node --conditions=@millrace/source test/e2e/kill-broker.ts [--rounds 20] [--seed N] [--dir DIR] [--quiet]
 *
 * What is checked: an idempotent producer that sends again what was not answered leaves each record once, in order, where it was said to
 * be; transactions are there whole or not at all, with their groups' offsets, and each commit that was answered; readers of committed
 * records see nothing that is aborted and nothing that vanishes; no transaction hangs, also of producers that never come back: the last
 * stable offset reaches the end. One broker in four is stopped by SIGTERM instead: then it ends by itself. In the end `verify` finds no
 * damage.
 */
import { spawnSync } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { startBroker, type BrokerProcess } from '../wire/broker-process.ts'
import { millraceMain } from '../wire/millrace-main.ts'
import { ConnectionLost, WireClient } from '../wire/wire-client.ts'
import { IdempotentWriter } from './on-the-wire/idempotent-writer.ts'
import { CommittedReader, Deserter, OffsetCommitter } from './on-the-wire/other-workers.ts'
import { makeTopics, moved, nothingHangs, partitions, readAll } from './on-the-wire/topics.ts'
import { TransactionalWriter } from './on-the-wire/transactional-writer.ts'
import { violated, type Worker } from './on-the-wire/worker.ts'
import { seeded } from './seeded.ts'

export interface Kills {
  readonly rounds: number
  readonly seed: number
  readonly dir: string
  /** Told what happens. */
  readonly say?: (line: string) => void
}

export interface Outcome {
  readonly answered: number
  readonly records: number
  readonly transactions: number
}

const longestMs = 400
/** Rounds that are killed from their start on, while the broker opens and recovers; others have answered something. */
const killedEarly = 0.25
/** Rounds that end by SIGTERM. */
const stopped = 0.25
/** Rounds after which all is read. */
const lookedAt = 0.1

/** @throws at the first violation, with the seed and the round */
export async function killBroker({ rounds, seed, dir, say = () => {} }: Kills): Promise<Outcome> {
  const random = seeded(seed)
  const clients = new Clients(random)
  let broker = await startBroker({ dir })
  const { port } = broker
  try {
    using first = await WireClient.connect(port)
    await makeTopics(first)
    for (let round = 0; round < rounds; round++) {
      try {
        const how = random() < stopped ? 'SIGTERM' : 'SIGKILL'
        await liveAndDie(broker, clients, how, random() * longestMs)
        const early = random() < killedEarly
        if (early) await dieAtStart(dir, port, random() * longestMs)
        broker = await startBroker({ dir, port })
        if (random() < lookedAt) await look(port, clients)
        say(`round ${round}: ${how}${early ? ', and a SIGKILL at the start' : ''}; ${clients.answered} answers`)
      } catch (error) {
        throw new Error(`seed ${seed}, round ${round}, ${dir}: ${(error as Error).message}`, { cause: error })
      }
    }
    const outcome = await look(port, clients)
    await stop(broker)
    verify(dir)
    return outcome
  } finally {
    broker.child.kill('SIGKILL')
  }
}

class Clients {
  private readonly plain: readonly IdempotentWriter[]
  private readonly moving: readonly TransactionalWriter[]
  private readonly reader = new CommittedReader()
  private readonly committer = new OffsetCommitter()
  private readonly all: readonly Worker[]

  constructor(random: () => number) {
    const own = (): (() => number) => seeded(Math.floor(random() * 2 ** 32))
    this.plain = Array.from({ length: partitions }, (_, partition) => new IdempotentWriter(partition, own()))
    this.moving = [1, 2, 2].map((version, at) => new TransactionalWriter(`mover ${at}`, version as 1 | 2, own()))
    this.all = [...this.plain, ...this.moving, this.reader, this.committer, new Deserter()]
  }

  get answered(): number {
    return this.all.reduce((sum, { answered }) => sum + answered, 0)
  }

  /** Before that nobody could miss a transaction. */
  get haveCommitted(): boolean {
    return this.moving.some(({ committed }) => committed > 0)
  }

  /** Until the broker is gone. @throws at a violation */
  async work(port: number): Promise<void> {
    await Promise.all(this.all.map((worker) => connected(port, (client) => worker.work(client))))
  }

  async comeBack(port: number): Promise<void> {
    using client = await WireClient.connect(port)
    for (const writer of this.moving) await writer.init(client)
  }

  /** @throws when something that was answered does not hold */
  async check(port: number): Promise<Outcome> {
    using client = await WireClient.connect(port)
    let [records, transactions] = [0, 0]
    for (const writer of this.plain) records += await writer.check(client)
    const values: string[] = []
    for (let partition = 0; partition < partitions; partition++) {
      const found = await readAll(client, moved, partition)
      this.reader.check(partition, found)
      values.push(...found.values())
    }
    for (const value of values) if (!value.includes(':kept:')) violated(`a reader of committed records sees ${value}`)
    for (const writer of this.moving) transactions += await writer.check(client, values)
    await this.committer.check(client)
    return { answered: this.answered, records: records + values.length, transactions }
  }
}

/** With a connection of its own, for as long as it lasts. */
async function connected(port: number, work: (client: WireClient) => Promise<never>): Promise<void> {
  try {
    using client = await WireClient.connect(port)
    await work(client)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (!(error instanceof ConnectionLost) && code !== 'ECONNREFUSED' && code !== 'ECONNRESET') throw error
  }
}

/** What is behind an open transaction nobody sees: so first those that were left are aborted, by their producers or by their timeout. */
async function look(port: number, clients: Clients): Promise<Outcome> {
  await clients.comeBack(port)
  using client = await WireClient.connect(port)
  await nothingHangs(client)
  return clients.check(port)
}

async function liveAndDie(broker: BrokerProcess, clients: Clients, how: 'SIGTERM' | 'SIGKILL', afterMs: number): Promise<void> {
  const before = clients.answered
  const working = clients.work(broker.port)
  const dying = dieAfter(broker, how, async () => {
    while (clients.answered === before || !clients.haveCommitted) await pause(5)
    await pause(afterMs)
  })
  await Promise.all([working, dying])
}

/** While it opens the directory and recovers. */
async function dieAtStart(dir: string, port: number, afterMs: number): Promise<void> {
  const starting = startBroker({ dir, port, onSpawn: (child) => void setTimeout(() => child.kill('SIGKILL'), afterMs) })
  const { ended } = await starting.catch(() => ({ ended: Promise.resolve() }))
  await ended
}

async function dieAfter(
  { child, ended, complaints }: BrokerProcess,
  how: 'SIGTERM' | 'SIGKILL',
  wait: () => Promise<void>,
): Promise<void> {
  const early = await Promise.race([wait().then(() => null), ended])
  if (early !== null) throw new Error(`the broker ended by itself with ${early.signal ?? early.code}: ${complaints.join('\n')}`)
  child.kill(how)
  const { code, signal } = await ended
  if (how === 'SIGTERM' && code !== 0)
    throw new Error(`SIGTERM ended the broker with ${signal ?? code}: ${complaints.join('\n')}`)
}

async function stop({ child, ended, complaints }: BrokerProcess): Promise<void> {
  child.kill('SIGTERM')
  const { code, signal } = await ended
  if (code !== 0) throw new Error(`SIGTERM ended the broker with ${signal ?? code}: ${complaints.join('\n')}`)
}

function verify(dir: string): void {
  const args = ['--conditions=@millrace/source', millraceMain, 'verify', '--dir', dir]
  const run = spawnSync(process.execPath, args, { encoding: 'utf8' })
  if (run.status !== 0) throw new Error(`verify: ${run.stdout}${run.stderr}`)
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: {
      rounds: { type: 'string', default: '20' },
      seed: { type: 'string', default: String(Date.now() % 1_000_000) },
      dir: { type: 'string' },
      quiet: { type: 'boolean', default: false },
    },
  })
  const dir = values.dir ?? (await mkdtemp(join(tmpdir(), 'millrace-wire-kills-')))
  const say = (line: string): void => void process.stdout.write(`${line}\n`)
  const started = performance.now()
  say(`seed ${values.seed}, directory ${dir}`)
  const [rounds, seed] = [Number(values.rounds), Number(values.seed)]
  const { answered, records, transactions } = await killBroker({ rounds, seed, dir, ...(!values.quiet && { say }) })
  const seconds = ((performance.now() - started) / 1000).toFixed(1)
  say(
    `${rounds} brokers ended under load: ${answered} answers, ${records} records, ${transactions} transactions held, ${seconds} s`,
  )
  if (values.dir === undefined) await rm(dir, { recursive: true })
}
