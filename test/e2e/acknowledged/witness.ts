import type { Assignment, ConsumedRecord, LogClient, TopicPartition } from '@millrace/core'
import { ChangingWitness } from './changing-witness.ts'
import { contentOf, group, partitions, positionAfter, recordsIn, type Acknowledged } from './content.ts'

interface Seen {
  readonly offset: number
  readonly text: string
}

/** The records of one partition that were read since the last look. */
type Partition = readonly Seen[]

/**
 * Holds what was acknowledged, and compares it with what a reopened log holds.
 *
 * Invariants
 *   A1  An acknowledged record is at its offset, as it was written.
 *   A2  What a round wrote to a partition is a prefix of what it would have written: nothing is missing in between, nothing twice,
 *       nothing invented, nothing in another order.
 *   A3  Of each transaction all records are there or none, and the group stands behind the last one that is there.
 *   A4  What was seen once is never gone: each look goes on where the last one ended, by offsets.
 *   A5  A reader that begins anywhere, and takes little at a time, sees the same.
 */
export class Witness {
  private readonly told = new Map<number, Acknowledged[]>()
  private readonly changing = new ChangingWitness()
  private readonly next = new Map<string, number>()
  records = 0

  tell(round: number, acknowledged: Acknowledged): void {
    this.changing.tell(round, acknowledged)
    const list = this.told.get(round)
    if (list === undefined) this.told.set(round, [acknowledged])
    else list.push(acknowledged)
  }

  /** Compares what has come since the last look. @throws at the first violation */
  async look(log: LogClient): Promise<void> {
    if ((await log.admin.listTopics()).length === 0) return this.lookAtNothing()
    const sent = await Promise.all(numbers(partitions).map((partition) => this.read(log, 'sent', partition)))
    const flushed = await this.read(log, 'flushed', 0)
    const moved = await Promise.all(numbers(partitions).map((partition) => this.read(log, 'moved', partition)))
    for (const partition of [...sent, flushed]) checkSequences(partition)
    const last = checkTransactions(moved)
    if (last !== undefined) await checkPosition(log, last)
    await this.changing.look(log)
    for (const [round, list] of this.told) for (const each of list) checkAcknowledged(round, each, { sent, flushed, moved })
    this.told.clear()
  }

  /** A kill before the topics were made: then nothing can have been acknowledged. */
  private lookAtNothing(): void {
    if (this.told.size > 0) violated('A1', 'something was acknowledged, and there is not even a topic')
  }

  private async read(log: LogClient, topic: string, partition: number): Promise<Partition> {
    const of = { topic, partition }
    const from = this.next.get(`${topic}-${partition}`) ?? 0
    const [end = 0, stable = 0] = await log.admin.listOffsets([
      { ...of, at: 'latest' },
      { ...of, at: 'stable' },
    ])
    if (stable !== end) violated('A3', `${topic}-${partition} has an open transaction after it was reopened: ${stable} of ${end}`)
    if (end < from) violated('A4', `${topic}-${partition} ends at ${end}, it was seen up to ${from}`)
    const seen = await readUpTo(log, { ...of, offset: from }, end)
    await checkFromWithin(log, of, seen)
    this.records += seen.length
    this.next.set(`${topic}-${partition}`, end)
    return seen
  }
}

const placesToBegin = 10

/** The first batch for a reader that begins at a few places, in the middle of a batch as a rule. */
async function checkFromWithin(log: LogClient, of: TopicPartition, seen: Partition): Promise<void> {
  await using consumer = await log.consumer({ isolation: 'read_committed' })
  for (let place = 0; place < Math.min(placesToBegin, seen.length); place++) {
    const rest = seen.slice(Math.floor((place * seen.length) / placesToBegin))
    const offset = rest[0]?.offset ?? 0
    await consumer.assign([{ ...of, offset }])
    const [batch] = await consumer.poll({ maxBytes: 1 })
    const again = batch?.toArray().map(toSeen) ?? []
    const differs = again.findIndex((record, i) => record.offset !== rest[i]?.offset || record.text !== rest[i].text)
    if (again.length > 0 && differs < 0) continue
    violated('A5', `${of.topic}-${of.partition} read from ${offset} on begins with ${again[differs]?.offset ?? 'nothing'}`)
  }
}

async function readUpTo(log: LogClient, from: Assignment, end: number): Promise<Seen[]> {
  const seen: Seen[] = []
  await using consumer = await log.consumer({ isolation: 'read_committed' })
  await consumer.assign([from])
  while (consumer.position(from) < end) {
    for (const batch of await consumer.poll()) batch.forEach((record) => seen.push(toSeen(record)))
  }
  return seen
}

/** The text before what fills it up; the whole value was compared. */
function toSeen({ offset, value }: ConsumedRecord): Seen {
  const content = Buffer.from(value ?? []).toString('latin1')
  const end = content.indexOf('.')
  const text = end < 0 ? content : content.slice(0, end)
  if (content !== contentOf(text, Number(text.split(':')[1])))
    violated('A2', `offset ${offset} holds what nobody wrote: ${content.slice(0, 60)}`)
  return { offset, text }
}

