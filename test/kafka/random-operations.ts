import { seeded } from '../e2e/seeded.ts'
import type { Batch, Operation } from './operations.ts'

/**
 * Many small operations on a few partitions that the seed alone decides. Up to three transactions are open at once, some are aborted, and
 * at the end all are ended.
 */
export function randomOperations(seed: number, count: number): Operation[] {
  return new RandomOperations(seed).take(count)
}

const topic = 'random'
const partitions = 3
const ids = ['t0', 't1', 't2']

class RandomOperations {
  private readonly random: () => number
  private readonly open = new Set<string>()
  private now = 1_700_000_000_000

  constructor(seed: number) {
    this.random = seeded(seed)
  }

  take(count: number): Operation[] {
    const config = { 'retention.ms': '-1', 'segment.bytes': '3000', 'index.interval.bytes': '200' }
    const create: Operation = { op: 'create', topic, partitions, config }
    return [create, ...Array.from({ length: count }, () => this.next()), ...[...this.open].map((id) => this.end(id))]
  }

  private next(): Operation {
    const transactionalId = ids[this.below(ids.length)]!
    if (this.open.has(transactionalId)) {
      return this.below(3) === 0 ? this.end(transactionalId) : { op: 'add', transactionalId, batch: this.batch() }
    }
    if (this.below(3) === 0) {
      this.open.add(transactionalId)
      return { op: 'begin', transactionalId }
    }
    if (this.below(2) === 0) return { op: 'write', batch: this.batch() }
    return { op: 'transact', transactionalId, batches: Array.from({ length: 1 + this.below(3) }, () => this.batch()) }
  }

  private end(transactionalId: string): Operation {
    this.open.delete(transactionalId)
    return { op: 'end', transactionalId, how: this.below(2) === 0 ? 'abort' : 'commit' }
  }

  private batch(): Batch {
    const records = Array.from({ length: 1 + this.below(5) }, () => {
      this.now += this.below(1000) - 300
      const value = this.below(10) === 0 ? null : 'v'.repeat(this.below(120))
      return { timestamp: this.now, key: `key-${this.below(12)}`, value }
    })
    return { topic, partition: this.below(partitions), records }
  }

  private below(limit: number): number {
    return Math.floor(this.random() * limit)
  }
}
