import type { LogClient } from '@millrace/core'
import { contentOf, isAborted, keys, partitions, recordsIn, type Acknowledged } from './content.ts'

interface Read {
  readonly offset: number
  readonly key: string
  readonly round: number
  readonly number: number
}

/**
 * Holds what was acknowledged of the topics from which records vanish: aborted, compacted, too old.
 *
 * Invariants
 *   B1  A transaction whose commit was acknowledged is there, whole; one whose abort was is not; any other whole or not at all.
 *   B2  Of each key of the compacted topic the newest record that was acknowledged is there, or a newer one.
 *   B3  The start of a topic never falls; from there on nothing is missing that was acknowledged.
 *   B4  An offset that was read once holds the same record for ever, or none.
 */
export class ChangingWitness {
  private readonly newest = new Map<string, { readonly offset: number; readonly text: string }>()
  private readonly fading = new Map<number, string>()
  private readonly committed = new Set<string>()
  private readonly seen = new Map<string, string>()
  private start = 0
  records = 0

  tell(round: number, acknowledged: Acknowledged): void {
    if (acknowledged.kind === 'begun') {
      if (!isAborted(acknowledged.transaction)) this.committed.add(`${round}:${acknowledged.transaction}`)
    } else if (acknowledged.kind === 'kept') {
      const { sequence, offset } = acknowledged
      this.newest.set(`${sequence % keys}`, { offset, text: `${round}:${sequence}` })
    } else if (acknowledged.kind === 'fading') {
      this.fading.set(acknowledged.offset, `${round}:${acknowledged.sequence}`)
    }
  }

  /** @throws at the first violation */
  async look(log: LogClient): Promise<void> {
    if ((await log.admin.listTopics()).length === 0) return
    await this.lookAtBegun(log)
    this.lookAtKept(await this.read(log, 'kept', 0))
    await this.lookAtFading(log)
  }

  private async lookAtBegun(log: LogClient): Promise<void> {
    const counted = new Map<string, number[]>()
    for (let partition = 0; partition < partitions; partition++) {
      for (const { round, number } of await this.read(log, 'begun', partition)) {
        const counts = counted.get(`${round}:${number}`) ?? recordsIn(number).map(() => 0)
        counts[partition]! += 1
        counted.set(`${round}:${number}`, counts)
      }
    }
    for (const [name, counts] of counted) {
      const number = Number(name.split(':')[1])
      if (isAborted(number)) violated('B1', `transaction ${name} was never committed, and is seen`)
      if (counts.join('/') !== recordsIn(number).join('/')) violated('B1', `transaction ${name} has ${counts.join('/')} records`)
    }
    for (const name of this.committed)
      if (!counted.has(name)) violated('B1', `transaction ${name} was committed, and is not there`)
  }

  private lookAtKept(found: readonly Read[]): void {
    const last = new Map(found.map((record) => [record.key, record]))
    for (const [key, { offset, text }] of this.newest) {
      const record = last.get(key)
      if (record === undefined || record.offset < offset) violated('B2', `key ${key} was ${text} at ${offset}, and is not there`)
      if (record.offset === offset && textOf(record) !== text)
        violated('B2', `key ${key} at ${offset} is ${textOf(record)}, not ${text}`)
    }
  }

  private async lookAtFading(log: LogClient): Promise<void> {
    const [start = 0] = await log.admin.listOffsets([{ topic: 'fading', partition: 0, at: 'earliest' }])
    if (start < this.start) violated('B3', `the log starts at ${start}, it was at ${this.start}`)
    this.start = start
    const found = new Map((await this.read(log, 'fading', 0)).map((record) => [record.offset, textOf(record)]))
    for (const [offset, text] of this.fading) {
      if (offset < start) this.fading.delete(offset)
      else if (found.get(offset) !== text)
        violated('B3', `offset ${offset} was ${text}, and is ${found.get(offset) ?? 'nothing'}`)
    }
  }

  private async read(log: LogClient, topic: string, partition: number): Promise<readonly Read[]> {
    const of = { topic, partition }
    const [end = 0] = await log.admin.listOffsets([{ ...of, at: 'stable' }])
    const found: Read[] = []
    await using consumer = await log.consumer({ isolation: 'read_committed' })
    await consumer.assign([{ ...of, offset: 'earliest' }])
    while (consumer.position(of) < end) {
      for (const batch of await consumer.poll()) {
        for (const { offset, key, value } of batch.toArray()) found.push(this.taken(of, offset, latin1(key), latin1(value)))
      }
    }
    this.records += found.length
    return found
  }

  private taken({ topic, partition }: { topic: string; partition: number }, offset: number, key: string, value: string): Read {
    const end = value.indexOf('.')
    const name = end < 0 ? value : value.slice(0, end)
    const [round = -1, number = -1] = name.split(':').map(Number)
    const place = `${topic}-${partition}@${offset}`
    if (value !== contentOf(name, number)) violated('B4', `${place} holds what nobody wrote: ${value.slice(0, 60)}`)
    const before = this.seen.get(place)
    if (before !== undefined && before !== name) violated('B4', `${place} was ${before} and is ${name}`)
    this.seen.set(place, name)
    return { offset, key, round, number }
  }
}

function textOf({ round, number }: Read): string {
  return `${round}:${number}`
}

function latin1(bytes: Uint8Array | null): string {
  return Buffer.from(bytes ?? []).toString('latin1')
}

function violated(invariant: string, what: string): never {
  throw new Error(`${invariant} is violated: ${what}`)
}
