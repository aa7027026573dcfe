/**
 * Puts a log under load for a while and watches its memory: appends, reads, transactions, commits of groups, compaction.
 *
 *   node --conditions=@millrace/source --expose-gc test/bench/steady-memory.ts [--minutes 10] [--dir DIR]
 *
 * Prints the memory every tenth second, and at the end whether it grew: the median of the last third is compared with that of
 * the first third, after a minute (a tenth, where it runs for less) to warm up. Ends with 1 when it grew by more than 10 % and 32 MB.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { embeddedLog, type LogClient } from '@millrace/core'
import { valueOf } from './plain-records.ts'

export interface SteadyLoad {
  readonly dir: string
  readonly durationMs: number
  readonly intervalMs: number
  readonly say: (line: string) => void
}

interface Memory {
  readonly residentMb: number
  readonly heapMb: number
}

export interface SteadyOutcome {
  readonly records: number
  readonly before: Memory
  readonly after: Memory
  readonly grew: boolean
}

const minute = 60_000
const allowedGrowth = { part: 0.1, mb: 32 }
const partitions = 4
const keys = 1000

export async function steadyMemory({ dir, durationMs, intervalMs, say }: SteadyLoad): Promise<SteadyOutcome> {
  await using log = await embeddedLog({ dir, maintenance: { compactionIntervalMs: 1000, retentionIntervalMs: 1000 } })
  await createTopics(log)
  const load = new Load(log)
  const samples: Memory[] = []
  const warmUp = Math.floor(Math.min(minute, durationMs / 10) / intervalMs)
  const running = load.run()
  const startedAt = performance.now()
  while (performance.now() - startedAt < durationMs) {
    await Promise.race([delay(intervalMs), running])
    samples.push(memory())
    const { residentMb, heapMb } = samples.at(-1)!
    const seconds = Math.round((performance.now() - startedAt) / 1e3)
    say(`${seconds} s: resident ${residentMb.toFixed(0)} MB, heap ${heapMb.toFixed(1)} MB, ${load.records} records`)
  }
  load.stop()
  await running
  return { records: load.records, ...judge(samples.slice(warmUp)) }
}

/** What is kept is bounded: retention takes away the oldest, compaction what was replaced. */
async function createTopics(log: LogClient): Promise<void> {
  const segments = { 'segment.bytes': String(8 << 20) }
  await log.admin.createTopics([
    { topic: 'deleted', partitions, config: { ...segments, 'retention.bytes': String(32 << 20) } },
    { topic: 'compacted', partitions, config: { ...segments, 'cleanup.policy': 'compact', 'min.cleanable.dirty.ratio': '0.1' } },
  ])
}

class Load {
  records = 0
  private readonly log: LogClient
  private stopped = false

  constructor(log: LogClient) {
    this.log = log
  }

  stop(): void {
    this.stopped = true
  }

  async run(): Promise<void> {
    await Promise.all([this.append(), this.transact(), this.read()])
  }

  private async append(): Promise<void> {
    await using producer = await this.log.producer()
    for (let index = 0; !this.stopped; index++) {
      const compacted = index % 4 === 0
      const room = producer.append(compacted ? 'compacted' : 'deleted', `k${index % keys}`, valueOf(index))
      this.records++
      if (!room || index % 10_000 === 0) await Promise.all([producer.flush(), delay(10)])
    }
  }

  private async transact(): Promise<void> {
    await using producer = await this.log.producer({ transactionalId: 'steady' })
    for (let index = 0; !this.stopped; index++) {
      const batches = Array.from({ length: partitions }, (_, partition) => {
        const batch = producer.batch(index % 2 === 0 ? 'compacted' : 'deleted', partition)
        batch.append(`t${index % keys}`, valueOf(index), Date.now())
        return batch
      })
      const positions = batches.map(({ topic, partition }) => ({ topic, partition, offset: index }))
      await producer.transact({ batches, offsets: { group: 'transactions', positions } })
      this.records += partitions
      await delay(1)
    }
  }

  private async read(): Promise<void> {
    await using consumer = await this.log.consumer({ group: 'readers', reset: 'earliest' })
    consumer.subscribe(['deleted', 'compacted'])
    let sum = 0
    while (!this.stopped) {
      for (const batch of await consumer.poll({ timeoutMs: 100 })) {
        batch.forEach(({ value }) => {
          sum += value?.[0] ?? 0
        })
      }
      if (consumer.assignment().length > 0) await consumer.commit()
    }
    await consumer.unsubscribe()
    if (sum === 0) throw new Error('nothing was read')
  }
}

function memory(): Memory {
  globalThis.gc?.()
  const { rss, heapUsed } = process.memoryUsage()
  return { residentMb: rss / 1e6, heapMb: heapUsed / 1e6 }
}

function judge(samples: readonly Memory[]): Omit<SteadyOutcome, 'records'> {
  const third = Math.ceil(samples.length / 3)
  const before = median(samples.slice(0, third))
  const after = median(samples.slice(-third))
  const grew = hasGrown(before.residentMb, after.residentMb) || hasGrown(before.heapMb, after.heapMb)
  return { before, after, grew }
}

function hasGrown(before: number, after: number): boolean {
  return after > before * (1 + allowedGrowth.part) && after > before + allowedGrowth.mb
}

function median(samples: readonly Memory[]): Memory {
  const middle = (of: (sample: Memory) => number): number => samples.map(of).sort((a, b) => a - b)[samples.length >> 1] ?? 0
  return { residentMb: middle(({ residentMb }) => residentMb), heapMb: middle(({ heapMb }) => heapMb) }
}

if (import.meta.main) {
  const { values } = parseArgs({ options: { minutes: { type: 'string', default: '10' }, dir: { type: 'string' } } })
  const dir = values.dir ?? mkdtempSync(join(tmpdir(), 'millrace-steady-'))
  const say = (line: string): void => void process.stdout.write(`${line}\n`)
  try {
    const { before, after, grew } = await steadyMemory({
      dir,
      durationMs: Number(values.minutes) * minute,
      intervalMs: 10_000,
      say,
    })
    const text = (of: Memory): string => `resident ${of.residentMb.toFixed(0)} MB, heap ${of.heapMb.toFixed(1)} MB`
    say(`first third: ${text(before)}; last third: ${text(after)}; it ${grew ? 'grew' : 'did not grow'}`)
    process.exitCode = grew ? 1 : 0
  } finally {
    if (values.dir === undefined) rmSync(dir, { recursive: true, force: true })
  }
}