function checkSequences(partition: Partition): void {
  let [round, next] = [-1, 0]
  for (const { offset, text } of partition) {
    const [r = -1, sequence = -1] = text.split(':').map(Number)
    if (r > round) [round, next] = [r, 0]
    if (r !== round || sequence !== next) violated('A2', `offset ${offset} holds ${text}, expected ${round}:${next}`)
    next++
  }
}

interface Last {
  readonly round: number
  readonly transaction: number
}

/** The last transaction that is there. */
function checkTransactions(moved: readonly Partition[]): Last | undefined {
  const counted = new Map<string, number[]>()
  moved.forEach((records, partition) => {
    for (const { text } of records) {
      const [round, transaction] = text.split(':')
      const counts = counted.get(`${round}:${transaction}`) ?? numbers(partitions).map(() => 0)
      counted.set(`${round}:${transaction}`, counts.with(partition, (counts[partition] ?? 0) + 1))
    }
    checkOrder(records)
  })
  return checkWhole(counted)
}

/** In a partition: rounds, in a round transactions, in a transaction records, one after the other. */
function checkOrder(records: Partition): void {
  const keys = records.map(({ text }) => text.split(':').slice(0, 3).map(Number))
  for (let i = 1; i < keys.length; i++) {
    if (compare(keys[i - 1] ?? [], keys[i] ?? []) >= 0)
      violated('A2', `${records[i]?.text} stands behind ${records[i - 1]?.text}`)
  }
}

function checkWhole(counted: ReadonlyMap<string, readonly number[]>): Last | undefined {
  const transactions = [...counted.keys()].map((key) => key.split(':').map(Number)).sort(compare)
  let [round, next] = [-1, 0]
  for (const [r = 0, transaction = 0] of transactions) {
    if (r > round) [round, next] = [r, 0]
    if (transaction !== next) violated('A2', `transaction ${r}:${transaction} is there, ${round}:${next} is not`)
    const [seen, wanted] = [counted.get(`${r}:${transaction}`)?.join('/'), recordsIn(transaction).join('/')]
    if (seen !== wanted) violated('A3', `transaction ${r}:${transaction} has ${seen} records, expected ${wanted}`)
    next++
  }
  return transactions.length === 0 ? undefined : { round, transaction: next - 1 }
}

async function checkPosition(log: LogClient, { round, transaction }: Last): Promise<void> {
  const [position] = await log.admin.groupOffsets(group)
  const seen = `${position?.metadata}:${position?.offset}`
  const wanted = `${round}:${positionAfter(transaction)}`
  if (seen !== wanted) violated('A3', `the group stands at ${seen}, the last transaction is ${wanted}`)
}

interface Found {
  readonly sent: readonly Partition[]
  readonly flushed: Partition
  readonly moved: readonly Partition[]
}

function checkAcknowledged(round: number, acknowledged: Acknowledged, { sent, flushed, moved }: Found): void {
  switch (acknowledged.kind) {
    case 'sent': {
      const { partition, first, count, offset } = acknowledged
      for (let i = 0; i < count; i++) expectAt(sent[partition], offset + i, `${round}:${first + i}`)
      return
    }
    case 'flushed': {
      const last = `${round}:${acknowledged.count - 1}`
      if (!textsOf(flushed).has(last)) violated('A1', `flushed ${last}, and it is not there`)
      return
    }
    case 'begun':
    case 'kept':
    case 'fading':
      return // ChangingWitness holds those
    case 'moved': {
      const counts = recordsIn(acknowledged.transaction)
      counts.forEach((count, partition) => {
        const offset = acknowledged.offsets[partition] ?? -1
        for (let i = 0; i < count; i++) {
          expectAt(moved[partition], offset + i, `${round}:${acknowledged.transaction}:${i}:${counts.join('/')}`)
        }
      })
    }
  }
}

function expectAt(records: Partition | undefined, offset: number, text: string): void {
  const seen = byOffset(records ?? []).get(offset)
  if (seen !== text) violated('A1', `offset ${offset} was acknowledged as ${text} and holds ${seen ?? 'nothing'}`)
}

const offsets = new WeakMap<Partition, ReadonlyMap<number, string>>()
const texts = new WeakMap<Partition, ReadonlySet<string>>()

function byOffset(records: Partition): ReadonlyMap<number, string> {
  const map = offsets.get(records) ?? new Map(records.map(({ offset, text }) => [offset, text]))
  offsets.set(records, map)
  return map
}

function textsOf(records: Partition): ReadonlySet<string> {
  const set = texts.get(records) ?? new Set(records.map(({ text }) => text))
  texts.set(records, set)
  return set
}

function compare(a: readonly number[], b: readonly number[]): number {
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return (a[i] ?? 0) - (b[i] ?? 0)
  return 0
}

function numbers(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i)
}

function violated(invariant: string, what: string): never {
  throw new Error(`${invariant} is violated: ${what}`)
}
