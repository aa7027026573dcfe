import type { Topics } from './topics.ts'

/** Ids reserved at once: a start wastes at most so many. */
const blockSize = 1000

/** Gives away producer ids out of a block whose reservation is durable. */
export class ProducerIds {
  private readonly topics: Topics
  private next = 0
  private end = 0
  private reserving: Promise<void> | null = null

  constructor(topics: Topics) {
    this.topics = topics
  }

  get isReady(): boolean {
    return this.next < this.end
  }

  /** Resolves when `take` has an id. */
  async ensure(): Promise<void> {
    while (!this.isReady) {
      this.reserving ??= this.reserve().finally(() => {
        this.reserving = null
      })
      await this.reserving
    }
  }

  /** One that nobody has, for a producer without a transactional id. */
  async give(): Promise<number> {
    await this.ensure()
    return this.isReady ? this.take() : this.give() // others may have taken the last ones in this turn
  }

  private async reserve(): Promise<void> {
    const first = await this.topics.reserveProducerIds(blockSize)
    this.next = first
    this.end = first + blockSize
  }

  /** The id that `take` would give; a command that may or may not need one takes it only then. */
  get peek(): number {
    return this.next
  }

  take(): number {
    return this.next++
  }
}
