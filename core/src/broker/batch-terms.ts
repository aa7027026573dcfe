import type { Clock } from '../base/clock.ts'
import type { TopicSettings } from '../coordinator/topic-settings.ts'
import type { Compression } from '../record/compression.ts'

/** What the topic and the producer ask of a batch, as it stood when the batch was begun. */
export interface BatchTerms {
  readonly settings: TopicSettings
  readonly maxBytes: number
  /** The producer's own; the topic's goes before. */
  readonly compression: Compression
  readonly clock: Clock
}
