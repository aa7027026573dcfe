import type { Consumer, GroupMembership, RebalanceListener, TopicPartition } from '@millrace/core'
import { streamError } from '../time/stream-errors.ts'

/** What the group has decided, for the loop to carry out. */
export type GroupNews =
  | { readonly kind: 'assigned' }
  | { readonly kind: 'revoked'; readonly partitions: readonly TopicPartition[] }

interface OpenNews {
  readonly news: GroupNews
  readonly done: () => void
}

/**
 * The instance as a member of the application's group.
 *
 * The group speaks inside a poll, and a poll may be under way while the loop does something else. So its word waits here until the loop
 * comes to it, between two events, and the poll goes on when it is carried out.
 *
 * Invariants
 *   H1  What is revoked is committed and closed before anybody else can have it.
 *   H2  Nothing is read of a partition whose task is not open: it is paused from the moment that it is assigned.
 *   H3  When the group has gone on without us, nothing can be committed any more: the instance opens anew.
 */
export class GroupMember {
  readonly consumer: Consumer
  /** The group has said at least once what is ours. */
  hasAssignment = false
  private open: OpenNews[] = []
  private isDeaf = false
  /** What we had may be somebody else's. A later generation of ours makes nothing of it good. */
  private loss: Error | null = null
  /** Called when there is news. */
  onNews: () => void = () => {}

  constructor(consumer: Consumer, topics: readonly string[]) {
    this.consumer = consumer
    consumer.subscribe(topics, this.listener())
  }

  private listener(): RebalanceListener {
    return {
      onAssigned: (partitions) => {
        for (const place of partitions) this.consumer.seek(place, 0) // somewhere: its task says where when it is open
        this.consumer.pause(partitions)
        return this.ask({ kind: 'assigned' })
      },
      onRevoked: (partitions) => this.ask({ kind: 'revoked', partitions }),
      onLost: (_partitions, cause) => {
        this.loss ??= cause?.code === 'FENCED_INSTANCE_ID' ? cause : lost(cause)
        this.onNews()
      },
    }
  }

  private ask(news: GroupNews): Promise<void> {
    if (this.isDeaf) return Promise.resolve()
    return new Promise((done) => {
      this.open.push({ news, done })
      this.onNews()
    })
  }

  get hasNews(): boolean {
    return this.open.length > 0 || this.loss !== null
  }

  /** Carries out what has come. @throws MEMBERSHIP_LOST, FENCED_INSTANCE_ID, and what `work` throws */
  async handle(work: (news: GroupNews) => Promise<void>): Promise<void> {
    if (this.loss !== null) throw this.loss
    for (let next = this.open.shift(); next !== undefined; next = this.open.shift()) {
      try {
        await work(next.news)
        if (next.news.kind === 'assigned') this.hasAssignment = true
      } finally {
        next.done()
      }
    }
  }

  /** For transactions: who commits. @throws MEMBERSHIP_LOST, FENCED_INSTANCE_ID */
  get identity(): GroupMembership {
    const identity = this.consumer.membership()
    if (this.loss !== null) throw this.loss
    if (identity === null) throw lost()
    return identity
  }

  /** Nothing runs any more that news could matter to. */
  deafen(): void {
    this.isDeaf = true
    for (const { done } of this.open.splice(0)) done()
  }

  /** Leaves the group, unless it is a static member. */
  async close(): Promise<void> {
    this.deafen()
    await this.consumer.close()
  }
}

export function lost(cause?: unknown): Error {
  return streamError('MEMBERSHIP_LOST', { what: 'the group of the application has gone on without this instance', cause })
}
