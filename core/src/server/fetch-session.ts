import type { RequestOf } from '../protocol/apis.ts'

type AskedTopic = RequestOf<'fetch'>['topics'][number]
type ForgottenTopic = RequestOf<'fetch'>['forgottenTopicsData'][number]

/** What a client knows of a partition from its answers, beside the records. */
interface Known {
  readonly errorCode: number
  readonly highWatermark: number
  readonly lastStableOffset: number
  readonly logStartOffset: number
}

/** One partition as a fetch asks for it, wherever that was said: in this request or in one before it. */
export interface AskedPlace {
  readonly key: string
  /** Empty where topics go by id (version 13 and later). */
  readonly topic: string
  readonly topicId: AskedTopic['topicId']
  asked: AskedTopic['partitions'][number]
  /** Null: nothing was said of it yet. */
  known: Known | null
}

/** What there is to say of a partition. */
export interface Finding extends Known {
  readonly place: AskedPlace
  readonly recordBytes: number
}

/**
 * What the server keeps of a fetch between two requests (KIP-227): the partitions that are asked for, and what was said of them last.
 *
 * Invariants
 *   FS1  Whoever applies every answer knows of each partition what a full fetch would have told. An answer leaves out only what says the
 *        same as the one before, and brings no records. Errors are said each time, as in Kafka.
 *   FS2  What brought records goes to the end, so that no partition starves where an answer has no room for all.
 */
export class FetchSession {
  readonly id: number
  /** Whose it is. */
  readonly owner: string
  /** Topics go by id, from version 13 on; a session keeps to one way. */
  readonly usesTopicIds: boolean
  readonly createdAt: number
  usedAt: number
  /** Of the next request. */
  epoch = 1
  private readonly partitions = new Map<string, AskedPlace>()

  constructor(parts: { readonly id: number; readonly owner: string; readonly usesTopicIds: boolean; readonly now: number }) {
    this.id = parts.id
    this.owner = parts.owner
    this.usesTopicIds = parts.usesTopicIds
    this.createdAt = parts.now
    this.usedAt = parts.now
  }

  get size(): number {
    return this.partitions.size
  }

  /** In the order in which they are to be read. */
  get places(): readonly AskedPlace[] {
    return [...this.partitions.values()]
  }

  /** Takes over what is asked, of partitions that it knows and of new ones. */
  add(places: readonly AskedPlace[]): void {
    for (const place of places) {
      const before = this.partitions.get(place.key)
      if (before === undefined) this.partitions.set(place.key, place)
      else before.asked = place.asked
    }
  }

  forget(topics: readonly ForgottenTopic[]): void {
    for (const { topic, topicId, partitions } of topics)
      for (const partition of partitions) this.partitions.delete(keyOf(topic, topicId, partition))
  }

  /** What belongs into the answer: from here on the client knows it. */
  tell<T extends Finding>(findings: readonly T[]): readonly T[] {
    const told = findings.filter((finding) => finding.errorCode !== 0 || isNews(finding))
    for (const finding of told) this.told(finding)
    return told
  }

  private told({ place, recordBytes, errorCode, highWatermark, lastStableOffset, logStartOffset }: Finding): void {
    place.known = { errorCode, highWatermark, lastStableOffset, logStartOffset }
    if (recordBytes === 0 || !this.partitions.delete(place.key)) return
    this.partitions.set(place.key, place)
  }
}

/** Whether the client has not heard it yet. */
export function isNews(found: Finding): boolean {
  const { known } = found.place
  return (
    found.recordBytes > 0 ||
    known === null ||
    known.errorCode !== found.errorCode ||
    known.highWatermark !== found.highWatermark ||
    known.lastStableOffset !== found.lastStableOffset ||
    known.logStartOffset !== found.logStartOffset
  )
}

export function placesOf(topics: readonly AskedTopic[]): readonly AskedPlace[] {
  return topics.flatMap(({ topic, topicId, partitions }) =>
    partitions.map((asked) => ({ key: keyOf(topic, topicId, asked.partition), topic, topicId, asked, known: null })),
  )
}

/** Either the name or the id says something: the other one is the same in all places of a session. */
function keyOf(topic: string, topicId: string, partition: number): string {
  return `${topic}/${topicId}/${partition}`
}
