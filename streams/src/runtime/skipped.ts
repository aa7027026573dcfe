/** A record that the policy `skip` left out, and why. After a restart the same one may be told again. */
export interface Skipped {
  readonly error: unknown
  /** `failed`: user code or a serializer threw. `undecodable`: it could not be read. */
  readonly reason: 'failed' | 'undecodable'
  /** The node that threw, or that reads the topic; of a global table its store. */
  readonly node: string
  /** Null: a global table, which belongs to no task. */
  readonly task: string | null
  readonly topic: string
  readonly partition: number
  /** -1: an event that no record caused. */
  readonly offset: number
}

export type OnSkipped = (skipped: Skipped) => void
